#include "cache/runs.h"

#include <string.h>

#include "util/assert.h"

/* allocator/doc/caches.md says what each rests on. */
#define TURNS 250        /* until a length is kept, */
#define FORGOTTEN 8      /* of which this part is forgotten in an epoch; */
#define TURNS_TO_STAY 4  /* then in each epoch */
#define FIRST_MOST 16u   /* granules that may wait at first */
#define MISSED_ENOUGH 16 /* requests, until twice as many may */

/* Takes the whole list; `count` is told how many granules it has. */
static struct ash_list *take_all(struct ash_runs *runs, unsigned granules, uint32_t *count)
{
	struct ash_list **list = &runs->list[granules], *first;

	if (ash_load_relaxed(list) == NULL)
		return NULL;
	ash_delay();
	first = ash_exchange_acquire(list, NULL);
	for (struct ash_list *n = first; n != NULL; n = n->next)
		*count += granules;
	return first;
}

void ash_runs_give_back(struct ash_list *chain)
{
	while (chain != NULL) {
		struct ash_run *run = ASH_LIST_ENTRY(chain, struct ash_run, link);

		chain = chain->next;
		run->link.next = NULL;
		ash_run_free_waiting(&ash_heap, run);
	}
}

struct ash_list *ash_runs_collect(struct ash_runs *runs, struct ash_list *chain)
{
	uint32_t count = 0;

	for (unsigned g = 1; g <= ASH_RUN_MOST; g++) {
		struct ash_list *first = take_all(runs, g, &count), *last = first;

		if (first == NULL)
			continue;
		while (last->next != NULL)
			last = last->next;
		last->next = chain;
		chain = first;
	}
	ash_owned_add(&runs->out, count);
	return chain;
}

/* By the owner. */
static bool flush_list(struct ash_runs *runs, unsigned granules)
{
	uint32_t count = 0;
	struct ash_list *chain = take_all(runs, granules, &count);

	ash_owned_add(&runs->in, 0 - count);
	ash_runs_give_back(chain);
	return count != 0;
}

bool ash_runs_flush(struct ash_runs *runs)
{
	bool any = false;

	if (runs->in == ash_load_relaxed(&runs->out))
		return false;
	for (unsigned g = 1; g <= ASH_RUN_MOST; g++)
		any |= flush_list(runs, g);
	return any;
}

void ash_runs_end(struct ash_runs *runs)
{
	ash_runs_flush(runs);
	memset(runs->known, 0, sizeof(runs->known));
	memset(runs->turns, 0, sizeof(runs->turns));
	runs->most = 0;
}

bool ash_runs_not_kept(struct ash_runs *runs, unsigned granules)
{
	if (runs->known[granules] & ASH_RUNS_EARNED)
		return runs->full = true;
	runs->known[granules] |= ASH_RUNS_FREED;
	return false;
}

void ash_runs_bound(struct ash_runs *runs, uint32_t most)
{
	if (runs->most > most)
		runs->most = most;
	if (runs->in - ash_load_relaxed(&runs->out) > runs->most)
		ash_runs_flush(runs);
}

bool ash_runs_missed(struct ash_runs *runs, unsigned granules)
{
	uint8_t *known = &runs->known[granules];

	if (*known & ASH_RUNS_EARNED)
		return runs->full && ++runs->missed >= MISSED_ENOUGH;
	if ((*known & ASH_RUNS_FREED) == 0)
		return false;
	*known = 0;
	if (++runs->turns[granules] < TURNS)
		return false;
	*known = ASH_RUNS_EARNED;
	return runs->most == 0;
}

void ash_runs_widen(struct ash_runs *runs, uint32_t most)
{
	uint32_t wanted = runs->most < FIRST_MOST / 2 ? FIRST_MOST : 2 * runs->most;

	runs->most = wanted < most ? wanted : most;
	runs->missed = 0;
	runs->full = false;
}

void ash_runs_age(struct ash_runs *runs, uint32_t most)
{
	bool any = false;

	for (unsigned g = 1; g <= ASH_RUN_MOST; g++) {
		if ((runs->known[g] & ASH_RUNS_EARNED) == 0) {
			runs->turns[g] =
				(uint16_t)(runs->turns[g] * (FORGOTTEN - 1u) / FORGOTTEN);
			continue;
		}
		if (runs->turns[g] < TURNS_TO_STAY) {
			flush_list(runs, g);
			runs->known[g] = 0;
		} else {
			any = true;
		}
		runs->turns[g] = 0;
	}
	if (!any)
		runs->most = 0;
	else if (!runs->full && runs->missed == 0 && runs->most / 2 >= FIRST_MOST)
		runs->most /= 2;
	runs->missed = 0;
	runs->full = false;
	ash_runs_bound(runs, most);
	ash_assert_internal(ash_runs_are_valid(runs));
}

bool ash_runs_are_valid(const struct ash_runs *runs)
{
	for (unsigned g = 0; g <= ASH_RUN_MOST; g++)
		if (ash_load_relaxed(&runs->list[g]) != NULL &&
		    (runs->known[g] & ASH_RUNS_EARNED) == 0)
			return false;
	return runs->known[0] == 0 && runs->list[0] == NULL;
}
