#include "harness/gate/tier_time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/clock.h"
#include "harness/base/message.h"
#include "harness/gate/pairs.h"

/* Puts the A/A pairs of a set to those that are kept. */
static void take_noise(struct tier *r, const struct comparison *c)
{
	double *log_ratios = calloc(c->nblocks + 1, sizeof(*log_ratios));
	char now[32];

	clock_utc(now, sizeof(now));
	for (int i = 0; log_ratios && i < r->ncells; i++)
		for (size_t m = 0; m < TIER_METRICS; m++) {
			size_t n = comparison_again(c, (size_t)i, tier_metrics[m].metric,
						    log_ratios, NULL);

			for (size_t k = 0; k < n; k++)
				noise_add(&r->noise, now, r->cells[i].name,
					  tier_metrics[m].name, pairs_seconds(c, (size_t)i),
					  log_ratios[k]);
		}
	free(log_ratios);
}

static void drop(struct tier *r, const bool *spoilt)
{
	int n = 0;

	for (int i = 0; i < r->ncells; i++)
		if (!spoilt[i])
			r->cells[n++] = r->cells[i];
	r->ncells = n;
}

static size_t noise_count(const struct tier *r, int cell)
{
	double *room = calloc(r->noise.count + 1, sizeof(*room));
	size_t n =
		room ? noise_of(&r->noise, r->cells[cell].name, tier_metrics[0].name, room) : 0;

	free(room);
	return n;
}

/* Base against itself, unless enough of that is known. */
int tier_measure_noise(struct tier *r, char *why, size_t why_size)
{
	char *dir = text_format("%s/same-twice", r->t->folder);
	int *blocks = calloc((size_t)r->ncells + 1, sizeof(*blocks)), result = 0;
	bool *spoilt = calloc((size_t)r->ncells + 1, sizeof(*spoilt)), enough = true, none;
	struct comparison *c;
	struct pairs pairs;

	for (int i = 0; i < r->ncells; i++) {
		blocks[i] = noise_count(r, i) < TIER_NOISE_PLENTY ? TIER_NOISE_WANTED : 0;
		enough &= blocks[i] == 0;
	}
	if (enough)
		goto out;
	tier_say(
		r,
		"time: base against itself first, to see what this machine calls a difference");
	result = pairs_begin(&pairs, dir, r->cells, r->ncells, r->t->base, NULL, r->t->seed,
			     why, why_size);
	if (result == 0)
		result = pairs_measure(&pairs, blocks, r->noise_ns, r->t->quiet, why, why_size);
	none = result == 0 && pairs_are_none(&pairs);
	c = result == 0 && !none ? pairs_open(&pairs, why, why_size) : NULL;
	if (c) {
		take_noise(r, c);
		tier_add_spoilt(r, c, spoilt);
		pairs_close(c);
		drop(r, spoilt);
		if (noise_keep(&r->noise) < 0)
			complain("A/A pairs cannot be kept in %s: %s", r->noise.file,
				 strerror(errno));
	} else if (!none) {
		result = -1;
	}
	pairs_free(&pairs);
out:
	free(spoilt);
	free(blocks);
	free(dir);
	return result;
}
