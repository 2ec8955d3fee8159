#include "page/limits.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/far_table.h"
#include "meta/size_class.h"
#include "os/delay.h"
#include "os/os.h"
#include "page/mapping.h"
#include "reclaim/purge.h"
#include "page/run.h"

#define PATIENCE 64 /* yields while others' charges are being settled */

struct ash_limits ash_limits = {ASH_NO_LIMIT, ASH_NO_LIMIT, ASH_NO_LIMIT, false};
uint32_t ash_limits_crossed;
__thread bool ash_limits_telling;
size_t (*ash_limits_cached_hook)(void);

static size_t pending;    /* charged, not settled */
static size_t hole_pages; /* given back inside slabs */
static uint32_t turns;    /* of the soft limit: odd = crossed, and not fallen below it since */

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

/* What the program itself keeps: the rest can be had by giving it back.  (Caches of threads
 * are bounded by less than what a crossing has to fall by.) */
static size_t in_use(void)
{
	size_t keeps = ((ash_run_granules() + ash_run_kept()) << ASH_GRANULE_SHIFT) +
		       ash_far_bytes() + ash_base_mapped();
	size_t rest = ash_limits_hole_bytes() +
		      (ash_limits_cached_hook != NULL ? ash_limits_cached_hook() : 0);

	return keeps > rest ? keeps - rest : 0;
}

/* Told once per crossing, and again only after a real decline.  `more` is what the caller is
 * about to take.  For a crossing that others are about to take memory is not looked at, for
 * some of it may count already; for a decline it is, for that memory may be what was told of.
 * The turn is read first: who is kept up between the look and the decision does not decide when
 * others have done so meanwhile. */
static void note_soft(size_t more)
{
	uint32_t turn = ash_load_acquire(&turns);
	size_t soft = ash_load_relaxed(&ash_limits.soft), used;
	bool crossed = turn % 2 != 0;

	if (ash_limits_telling)
		return;
	used = crossed ? ash_load_acquire(&pending) : more;
	used += in_use();
	ash_delay();
	if (crossed ? used >= soft - soft / 16 : used <= soft)
		return;
	if (ash_cas_acq_rel(&turns, &turn, turn + 1) && !crossed)
		ash_store_relaxed(&ash_limits_crossed, 1);
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
	note_soft(bytes);
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
		note_soft(0);
		if (ash_limits_held() > soft)
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
