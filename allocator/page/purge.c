#include "page/purge.h"

#include "meta/window.h"
#include "os/os.h"
#include "page/decay.h"
#include "page/run.h"
#include "util/atomic.h"

#define BATCH 16         /* ranges per lock */
#define STEP_NS 1000000u /* one step's work */
/* Per batch: 2 MiB.  What is being purged cannot be had meanwhile, and whoever needs it then
 * takes fresh memory: a large batch would raise the peak. */
#define STEP_GRANULES 128
#define WANTED_GRANULES (((size_t)4 << 20) >> ASH_GRANULE_SHIFT)

static struct ash_decay decay; /* the purger's */
static uint64_t given_back;
static uint64_t longest;

static void note_step(uint64_t ns)
{
	if (ns > ash_load_relaxed(&longest))
		ash_store_relaxed(&longest, ns);
}

/* Purges up to `granules`, one batch; returns how many went. */
static size_t purge_batch(size_t granules)
{
	struct ash_dirty_range range[BATCH];
	unsigned n = ash_run_reserve_dirty(range, BATCH, granules);
	size_t gone = 0;

	for (unsigned i = 0; i < n; i++) {
		char *at = (char *)ash_window.base +
			   ((uintptr_t)range[i].block->number << ASH_HUGE_SHIFT) +
			   ((size_t)range[i].first << ASH_GRANULE_SHIFT);

		range[i].purged = ash_os_purge(at, (size_t)range[i].count << ASH_GRANULE_SHIFT);
		if (range[i].purged)
			gone += range[i].count;
	}
	ash_run_return_dirty(range, n);
	ash_add_relaxed(&given_back, gone << ASH_GRANULE_SHIFT);
	return gone;
}

/* Leaves at most `limit` granules dirty, in batches of work that end after about 1 ms. */
static void purge_until(size_t limit)
{
	size_t dirty = ash_run_dirty();
	uint64_t start, used = 0;

	if (dirty <= limit)
		return;
	start = ash_os_thread_cpu_ns();
	while (dirty > limit && used < STEP_NS && ash_decay_may_work(&decay)) {
		size_t want = dirty - limit < STEP_GRANULES ? dirty - limit : STEP_GRANULES;

		if (purge_batch(want) == 0)
			break; /* refused, or others took it */
		dirty = ash_run_dirty();
		used = ash_os_thread_cpu_ns() - start;
	}
	if (used != 0) {
		ash_decay_worked(&decay, used);
		note_step(used);
	}
}

bool ash_purge_step(uint64_t now_ns)
{
	size_t dirty = ash_run_dirty();
	size_t limit = ash_decay_limit(&decay, now_ns, dirty << ASH_GRANULE_SHIFT,
				       ash_run_retaken() << ASH_GRANULE_SHIFT) >>
		       ASH_GRANULE_SHIFT;

	purge_until(limit);
	return ash_purge_wanted();
}

void ash_purge_down(size_t bytes)
{
	size_t turns = ash_decay_in_turns(&decay, ash_run_retaken() << ASH_GRANULE_SHIFT);

	purge_until((bytes > turns ? bytes : turns) >> ASH_GRANULE_SHIFT);
}

void ash_purge_all(void)
{
	ash_run_try_refused();
	while (purge_batch(STEP_GRANULES) > 0)
		;
}

bool ash_purge_wanted(void)
{
	return ash_run_dirty() > WANTED_GRANULES;
}

bool ash_purge_may_work(void)
{
	return ash_decay_may_work(&decay);
}

void ash_purge_worked(uint64_t ns)
{
	ash_decay_worked(&decay, ns);
	note_step(ns);
}

uint64_t ash_purge_bytes(void)
{
	return ash_load_relaxed(&given_back);
}

uint64_t ash_purge_longest_ns(void)
{
	return ash_load_relaxed(&longest);
}
