/* A thread's run cache: large runs that it freed and is likely to ask for again, as they were,
 * so that neither call takes the page lock.
 *
 * A run in it waits (ASH_RUN_WAITING).  For the page layer it is in use, for the program it is
 * free, and in the statistics it is dirty.  Runs are kept by their length in granules, linked
 * through their descriptors: the cache takes no memory.  What was put in last comes out first,
 * but where few wait what lies lowest.
 *
 * Lengths earn their place, in the groups that statistics have (meta/large_size.h): they are
 * kept once the program had some of the group in turn, freed one and asked for one again, so
 * often within an epoch that what the pages cost counts, and as long as that goes on.  How many
 * granules may wait begins small and is doubled while requests miss what there was no room
 * for. */
#ifndef ASH_CACHE_RUNS_H
#define ASH_CACHE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/large_size.h"
#include "os/delay.h"
#include "page/run.h"
#include "util/atomic.h"
#include "util/compiler.h"
#include "util/list.h"

#define ASH_RUNS_GROUPS 20u

#define ASH_RUNS_ROOM 2 /* times its length has to be free where a run is put */
#define ASH_RUNS_NEVER INT32_MAX

/* Granules that may wait at first.  While that is enough, so many runs at the head of a list
 * are those that lie lowest, in their order: a program uses some of its few buffers more than
 * others, and gets each of them where the pages would give it. */
#define ASH_RUNS_FIRST 64u
#define ASH_RUNS_SORTED 3

/* A list is NULL or leads to the first run by its descriptor's `link`, and by `next` to the
 * others.  It is set by its owner, and taken whole by an exchange by anybody: what was taken
 * out belongs to who did.  The rest is the owner's, but what says otherwise.
 *
 *   in - out == granules of the runs on the lists, or more while one is on its way there
 *   until <= most + out, as counts that wrap, and in <= until but where less may wait by now
 *   a list that is not empty is of a length that is kept
 *   of a group all lengths are kept, or none; 0 granules never are */
struct ash_runs {
	struct ash_list *list[ASH_RUN_MOST + 1]; /* by granules */
	/* By granules: room that a run of this length has to find to be kept, or
	 * ASH_RUNS_NEVER. */
	int32_t wants[ASH_RUN_MOST + 1];
	uint32_t in;     /* granules that the owner put in less those that it took out, */
	uint32_t out;    /* and that others took; THREADS lock; read by anyone, as is `in` */
	uint32_t most;   /* granules that may wait */
	uint32_t until;  /* what `in` may come to, by what the owner last saw of `out` */
	uint32_t left;   /* runs to be taken until the thread looks at the clock (front) */
	uint16_t missed; /* requests of lengths that are kept, since one of these had no room */
	bool full;       /* one had none in this epoch */
	uint32_t taken[ASH_RUN_MOST + 1]; /* of each in this epoch */
	/* Of a group that is not kept: whether one was freed, and none asked for since; and how
	 * often one was asked for then. */
	bool freed[ASH_RUNS_GROUPS];
	uint16_t turns[ASH_RUNS_GROUPS];
};

/* Granules that wait; by anyone. */
ASH_INLINE uint32_t ash_runs_waiting(const struct ash_runs *runs)
{
	return ash_load_seq_cst(&runs->in) - ash_load_relaxed(&runs->out);
}

/* The first run of those of this length, at most ASH_RUN_MOST; NULL where there is none.  It
 * still waits. */
ASH_INLINE struct ash_run *ash_runs_take(struct ash_runs *runs, size_t granules)
{
	struct ash_list **list = &runs->list[granules],
			*first = ash_exchange_acquire(list, NULL);

	if (ASH_UNLIKELY(first == NULL))
		return NULL;
	ash_delay();
	/* (NULL where it was the only one: it still is, for nobody else puts any in.) */
	ash_store_release(list, first->next);
	first->next = NULL;
	ash_owned_uncount32(&runs->in, (uint32_t)granules);
	runs->taken[granules]++;
	return ASH_LIST_ENTRY(first, struct ash_run, link);
}

/* The same of one that is longer by as little as can be, an eighth or a granule. */
struct ash_run *ash_runs_take_longer(struct ash_runs *runs, unsigned granules);

/* Whether one of this length is to be kept.  Not where that filled the cache: long ones would
 * keep many short ones out, which are asked for more often. */
ASH_INLINE bool ash_runs_would_keep(const struct ash_runs *runs, size_t granules)
{
	return (int32_t)(runs->until - runs->in) >= runs->wants[granules];
}
ASH_INLINE bool ash_runs_keeps(const struct ash_runs *runs, unsigned granules)
{
	return runs->wants[granules] != ASH_RUNS_NEVER;
}

/* Puts a run into a list whose first lies lower.  Meanwhile others find the list empty. */
ASH_INLINE void ash_runs_put_behind(struct ash_list **list, struct ash_list *link)
{
	struct ash_list *first = ash_exchange_seq_cst(list, NULL), **at = &first;

	ash_delay();
	for (unsigned i = 0;
	     i < ASH_RUNS_SORTED && *at != NULL && (uintptr_t)*at < (uintptr_t)link; i++)
		at = &(*at)->next;
	link->next = *at;
	*at = link;
	ash_store_release(list, first);
}

/* Keeps a run that waits; false where another one waited before it.  Else who looks after idle
 * threads may have just seen none: the owner wakes its thread where it finds it asleep
 * afterwards. */
ASH_INLINE bool ash_runs_put(struct ash_runs *runs, struct ash_run *run, size_t granules)
{
	struct ash_list **list = &runs->list[granules], *first = ash_load_relaxed(list);

	ash_owned_count32(&runs->in, (uint32_t)granules);
	if (ASH_LIKELY(first != NULL)) {
		if (ASH_UNLIKELY(runs->most <= ASH_RUNS_FIRST) &&
		    (uintptr_t)first < (uintptr_t)&run->link) {
			ash_runs_put_behind(list, &run->link);
			return true;
		}
		run->link.next = first;
		if (ASH_LIKELY(ash_cas_seq_cst(list, &first, &run->link)))
			return false;
		/* Others took all of them, and nobody else puts any in. */
	}
	run->link.next = NULL; /* (A list of a slab may have left it pointing to itself.) */
	ash_store_seq_cst(list, &run->link);
	return true;
}

/* A request for so many granules that the cache did not serve; true where more may have to
 * wait, for ash_runs_widen with what may at most.  By the owner. */
bool ash_runs_missed(struct ash_runs *runs, unsigned granules);
void ash_runs_widen(struct ash_runs *runs, uint32_t most);
/* Sees what others took; whether there was any. */
bool ash_runs_see_taken(struct ash_runs *runs);
/* A run that it does not keep: true for want of room alone, so that what may wait is to be
 * looked at, for ash_runs_bound. */
bool ash_runs_not_kept(struct ash_runs *runs, unsigned granules);
void ash_runs_bound(struct ash_runs *runs, uint32_t most);

/* Once per epoch: what was not taken in it goes back, and what is above `most`. */
void ash_runs_age(struct ash_runs *runs, uint32_t most);

/* Makes an empty one of fresh or old memory. */
void ash_runs_init(struct ash_runs *runs);

/* All go back, and what was learned stays; returns whether there were any.  By the owner; no
 * lock may be held. */
bool ash_runs_flush(struct ash_runs *runs);
/* The same, and nothing is kept any more. */
void ash_runs_end(struct ash_runs *runs);

/* By anyone who holds the THREADS lock: puts all in front of `chain`, for ash_runs_give_back
 * after that lock was released. */
struct ash_list *ash_runs_collect(struct ash_runs *runs, struct ash_list *chain);
void ash_runs_give_back(struct ash_list *chain);

/* Whether the equations hold, as far as the owner can see; walks its lists. */
bool ash_runs_are_valid(const struct ash_runs *runs);

#endif
