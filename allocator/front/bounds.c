#include "front/bounds.h"

#include <errno.h>

#include "conf/conf.h"
#include "os/cgroup.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/account.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "reclaim/claim.h"
#include "reclaim/purge.h"
#include "reclaim/relief.h"
#include "slab/bin.h"

#define AGES 650 /* ms of dirty_decay_ms that are one epoch of a hole's age: 2 s are 0.3 s */

/* Function and argument belong together: whoever reads them while they are written takes
 * nobody to listen.  Odd = being written. */
static uint32_t version;
static ash_bounds_listener *listener;
static void *listener_argument;

static size_t resolve(struct ash_amount amount, uint64_t limit, size_t automatic)
{
	uint64_t n = amount.n;

	switch (amount.kind) {
	case ASH_AMOUNT_NONE:
		return ASH_NO_LIMIT;
	case ASH_AMOUNT_PERCENT:
		n = limit / 100 * n;
		break;
	case ASH_AMOUNT_BYTES:
		break;
	default:
		return automatic;
	}
	return n < ASH_NO_LIMIT ? (size_t)n : ASH_NO_LIMIT - 1;
}

/* A limit of 0 bytes is none, as it is for max_alloc: nothing could be allocated. */
static size_t resolve_limit(struct ash_amount amount, uint64_t limit)
{
	size_t n = resolve(amount, limit, ASH_NO_LIMIT);

	return n != 0 ? n : ASH_NO_LIMIT;
}

/* Where not everything goes at once; under the claim.  And by the options; set at boot. */
static size_t dirty_max, dirty_max_most;

/* At boot, or with the claim. */
static void apply_decay_ms(int64_t ms)
{
	uint32_t age = ms / AGES < 1 ? 1 : ms / AGES > 600 ? 600 : (uint32_t)(ms / AGES);

	ash_limits_set_dirty_max(&ash_heap, ms == 0 ? 0 : dirty_max);
	ash_purge_set_decay_ms(&ash_heap, ms);
	/* Mappings wait half as long as runs. */
	ash_mutex_lock(&ash_heap.mappings.lock);
	ash_heap.mappings.cache_ns =
		ms < 0 ? ASH_MAPPING_CACHE_FOR_GOOD : (uint64_t)ms * 500000;
	ash_heap.mappings.turns.at_once = ms >= 0;
	ash_mutex_unlock(&ash_heap.mappings.lock);
	ash_store_relaxed(&ash_bin_hole_age, age);
	ash_heap.holes.enabled = ms >= 0;
	ash_store_relaxed(&ash_heap.drain.enabled, ms >= 0);
}

int64_t ash_bounds_decay_ms(enum ash_arena_decay which)
{
	return ash_load_relaxed(which == ASH_DECAY_DIRTY ? &ash_heap.purge.dirty_ms
							 : &ash_heap.purge.muzzy_ms);
}

bool ash_bounds_set_decay_ms(enum ash_arena_decay which, int64_t ms)
{
	bool mine = ash_claim_is_mine(&ash_heap); /* in a fork's handler */

	if (ms < -1 || ms > ASH_BOUNDS_MS_MOST)
		return false;
	if (!mine)
		ash_claim_await(&ash_heap);
	if (which == ASH_DECAY_DIRTY)
		apply_decay_ms(ms);
	else
		ash_purge_set_muzzy_ms(&ash_heap, ms);
	if (!mine)
		ash_claim_give_back(&ash_heap);
	if (!mine && ash_limits_dirty_exceeded(&ash_heap)) /* what lies there goes, too */
		ash_relief_all();
	return true;
}

void ash_bounds_set_dirty_max(size_t bytes)
{
	bool mine = ash_claim_is_mine(&ash_heap); /* in a fork's handler */

	if (ash_conf.dirty_max.kind != ASH_AMOUNT_AUTO)
		return;
	if (!mine)
		ash_claim_await(&ash_heap);
	dirty_max = bytes < dirty_max_most ? bytes : dirty_max_most;
	if (ash_load_relaxed(&ash_heap.purge.dirty_ms) != 0)
		ash_limits_set_dirty_max(&ash_heap, dirty_max);
	if (!mine)
		ash_claim_give_back(&ash_heap);
}

void ash_bounds_init(void)
{
	uint64_t container = ash_cgroup_memory(), ram = ash_os_memory_bytes();
	uint64_t limit = container < ram ? container : ram;
	int64_t ms = ash_conf.dirty_decay_ms;

	ash_heap.limits.hard = resolve_limit(ash_conf.limit_hard, limit);
	ash_limits_set_soft(&ash_heap, resolve_limit(ash_conf.limit_soft, limit));
	/* In a container idle memory is somebody's: a quarter is enough of it. */
	dirty_max = dirty_max_most =
		resolve(ash_conf.dirty_max, limit,
			container < ram ? (size_t)(container / 4) : ASH_NO_LIMIT);
	apply_decay_ms(ms);
	ash_purge_set_muzzy_ms(&ash_heap, ash_conf.muzzy_decay_ms);
	if (limit / 16 < ash_heap.mappings.cache_least)
		ash_heap.mappings.cache_least = (size_t)(limit / 16);
	ash_heap.drain.reserve_most = (size_t)(limit / 64);
	ash_heap.huge_growth.enabled = limit / 64 >= ASH_HUGE;
	ash_heap.mappings.turns.most = (size_t)(limit / 16);
	ash_heap.growing.limited = ash_os_address_limit() != UINT64_MAX;
	ash_heap.rounds.pressure = ash_conf.pressure_purge != ASH_PRESSURE_FALSE;
	ash_heap.rounds.pressure_bounded = ash_conf.pressure_purge == ASH_PRESSURE_AUTO;
}

static bool tell(enum ash_bound which, size_t limit)
{
	ash_bounds_listener *function;
	uint32_t before = ash_load_acquire(&version);
	void *argument;
	int saved = errno;

	function = ash_load_acquire(&listener);
	argument = ash_load_acquire(&listener_argument);
	if (ash_limits_telling || ash_mutex_is_forking() || function == NULL ||
	    before % 2 != 0 || ash_load_relaxed(&version) != before)
		return false;
	ash_limits_telling = true;
	function((int)which, ash_account_held(&ash_heap), limit, argument);
	ash_limits_telling = false;
	errno = saved;
	return true;
}

bool ash_bounds_listen(ash_bounds_listener *function, void *argument)
{
	uint32_t now = ash_load_relaxed(&version);

	if (now % 2 != 0 || !ash_cas_acquire(&version, &now, now + 1))
		return false;
	ash_store_release(&listener, function);
	ash_store_release(&listener_argument, argument);
	ash_store_release(&version, now + 2);
	return true;
}

void ash_bounds_tell_soft(void)
{
	if (ash_limits_telling || ash_exchange_acquire(&ash_heap.limits.crossed, 0) == 0)
		return;
	tell(ASH_BOUND_SOFT, ash_load_relaxed(&ash_heap.limits.soft));
}

bool ash_bounds_tell_hard(void)
{
	size_t hard = ash_load_relaxed(&ash_heap.limits.hard);

	return hard != ASH_NO_LIMIT && tell(ASH_BOUND_HARD, hard);
}

void ash_bounds_after_fork(void)
{
	ash_limits_after_fork(&ash_heap);
	if (version % 2 != 0) { /* the thread that was writing is no more */
		listener = NULL;
		version++;
	}
}
