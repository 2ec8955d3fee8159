#include "page/limits.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/far_table.h"
#include "meta/size_class.h"
#include "os/os.h"
#include "page/mapping.h"
#include "page/purge.h"
#include "page/run.h"

#define PATIENCE 64 /* yields while others' charges are being settled */

struct ash_limits ash_limits = {ASH_NO_LIMIT, ASH_NO_LIMIT, ASH_NO_LIMIT, false};
uint32_t ash_limits_crossed;

static size_t pending;     /* charged, not settled */
static size_t hole_pages;  /* given back inside slabs */
static uint32_t told_soft; /* the crossing of the soft limit was noted */

size_t ash_limits_held(void)
{
	size_t held = ((ash_run_granules() + ash_run_dirty() + ash_run_muzzy() + ash_run_kept())
		       << ASH_GRANULE_SHIFT) +
		      ash_far_bytes() + ash_mapping_cached() + ash_base_mapped();
	size_t holes = ash_limits_hole_bytes();

	return held > holes ? held - holes : 0;
}

size_t ash_limits_room(void)
{
	size_t hard = ash_load_relaxed(&ash_limits.hard), held;

	if (hard == ASH_NO_LIMIT)
		return ASH_NO_LIMIT;
	held = ash_limits_held() + ash_load_relaxed(&pending);
	return hard > held ? hard - held : 0;
}

/* What the program itself keeps: the rest can be had by giving it back. */
static size_t in_use(size_t held)
{
	size_t idle = ((ash_run_dirty() + ash_run_muzzy()) << ASH_GRANULE_SHIFT) +
		      ash_mapping_cached();

	return held > idle ? held - idle : 0;
}

/* Told once per crossing, and again only after a real decline. */
static void note_soft(size_t used)
{
	size_t soft = ash_load_relaxed(&ash_limits.soft);

	if (used <= soft) {
		if (used < soft - soft / 16 && ash_load_relaxed(&told_soft) != 0)
			ash_store_relaxed(&told_soft, 0);
	} else if (ash_load_relaxed(&told_soft) == 0 &&
		   ash_exchange_acq_rel(&told_soft, 1) == 0) {
		ash_store_relaxed(&ash_limits_crossed, 1);
	}
}

/* Makes room by what lies idle; false where nothing does. */
static bool make_room(size_t bytes)
{
	size_t cached = ash_mapping_cached();

	return ash_purge_some(bytes) != 0 ||
	       (cached != 0 && ash_mapping_trim_some(UINT64_MAX, bytes, UINT64_MAX) < cached);
}

/* What another thread takes is counted before its charge is settled: a look in between counts
 * it twice and never misses it.  So a refusal waits until nobody else is in between. */
bool ash_limits_charge_slow(size_t bytes)
{
	size_t all = __atomic_add_fetch(&pending, bytes, __ATOMIC_ACQ_REL);
	size_t hard = ash_load_relaxed(&ash_limits.hard), held = ash_limits_held();
	unsigned waits = 0;

	while (all > hard || held > hard - all) {
		if (all > bytes && waits++ < PATIENCE) {
			ash_os_yield();
		} else if (bytes > hard || !make_room(bytes)) {
			ash_limits_settle_slow(bytes);
			errno = ENOMEM;
			return false;
		}
		all = ash_load_acquire(&pending);
		held = ash_limits_held();
	}
	note_soft(in_use(held) + all);
	return true;
}

/* What vanished threads had charged will never be settled. */
void ash_limits_after_fork(void)
{
	ash_store_relaxed(&pending, 0);
}

void ash_limits_settle_slow(size_t bytes)
{
	__atomic_sub_fetch(&pending, bytes, __ATOMIC_ACQ_REL);
}

size_t ash_limits_dirty_bound(void)
{
	size_t soft = ash_load_relaxed(&ash_limits.soft);

	if (ash_load_relaxed(&ash_limits.pressure))
		return 0;
	if (soft != ASH_NO_LIMIT) {
		size_t held = ash_limits_held();

		note_soft(in_use(held));
		if (held > soft)
			return 0;
	}
	return ash_load_relaxed(&ash_limits.dirty_max);
}

bool ash_limits_dirty_exceeded_slow(void)
{
	size_t bound = ash_limits_dirty_bound();

	return bound != ASH_NO_LIMIT &&
	       (ash_run_dirty() << ASH_GRANULE_SHIFT) + ash_mapping_cached() > bound;
}

void ash_limits_count_holes(long pages)
{
	__atomic_fetch_add(&hole_pages, (size_t)pages, __ATOMIC_RELAXED);
}

size_t ash_limits_hole_bytes(void)
{
	return ash_load_relaxed(&hole_pages) << ash_os_page_shift;
}
