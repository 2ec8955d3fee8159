#include "harness/run/disturbance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/stats/statistics.h"

#define NORMAL_MAD 1.4826 /* of a normal distribution: standard deviation over MAD */

bool disturbance_matters(enum cell_mode mode)
{
	return mode == MODE_THROUGHPUT || mode == MODE_LATENCY;
}

static bool beyond(uint64_t ns, uint64_t duration_ns, double share, uint64_t least)
{
	return ns > least && (double)ns > share * (double)duration_ns;
}

/* The most that a sample waits by itself; infinite while that is not known. */
static double most_by_itself(const struct disturbance_baseline *b)
{
	double *apart, middle, limit = INFINITY;

	if (b->count < DISTURBED_QUIET)
		return limit;
	apart = malloc((size_t)b->count * sizeof(*apart));
	if (!apart)
		return limit;
	memcpy(apart, b->shares, (size_t)b->count * sizeof(*apart));
	middle = stat_median(apart, (size_t)b->count);
	for (int i = 0; i < b->count; i++)
		apart[i] = fabs(b->shares[i] - middle);
	limit = middle + 3 * NORMAL_MAD * stat_median(apart, (size_t)b->count);
	free(apart);
	return limit;
}

static void remember(struct disturbance_baseline *b, double share)
{
	if (b->count == b->room) {
		int room = b->room ? 2 * b->room : 8;
		double *more = realloc(b->shares, (size_t)room * sizeof(*more));

		if (!more)
			return;
		b->shares = more;
		b->room = room;
	}
	b->shares[b->count++] = share;
}

/* Whether the sample waited longer than it does by itself, and somebody else can have been why:
 * who waits for its own threads only has a long tail of delays, too. */
static bool waited_for_others(const struct disturbance_baseline *b,
			      const struct disturbance_facts *f, double share)
{
	double most = most_by_itself(b), excess_ns = (share - most) * (double)f->cpu_ns,
	       foreign_ns =
		       (double)f->others_ns + (double)f->steal_ns + (double)f->throttled_ns;

	return share > most + DISTURBED_WAITING && excess_ns <= DISTURBED_AT_ONCE * foreign_ns;
}

bool disturbance_judge(struct disturbance_baseline *baseline, const struct disturbance_facts *f,
		       char *text, size_t size)
{
	double share = f->cpu_ns ? (double)f->runqueue_delay_ns / (double)f->cpu_ns : 0;
	bool others =
		beyond(f->others_ns, f->duration_ns, DISTURBED_OTHERS, DISTURBED_OTHERS_NS);
	bool steal = beyond(f->steal_ns, f->duration_ns, DISTURBED_STEAL, DISTURBED_STEAL_NS);
	bool throttling = beyond(f->throttled_ns, f->duration_ns, DISTURBED_THROTTLING, 0);
	bool waiting = waited_for_others(baseline, f, share);
	const struct {
		bool is;
		const char *name;
	} kinds[] = {{others, "others"},
		     {steal, "steal"},
		     {throttling, "throttling"},
		     {waiting, "run queue"}};

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].is)
			snprintf(text + strlen(text), size - strlen(text), "%s%s",
				 *text ? "," : "", kinds[i].name);
	if (!others && !steal && !throttling)
		remember(baseline, share);
	return text[0] != '\0';
}

void disturbance_baseline_free(struct disturbance_baseline *b)
{
	free(b->shares);
	*b = (struct disturbance_baseline){NULL, 0, 0};
}
