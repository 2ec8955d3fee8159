/* What large runs have in place of magazines (cache/runs.h), for the calling thread.  None of
 * these changes errno. */
#ifndef ASH_FRONT_TCACHE_RUNS_H
#define ASH_FRONT_TCACHE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include "cache/larges.h"
#include "cache/thread.h"
#include "front/tcache_tick.h"
#include "page/large.h"
#include "page/run.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* Runs that were kept and taken, between looks at the clock.  (Slow paths between two take far
 * longer: see tcache_tick.h.) */
#define ASH_TCACHE_RUNS_TICK_EVERY 64

/* What is rare, after which the run is the program's: its tail is noted, and the thread looks
 * at the clock.  Returns where it lies. */
void *ash_tcache_runs_look(struct ash_runs *runs, struct ash_run *run);

ASH_INLINE struct ash_thread *ash_tcache_runs_owner(struct ash_runs *runs)
{
	return (struct ash_thread *)(void *)((char *)runs - offsetof(struct ash_thread, runs));
}

/* In a malloc: what is freed waits for it. */
ASH_INLINE void *ash_tcache_runs_serve(struct ash_runs *runs, struct ash_run *run, size_t size)
{
	ash_larges_count_run(ash_tcache_runs_owner(runs), true,
			     ash_large_use_again(&ash_heap, run, size));
	if (ASH_UNLIKELY(--runs->left == 0 || !ash_run_has_tail(run)))
		return ash_tcache_runs_look(runs, run);
	return ash_run_address(run);
}

/* A run that the thread kept in its cache, `runs`, for a request of so many bytes, of more than
 * a slab gives and no more than a run; NULL where there is none just of that length.  As it was
 * left, for ash_tcache_runs_serve. */
ASH_INLINE struct ash_run *ash_tcache_runs_take(struct ash_runs *runs, size_t size)
{
	ash_assert(size > ASH_SMALL_MAX && ash_large_is_run(size));
	/* ash_granules_of, where a sum cannot overflow. */
	return ash_runs_take(runs, (size + ASH_GRANULE - 1) >> ASH_GRANULE_SHIFT);
}
/* After that: one that is a little longer; and where there is none, what is to be learned of
 * it.  Not for a thread that is apart. */
void *ash_tcache_runs_alloc_longer(size_t size);

/* The thread is no longer asleep. */
void ash_tcache_runs_wake(struct ash_runs *runs);

/* Keeps a large run that the program freed, and that is marked as waiting, in the thread's
 * cache, `runs`; returns whether it did.  Not where more lies idle than may
 * (ash_limits_dirty_exceeded): whoever frees works it off. */
ASH_INLINE bool ash_tcache_runs_keep(struct ash_runs *runs, struct ash_run *run)
{
	size_t granules = run->granules;

	ash_assert(granules <= ASH_RUN_MOST);
	if (ASH_UNLIKELY(!ash_runs_would_keep(runs, granules)))
		return false;
	ash_larges_count_run(ash_tcache_runs_owner(runs), false, run->size);
	if (ash_runs_put(runs, run, granules) &&
	    ASH_UNLIKELY(ash_load_seq_cst(&ash_tcache_runs_owner(runs)->asleep)))
		ash_tcache_runs_wake(runs);
	return true;
}
/* After that: keeps it nevertheless, where others took what waited; else, of one that goes to
 * the pages, learns what is to be learned of it, and false. */
bool ash_tcache_runs_keep_or_learn(struct ash_run *run);

/* This thread's go back to the pages; returns whether there were any. */
bool ash_tcache_runs_flush(void);

#endif
