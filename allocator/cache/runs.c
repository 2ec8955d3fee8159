#include "cache/runs.h"

#include <string.h>

#include "util/assert.h"

/* allocator/doc/caches.md says what each rests on. */
#define TURNS 64         /* until the lengths of a group are kept, */
#define FORGOTTEN 8      /* of which this part is forgotten in an epoch; */
#define TURNS_TO_STAY 4  /* then in each epoch */
#define LONGER 8         /* so much of its length a run may be longer than what it serves */
#define MISSED_ENOUGH 16 /* requests, until twice as many may */

static_assert(ASH_RUN_MOST << ASH_GRANULE_SHIFT == ASH_LARGE_BY_8K_MAX &&
		      ASH_LARGE_BY_8K * 2 == ASH_GRANULE,
	      "a run's group is in the table");

static unsigned group_of(unsigned granules)
{
	unsigned group = ash_large_size_by_8k[2 * granules - 1];

	ash_assert(group < ASH_RUNS_GROUPS);
	return group;
}

/* The shortest length of the group; the next one's is where it ends. */
static unsigned first_of(unsigned group)
{
	return group == 0 ? 1 : (unsigned)(ash_large_size(group - 1) >> ASH_GRANULE_SHIFT) + 1;
}

/* What may wait is so much from now on. */
static void set_most(struct ash_runs *runs, uint32_t most)
{
	runs->most = most;
	runs->until = most + ash_load_relaxed(&runs->out);
}

bool ash_runs_see_taken(struct ash_runs *runs)
{
	uint32_t before = runs->until;

	set_most(runs, runs->most);
	return runs->until != before;
}

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

static void forget(struct ash_runs *runs)
{
	for (unsigned g = 0; g <= ASH_RUN_MOST; g++)
		runs->wants[g] = ASH_RUNS_NEVER;
	memset(runs->taken, 0, sizeof(runs->taken));
	memset(runs->freed, 0, sizeof(runs->freed));
	memset(runs->turns, 0, sizeof(runs->turns));
	set_most(runs, 0);
}

void ash_runs_init(struct ash_runs *runs)
{
	memset(runs, 0, sizeof(*runs));
	runs->left = 1;
	forget(runs);
}

void ash_runs_end(struct ash_runs *runs)
{
	ash_runs_flush(runs);
	forget(runs);
}

struct ash_run *ash_runs_take_longer(struct ash_runs *runs, unsigned granules)
{
	unsigned most = granules + (granules < LONGER ? 1 : granules / LONGER);

	if (runs->in == ash_load_relaxed(&runs->out))
		return NULL;
	for (unsigned g = granules + 1; g <= most && g <= ASH_RUN_MOST; g++) {
		struct ash_run *run = ash_load_relaxed(&runs->list[g]) != NULL
					      ? ash_runs_take(runs, g)
					      : NULL;

		if (run != NULL)
			return run;
	}
	return NULL;
}

bool ash_runs_not_kept(struct ash_runs *runs, unsigned granules)
{
	if (ash_runs_keeps(runs, granules))
		return runs->full = true;
	runs->freed[group_of(granules)] = true;
	return false;
}

void ash_runs_bound(struct ash_runs *runs, uint32_t most)
{
	set_most(runs, runs->most < most ? runs->most : most);
	if (runs->in - ash_load_relaxed(&runs->out) > runs->most)
		ash_runs_flush(runs);
}

/* All lengths of the group are from now on, or are not. */
static void keep(struct ash_runs *runs, unsigned group, bool keeps)
{
	for (unsigned g = first_of(group); g < first_of(group + 1); g++)
		runs->wants[g] = keeps ? (int32_t)(ASH_RUNS_ROOM * g) : ASH_RUNS_NEVER;
	runs->freed[group] = false;
	runs->turns[group] = 0;
}

bool ash_runs_missed(struct ash_runs *runs, unsigned granules)
{
	unsigned group;

	if (ash_runs_keeps(runs, granules))
		return runs->full && ++runs->missed >= MISSED_ENOUGH;
	group = group_of(granules);
	if (!runs->freed[group])
		return false;
	runs->freed[group] = false;
	if (++runs->turns[group] < TURNS)
		return false;
	keep(runs, group, true);
	runs->taken[granules] = TURNS_TO_STAY; /* through this epoch */
	return runs->most == 0;
}

void ash_runs_widen(struct ash_runs *runs, uint32_t most)
{
	uint32_t wanted = runs->most < ASH_RUNS_FIRST / 2 ? ASH_RUNS_FIRST : 2 * runs->most;

	set_most(runs, wanted < most ? wanted : most);
	runs->missed = 0;
	runs->full = false;
}

/* Lengths of which none was taken go back, and where few were of all, all of the group, which
 * is then kept no more; returns whether it is. */
static bool age_group(struct ash_runs *runs, unsigned group)
{
	unsigned first = first_of(group), end = first_of(group + 1);
	uint64_t sum = 0;
	bool stays;

	for (unsigned g = first; g < end; g++)
		sum += runs->taken[g];
	stays = sum >= TURNS_TO_STAY;
	for (unsigned g = first; g < end; g++) {
		if (!stays || runs->taken[g] == 0)
			flush_list(runs, g);
		runs->taken[g] = 0;
	}
	if (!stays)
		keep(runs, group, false);
	return stays;
}

void ash_runs_age(struct ash_runs *runs, uint32_t most)
{
	bool any = false;

	for (unsigned k = 0; k < ASH_RUNS_GROUPS; k++) {
		if (ash_runs_keeps(runs, first_of(k)))
			any |= age_group(runs, k);
		else
			runs->turns[k] =
				(uint16_t)(runs->turns[k] * (FORGOTTEN - 1u) / FORGOTTEN);
	}
	if (!any)
		runs->most = 0;
	else if (!runs->full && runs->missed == 0 && runs->most / 2 >= ASH_RUNS_FIRST)
		runs->most /= 2;
	runs->missed = 0;
	runs->full = false;
	ash_runs_bound(runs, most);
	ash_assert_internal(ash_runs_are_valid(runs));
}

bool ash_runs_are_valid(const struct ash_runs *runs)
{
	uint32_t unseen = runs->most + ash_load_relaxed(&runs->out) - runs->until;

	for (unsigned g = 1; g <= ASH_RUN_MOST; g++)
		if ((ash_load_relaxed(&runs->list[g]) != NULL && !ash_runs_keeps(runs, g)) ||
		    ash_runs_keeps(runs, g) != ash_runs_keeps(runs, first_of(group_of(g))))
			return false;
	return (int32_t)(runs->until - runs->in) <= (int32_t)runs->most &&
	       unseen <= INT32_MAX && !ash_runs_keeps(runs, 0) && runs->list[0] == NULL;
}
