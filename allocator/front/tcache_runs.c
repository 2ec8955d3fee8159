#include "front/tcache_runs.h"

#include <errno.h>

#include "cache/larges.h"
#include "cache/thread.h"
#include "front/tcache_settings.h"
#include "front/tcache_tick.h"
#include "page/large.h"
#include "page/limits.h"
#include "page/run.h"
#include "util/atomic.h"

static ASH_NOINLINE void look_quietly(struct ash_thread *t)
{
	int saved = errno;

	ash_tcache_look_at_clock(t, true);
	errno = saved;
}

/* In a malloc: what is freed waits for it.  (A thread that keeps runs has come by the clock.)
 */
ASH_INLINE void tick_quietly(struct ash_thread *t)
{
	if (ASH_UNLIKELY(++t->slow_paths % ASH_TCACHE_TICK_EVERY == 0))
		look_quietly(t);
}

bool ash_tcache_runs_keep(struct ash_run *run)
{
	struct ash_thread *t = ash_tls.thread;
	unsigned granules;
	size_t usable;

	if (ASH_UNLIKELY(ash_tls.phase != ASH_THREAD_LIVE))
		return false;
	granules = run->granules;
	/* What has room behind it is to grow, and others may grow into it. */
	if (granules > ASH_RUN_MOST || ash_load_relaxed(&run->nfree) != 0)
		return false;
	/* Where more lies idle than may, whoever frees works it off. */
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap))) {
		ash_runs_bound(&t->runs, 0);
		return false;
	}
	if (!ash_runs_would_keep(&t->runs, granules)) {
		if (ash_runs_not_kept(&t->runs, granules))
			ash_runs_bound(&t->runs, ash_tcache_most_runs(t));
		return false;
	}
	usable = run->size;
	if (ASH_UNLIKELY(!ash_run_begin_waiting(run)))
		return false;
	if (ASH_UNLIKELY(ash_run_is_detached(run)))
		ash_run_free_waiting(&ash_heap, run);
	else
		ash_runs_put(&t->runs, run, granules);
	if (ASH_UNLIKELY(ash_load_seq_cst(&t->asleep)))
		ash_thread_wake(t);
	ash_larges_count(false, usable);
	return true;
}

void *ash_tcache_runs_alloc(size_t size, bool *zeroed)
{
	struct ash_thread *t = ash_tls.thread;
	unsigned granules = (unsigned)((size + ASH_GRANULE - 1) >> ASH_GRANULE_SHIFT);
	struct ash_run *run;

	if (ASH_UNLIKELY(ash_tls.phase != ASH_THREAD_LIVE))
		return NULL;
	run = ash_runs_take(&t->runs, granules);
	if (run == NULL) {
		if (ash_runs_missed(&t->runs, granules))
			ash_runs_widen(&t->runs, ash_tcache_most_runs(t));
		return NULL;
	}
	if (zeroed != NULL)
		*zeroed = false;
	ash_large_use_again(&ash_heap, run, size);
	ash_larges_count(true, run->size);
	tick_quietly(t);
	return ash_run_address(run);
}

bool ash_tcache_runs_flush(void)
{
	return ash_tls.phase == ASH_THREAD_LIVE && ash_runs_flush(&ash_tls.thread->runs);
}
