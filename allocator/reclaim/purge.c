#include "reclaim/purge.h"

#include "os/os.h"
#include "page/account.h"
#include "page/dirty.h"
#include "page/huge_advice.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "page/mapping_cache.h"
#include "reclaim/decay.h"
#include "reclaim/stall.h"
#include "util/assert.h"
#include "util/atomic.h"

#define BATCH 16 /* ranges per lock */
/* Per batch: 2 MiB.  What is being purged cannot be had meanwhile, and whoever needs it then
 * takes fresh memory: a large batch would raise the peak. */
#define STEP_GRANULES 128
/* A shorter step is a call's, its batches a quarter as large; and when by the clock it has
 * lasted so long it does one more at most, half as large. */
#define LONG_NS 1000000u
/* Long steps that follow one another for so long have one goal: less than our thread sleeps. */
#define GOAL_NS 40000000
#define CALL_NS 80000u
#define STEP_BYTES ((size_t)STEP_GRANULES << ASH_GRANULE_SHIFT)
#define BATCHES 32        /* in one step, however fast they are */
#define REFUSED_BATCHES 8 /* in a row, in place of one */
#define PASS_LEAVES ((size_t)2 << 20)
#define WANTED_BYTES ((size_t)4 << 20)
#define EXCESS_NS 170000u
#define REFUSED_NS 100000000u

void ash_purge_set_decay_ms(struct ash_heap *heap, int64_t ms)
{
	ash_store_relaxed(&heap->purge.dirty_ms, ms);
	/* An eighth of the whole time: after eight of these a three-thousandth is left. */
	heap->purge.dirty.tau_ns = ms > 0 ? (uint64_t)ms * 1000000 / 8 : 0;
}

void ash_purge_set_muzzy_ms(struct ash_heap *heap, int64_t ms)
{
	ash_store_relaxed(&heap->purge.muzzy_ms, ms);
	heap->purge.muzzy.tau_ns = ms > 0 ? (uint64_t)ms * 1000000 / 8 : 0;
}

void ash_purge_set_dirty_share(struct ash_heap *heap, int64_t share)
{
	heap->purge.dirty_share = share;
}

void ash_purge_set_interval_ms(struct ash_heap *heap, uint64_t ms)
{
	heap->purge.interval_ns = ms * 1000000;
}

/* Bytes of free runs that stay by request, whatever their age. */
static size_t requested(const struct ash_heap *heap)
{
	if (ash_load_relaxed(&heap->purge.dirty_ms) < 0 || heap->purge.dirty_share < 0)
		return SIZE_MAX;
	return (ash_account_in_use(heap) * (uint64_t)heap->purge.dirty_share >> 16)
	       << ASH_GRANULE_SHIFT;
}

enum grade {
	DIRTY,  /* to nothing */
	LAZILY, /* dirty to muzzy */
	MUZZY,  /* to nothing */
};

/* Purges up to `granules`, one batch; returns how many went, and in *tried how many there were:
 * the kernel may refuse some. */
static size_t purge_batch(struct ash_heap *heap, size_t granules, enum grade grade,
			  size_t *tried)
{
	struct ash_dirty_range range[BATCH];
	unsigned n = ash_dirty_reserve(heap, grade == MUZZY, range, BATCH, granules);
	size_t gone = 0, ranges = 0;

	ash_assert(n <= BATCH);
	*tried = 0;
	for (unsigned i = 0; i < n; i++) {
		char *at = (char *)range[i].block->address +
			   ((size_t)range[i].first << ASH_GRANULE_SHIFT);
		size_t bytes = (size_t)range[i].count << ASH_GRANULE_SHIFT;

		ash_huge_advice_withdraw(range[i].block);
		range[i].lazily = grade == LAZILY && ash_os_purge_lazily(at, bytes);
		range[i].purged = !range[i].lazily && ash_os_purge(at, bytes);
		*tried += range[i].count;
		if (range[i].purged || range[i].lazily) {
			gone += range[i].count;
			ranges++;
		}
	}
	ash_dirty_return(heap, range, n);
	if (ranges != 0) {
		ash_add_relaxed(&heap->purge.passes, 1);
		ash_add_relaxed(&heap->purge.ranges, ranges);
	}
	ash_add_relaxed(&heap->purge.given_back, gone << ASH_GRANULE_SHIFT);
	if (grade == MUZZY && ranges != 0) {
		ash_add_relaxed(&heap->purge.muzzy_passes, 1);
		ash_add_relaxed(&heap->purge.muzzy_ranges, ranges);
		ash_add_relaxed(&heap->purge.muzzy_given_back, gone << ASH_GRANULE_SHIFT);
	}
	return gone;
}

/* One batch; where the kernel refuses all of it, the next: it is their blocks that wait, not
 * others. */
static size_t purge_bytes(struct ash_heap *heap, size_t bytes, enum grade grade)
{
	size_t granules = ash_granules_of(bytes), gone = 0, tried = 1;

	if (granules > STEP_GRANULES)
		granules = STEP_GRANULES;
	for (unsigned n = 0; n < REFUSED_BATCHES && gone == 0 && tried != 0; n++)
		gone = purge_batch(heap, granules, grade, &tried);
	return gone << ASH_GRANULE_SHIFT;
}

size_t ash_purge_some(struct ash_heap *heap, size_t bytes)
{
	size_t gone = purge_bytes(heap, bytes, DIRTY);

	return gone != 0 || ash_account_muzzy(heap) == 0 ? gone
							 : purge_bytes(heap, bytes, MUZZY);
}

/* Running count of bytes retaken.  From one look to the next at most as much counts as was ever
 * missing from the dirty memory: a loop over one buffer retakes the same few granules a
 * thousand times, and needs no more than them. */
static uint64_t retaken(struct ash_heap *heap, size_t dirty_bytes)
{
	struct ash_purge *purge = &heap->purge;
	uint64_t now = ash_dirty_retaken(heap) << ASH_GRANULE_SHIFT;
	uint64_t more = now - purge->retaken_seen;
	size_t low = ash_dirty_low(heap) << ASH_GRANULE_SHIFT;
	size_t high = purge->dirty_seen > dirty_bytes ? purge->dirty_seen : dirty_bytes;

	ash_assert(now >= purge->retaken_seen);
	if (more > high - (low < high ? low : high))
		more = high - (low < high ? low : high);
	if (low < purge->old)
		purge->old = low;
	purge->retaken_seen = now;
	purge->dirty_seen = dirty_bytes;
	return purge->retaken_sum += more;
}

uint64_t ash_purge_retaken(struct ash_heap *heap)
{
	return retaken(heap, ash_account_dirty(heap) << ASH_GRANULE_SHIFT);
}

/* Whether more has been dirty than may be for longer than the account may make it wait: an
 * eighth of dirty_decay_ms. */
static bool is_late(struct ash_heap *heap, uint64_t now_ns, size_t dirty, size_t allowance)
{
	struct ash_purge *purge = &heap->purge;
	uint64_t since = ash_load_relaxed(&purge->late_ns);

	if (dirty <= allowance)
		since = 0;
	else if (since == 0)
		since = now_ns;
	ash_store_relaxed(&purge->late_ns, since);
	return ash_purge_is_late(heap, now_ns);
}

/* Bytes of free runs that may stay now.  *bounded: a bound says so, and not their age; *hurry:
 * whether the account does not count. */
static size_t allowance_now(struct ash_heap *heap, uint64_t now_ns, size_t dirty, bool *bounded,
			    bool *hurry)
{
	struct ash_purge *purge = &heap->purge;
	uint64_t retaken_now = retaken(heap, dirty);
	size_t allowance, bound = ash_limits_dirty_bound(heap),
			  requested_bytes = requested(heap);

	purge->dirty.old = purge->old;
	purge->old = dirty;
	allowance = ash_decay_limit(&purge->dirty, now_ns, dirty, retaken_now);
	if (allowance < requested_bytes)
		allowance = requested_bytes < dirty ? requested_bytes : dirty;
	*bounded = bound < allowance;
	*hurry = is_late(heap, now_ns, dirty, allowance) || *bounded;
	return bound < allowance ? bound : allowance;
}

/* What is muzzy long enough goes: where the kernel had no use for it, it still counts as
 * resident.  Returns whether some is left. */
static bool muzzy_step(struct ash_heap *heap, uint64_t now_ns, uint64_t most_ns)
{
	size_t left = ash_account_muzzy(heap) << ASH_GRANULE_SHIFT, allowance;
	uint64_t start = ash_os_given_ns(), used = 0;

	allowance = ash_limits_dirty_bound(heap) != 0
			    ? ash_decay_limit(&heap->purge.muzzy, now_ns, left, 0)
			    : 0;
	if (heap->purge.muzzy_ms < 0 && allowance != 0)
		return false;
	while (left > allowance && used < most_ns && ash_purge_may_work(heap)) {
		if (purge_bytes(heap, left - allowance, MUZZY) == 0)
			break;
		left = ash_account_muzzy(heap) << ASH_GRANULE_SHIFT;
		used = ash_os_given_ns() - start;
	}
	ash_decay_worked(&heap->purge.dirty, used);
	return left > WANTED_BYTES;
}

/* Leaves at most `allowance` bytes of free runs dirty, in batches, at most about `most_ns` by
 * ash_os_given_ns; with `account` not more than that has.  What others free meanwhile is
 * left.  Returns the bytes that went. */
static size_t purge_batches(struct ash_heap *heap, size_t allowance, uint64_t most_ns,
			    bool account, enum grade grade)
{
	size_t dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT, all = 0;
	size_t left = dirty > allowance ? dirty - allowance : 0;
	size_t batch = most_ns >= LONG_NS         ? STEP_BYTES
		       : ash_stall_lasts(CALL_NS) ? STEP_BYTES / 8
						  : STEP_BYTES / 4;
	uint64_t start = ash_os_given_ns();

	for (unsigned n = 0;
	     dirty > allowance && left > 0 && ash_os_given_ns() - start < most_ns &&
	     n < BATCHES && (!account || ash_decay_may_work(&heap->purge.dirty)) &&
	     (n == 0 || !ash_stall_lasts(CALL_NS));
	     n++) {
		size_t most = dirty - allowance < left ? dirty - allowance : left;
		size_t gone = purge_bytes(heap, most < batch ? most : batch, grade);

		if (gone == 0)
			break; /* refused, or others took it */
		all += gone;
		left -= gone < left ? gone : left;
		dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;
	}
	return all;
}

/* The same by the account; with `hurry` whatever it says. */
static void purge_until(struct ash_heap *heap, size_t allowance, uint64_t most_ns, bool hurry,
			enum grade grade)
{
	uint64_t start = ash_os_given_ns();

	purge_batches(heap, allowance, most_ns, !hurry, grade);
	/* What goes whatever the account says does not make it wait for longer. */
	if (!hurry || ash_decay_may_work(&heap->purge.dirty))
		ash_decay_worked(&heap->purge.dirty, ash_os_given_ns() - start);
}

size_t ash_purge_requested(const struct ash_heap *heap)
{
	return heap->purge.interval_ns != 0 ? SIZE_MAX : requested(heap);
}

size_t ash_purge_above(struct ash_heap *heap, size_t bytes, uint64_t most_ns)
{
	return purge_batches(heap, bytes, most_ns, false,
			     heap->purge.muzzy_ms != 0 ? LAZILY : DIRTY);
}

/* A pass takes all but what it may not: after it nothing goes for long. */
static size_t allowance_after_pass(const struct ash_heap *heap, size_t allowance)
{
	size_t retaken_now = ash_decay_retaken(&heap->purge.dirty, heap->purge.retaken_sum),
	       requested_bytes = requested(heap);
	size_t least = retaken_now > requested_bytes ? retaken_now : requested_bytes;

	if (least < PASS_LEAVES)
		least = PASS_LEAVES;
	return least < allowance ? least : allowance;
}

void ash_purge_rest(struct ash_heap *heap)
{
	size_t stays = allowance_after_pass(heap, SIZE_MAX);

	while (purge_batches(heap, stays, LONG_NS, false, DIRTY) != 0)
		continue;
}

static bool interval_is_over(const struct ash_purge *purge, uint64_t now_ns)
{
	return purge->passed_ns == 0 || purge->interval_ns == 0 ||
	       (int64_t)(now_ns - purge->passed_ns) >= (int64_t)purge->interval_ns;
}

bool ash_purge_is_valid(const struct ash_heap *heap)
{
	return ash_decay_is_valid(&heap->purge.dirty) && ash_decay_is_valid(&heap->purge.muzzy);
}

/* For the next of several steps in a row, the goal that this one set: of what is left after
 * each, age alone says that nearly all may stay. */
static size_t goal_of(const struct ash_purge *purge, uint64_t now_ns, size_t allowance)
{
	bool goes_on = purge->goal_ns != 0 && (int64_t)(now_ns - purge->goal_ns) < GOAL_NS;

	return goes_on && purge->goal < allowance ? purge->goal : allowance;
}

static void set_goal(struct ash_purge *purge, uint64_t now_ns, size_t allowance, bool met)
{
	if (met)
		purge->goal_ns = 0;
	else if (purge->goal_ns == 0 || (int64_t)(now_ns - purge->goal_ns) >= GOAL_NS)
		purge->goal_ns = now_ns;
	purge->goal = allowance;
}

bool ash_purge_step(struct ash_heap *heap, uint64_t now_ns, uint64_t most_ns)
{
	struct ash_purge *purge = &heap->purge;
	size_t allowance;
	bool bounded, hurry, left = false;

	if (ash_account_muzzy(heap) != 0)
		left = muzzy_step(heap, now_ns, most_ns / 2);
	allowance = allowance_now(heap, now_ns, ash_account_dirty(heap) << ASH_GRANULE_SHIFT,
				  &bounded, &hurry);
	if (bounded || interval_is_over(purge, now_ns)) {
		bool work;

		if (purge->interval_ns != 0)
			allowance = allowance_after_pass(heap, allowance);
		if (most_ns >= LONG_NS)
			allowance = goal_of(purge, now_ns, allowance);
		work = ash_account_dirty(heap) << ASH_GRANULE_SHIFT > allowance;
		purge_until(heap, allowance, most_ns, hurry,
			    purge->muzzy_ms != 0 && !bounded ? LAZILY : DIRTY);
		if (most_ns >= LONG_NS)
			set_goal(purge, now_ns, allowance,
				 ash_account_dirty(heap) << ASH_GRANULE_SHIFT <= allowance);
		if (ash_account_dirty(heap) << ASH_GRANULE_SHIFT <= allowance) {
			ash_store_relaxed(&purge->late_ns, 0);
			if (work)
				purge->passed_ns = now_ns;
		}
	} else {
		ash_store_relaxed(&purge->late_ns, 0); /* it is not due yet */
	}
	ash_assert_internal(ash_purge_is_valid(heap));
	return ash_purge_wanted(heap) || left;
}

void ash_purge_excess(struct ash_heap *heap)
{
	uint64_t *refused_ns = &heap->purge.refused_ns;
	struct ash_stall stall;
	uint64_t start, used = 0, now_ns = ash_os_coarse_clock_ns();

	/* Where the kernel refuses (mlocked memory) it is not asked by every free. */
	if (now_ns - ash_load_relaxed(refused_ns) < REFUSED_NS)
		return;
	ash_stall_begin(&stall, false);
	start = ash_os_given_ns();
	while (used < EXCESS_NS && (used == 0 || !ash_stall_lasts(CALL_NS))) {
		size_t runs = ash_account_dirty(heap) << ASH_GRANULE_SHIFT,
		       cached = ash_account_cached(heap);
		size_t bound = ash_limits_dirty_bound(heap), excess;

		if (bound == ASH_NO_LIMIT || runs + cached <= bound)
			break;
		excess = runs + cached - bound;
		/* A run that is kept spares a fault for each of its pages, a mapping a system
		 * call besides: runs first. */
		if (ash_purge_some(heap, excess < STEP_BYTES / 2 ? excess : STEP_BYTES / 2) ==
			    0 &&
		    ash_mapping_cache_trim_for(heap, UINT64_MAX, excess, EXCESS_NS - used) ==
			    cached) {
			if (runs + cached > bound + STEP_BYTES) /* not what others just took */
				ash_store_relaxed(refused_ns, now_ns);
			break;
		}
		used = ash_os_given_ns() - start;
	}
	ash_stall_end(heap, &stall);
}

void ash_purge_down(struct ash_heap *heap, size_t bytes, uint64_t most_ns)
{
	size_t retaken_now = ash_decay_retaken(&heap->purge.dirty, heap->purge.retaken_sum),
	       requested_bytes = requested(heap);

	if (retaken_now > 2 * bytes)
		retaken_now = 2 * bytes;
	if (retaken_now < requested_bytes)
		retaken_now = requested_bytes;
	purge_until(heap, bytes > retaken_now ? bytes : retaken_now, most_ns, false, DIRTY);
}

/* Up to `bytes` of the `there` granules that there are. */
static size_t purge_there(struct ash_heap *heap, size_t bytes, size_t there, enum grade grade)
{
	size_t left = ash_granules_of(bytes) < there ? ash_granules_of(bytes) : there, gone = 0,
	       tried;

	for (; left > 0; left -= tried < left ? tried : left) {
		gone += purge_batch(heap, left < STEP_GRANULES ? left : STEP_GRANULES, grade,
				    &tried);
		if (tried == 0) /* others took it */
			break;
	}
	return gone << ASH_GRANULE_SHIFT;
}

size_t ash_purge_up_to(struct ash_heap *heap, size_t bytes)
{
	size_t dirty = ash_account_dirty(heap), muzzy = ash_account_muzzy(heap);
	size_t gone = purge_there(heap, bytes, dirty, DIRTY);

	return gone < bytes ? gone + purge_there(heap, bytes - gone, muzzy, MUZZY) : gone;
}

size_t ash_purge_all(struct ash_heap *heap)
{
	ash_dirty_try_refused(heap);
	return ash_purge_up_to(heap, SIZE_MAX);
}

bool ash_purge_wanted(struct ash_heap *heap)
{
	size_t requested_bytes = requested(heap);

	if (ash_limits_dirty_exceeded(heap))
		return true;
	return ash_account_dirty(heap) << ASH_GRANULE_SHIFT >
	       (requested_bytes > WANTED_BYTES ? requested_bytes : WANTED_BYTES);
}

bool ash_purge_may_work(struct ash_heap *heap)
{
	return ash_decay_may_work(&heap->purge.dirty) ||
	       ash_load_relaxed(&heap->limits.pressure);
}

bool ash_purge_is_late(const struct ash_heap *heap, uint64_t now_ns)
{
	uint64_t since = ash_load_relaxed(&heap->purge.late_ns);

	return since != 0 &&
	       (int64_t)(now_ns - since) > (int64_t)ash_decay_window(&heap->purge.dirty);
}

void ash_purge_worked(struct ash_heap *heap, uint64_t ns)
{
	ash_decay_worked(&heap->purge.dirty, ns);
}

uint64_t ash_purge_bytes(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->purge.given_back);
}
