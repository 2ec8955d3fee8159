#include "front/tcache_runs.h"

#include <errno.h>

#include "front/tcache_settings.h"
#include "page/limits.h"

ASH_NOINLINE void *ash_tcache_runs_look(struct ash_runs *runs, struct ash_run *run)
{
	int saved = errno;

	if (!ash_run_has_tail(run))
		ash_run_note_tail(&ash_heap, run);
	/* (A thread that keeps runs has come by the clock.) */
	if (runs->left == 0) {
		runs->left = ASH_TCACHE_RUNS_TICK_EVERY;
		ash_tcache_look_at_clock(ash_tcache_runs_owner(runs), true);
	}
	errno = saved;
	return ash_run_address(run);
}

ASH_COLD void ash_tcache_runs_wake(struct ash_runs *runs)
{
	ash_thread_wake(ash_tcache_runs_owner(runs));
}

/* NULL where the thread has no record. */
static struct ash_runs *own(void)
{
	return ASH_LIKELY(ash_tls.phase == ASH_THREAD_LIVE) ? &ash_tls.thread->runs : NULL;
}

void *ash_tcache_runs_alloc_longer(size_t size)
{
	unsigned granules = (unsigned)ash_granules_of(size);
	struct ash_runs *runs = own();
	struct ash_run *run;

	if (ASH_UNLIKELY(runs == NULL))
		return NULL;
	run = ash_runs_take_longer(runs, granules);
	if (run != NULL)
		return ash_tcache_runs_serve(runs, run, size);
	if (ash_runs_missed(runs, granules)) {
		ash_runs_widen(runs, ash_tcache_most_runs(ash_tls.thread));
		ash_tls.runs = runs;
	}
	return NULL;
}

bool ash_tcache_runs_keep_or_learn(struct ash_run *run)
{
	struct ash_runs *runs = own();

	if (ASH_UNLIKELY(runs == NULL))
		return false;
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_runs_bound(runs, 0);
	else if (ash_tls.runs != NULL && ash_runs_see_taken(runs) &&
		 ash_tcache_runs_keep(runs, run))
		return true;
	else if (ash_runs_not_kept(runs, run->granules))
		ash_runs_bound(runs, ash_tcache_most_runs(ash_tls.thread));
	return false;
}

bool ash_tcache_runs_flush(void)
{
	return ash_tls.phase == ASH_THREAD_LIVE && ash_runs_flush(&ash_tls.thread->runs);
}
