#include "page/limits.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/far_table.h"
#include "os/delay.h"
#include "os/os.h"
#include "page/account.h"
#include "util/assert.h"

/* While others are in between, yields and then sleeps until a request is refused nevertheless:
 * two that wait for each other end so. */
#define YIELDS 64
#define SLEEPS 100
#define SLEEP_NS 100000u

/* Of what is pending, this thread's: a slab's charge within that of a bin's fill. */
static __thread size_t charged_here;

__thread bool ash_limits_telling;
size_t (*ash_limits_cached_hook)(void);
size_t (*ash_limits_room_hook)(struct ash_heap *heap, size_t bytes);

/* (Of the memory in hugeblocks all may become idle, as far as is known here.) */
bool ash_limits_could_hold(const struct ash_heap *heap, size_t bytes)
{
	size_t hard = ash_load_relaxed(&heap->limits.hard);
	size_t stays = ash_far_bytes() + ash_base_mapped();

	return hard == ASH_NO_LIMIT || (bytes <= hard && stays <= hard - bytes);
}

size_t ash_limits_room(const struct ash_heap *heap)
{
	size_t hard = ash_load_relaxed(&heap->limits.hard), held;

	if (hard == ASH_NO_LIMIT)
		return ASH_NO_LIMIT;
	held = ash_account_held(heap) + ash_load_relaxed(&heap->limits.pending);
	return hard > held ? hard - held : 0;
}

/* The program's own part: what cannot be had by giving memory back.  (It includes what the
 * caches of threads hold.  Their bound is less than the sixteenth by which this must fall
 * before another crossing is told.) */
static size_t in_use(const struct ash_heap *heap)
{
	size_t keeps =
		((ash_account_in_use(heap) + ash_account_kept(heap)) << ASH_GRANULE_SHIFT) +
		ash_far_bytes() + ash_account_arenas(heap) + ash_base_mapped();
	size_t idle = ash_account_hole_bytes(heap) +
		      (ash_limits_cached_hook != NULL ? ash_limits_cached_hook() : 0);

	return keeps > idle ? keeps - idle : 0;
}

/* Notes when what the program holds crosses the soft limit, so that it is told once for each
 * crossing, and again only after a real decline.  `more` is what the caller is about to take.
 *
 * Memory that other threads are about to take (pending) does not count toward a crossing, for
 * some of it may be counted already.  Against a decline it does count, for it may be the very
 * memory that the program was told of.
 *
 * The counter of crossings is read before all else.  So a thread that is delayed between its
 * look at the memory and its decision decides nothing where another has done so meanwhile. */
static void note_soft(struct ash_heap *heap, size_t more)
{
	struct ash_limits *limits = &heap->limits;
	uint32_t seen = ash_load_acquire(&limits->crossings);
	size_t soft = ash_load_relaxed(&limits->soft), used;
	bool crossed = seen % 2 != 0;

	if (ash_limits_telling)
		return;
	used = crossed ? ash_load_acquire(&limits->pending) : more;
	used += in_use(heap);
	ash_delay();
	if (crossed ? used >= soft - soft / 16 : used <= soft)
		return;
	if (ash_cas_acq_rel(&limits->crossings, &seen, seen + 1) && !crossed)
		ash_store_relaxed(&limits->crossed, 1);
}

/* Whether a request might fit without what others are just taking or giving back.  A thread
 * settles its charge only after what it took counts as held, and what it gives back counts
 * until it is gone.  So a look in between counts memory twice, or still, but never misses it.
 */
static bool others_decide(const struct ash_heap *heap, size_t all, size_t held, size_t hard)
{
	size_t leaves = ash_account_departed(heap), least = held > leaves ? held - leaves : 0;

	return (all > charged_here || leaves != 0) && charged_here <= hard &&
	       least <= hard - charged_here;
}

/* Gives back some of up to `bytes` that lie idle.  *most is what the caller may still ask for,
 * the bytes that were missing at first: where others take what it gave back it would go on for
 * as long as they free. */
static bool make_room(struct ash_heap *heap, size_t bytes, size_t *most)
{
	size_t gone = 0;

	if (bytes > *most)
		bytes = *most;
	if (bytes != 0 && ash_limits_room_hook != NULL)
		gone = ash_limits_room_hook(heap, bytes);
	*most -= gone < *most ? gone : *most;
	return gone != 0;
}

/* A refusal first waits, for a while, until no other thread is in between. */
bool ash_limits_charge_slow(struct ash_heap *heap, size_t bytes)
{
	struct ash_limits *limits = &heap->limits;
	size_t hard = ash_load_relaxed(&limits->hard), all, held, most;
	unsigned waits = 0;

	if (bytes > hard) { /* nobody is to wait for what can never be */
		errno = ENOMEM;
		return false;
	}
	charged_here += bytes; /* before: a child never subtracts more than it has counted */
	ASH_COMPILER_FENCE();
	all = ash_add_acq_rel(&limits->pending, bytes) + bytes;
	held = ash_account_held(heap);
	most = all > hard || held > hard - all ? all + held - hard : 0;
	ash_assert(all >= charged_here);
	while (all > hard || held > hard - all) {
		if (all > charged_here && waits < YIELDS) {
			waits++;
			ash_os_yield();
		} else if (ash_limits_could_hold(heap, bytes) &&
			   make_room(heap, bytes, &most)) {
			; /* and look again */
		} else if (others_decide(heap, all, held, hard) && waits < YIELDS + SLEEPS) {
			waits++;
			ash_os_sleep(SLEEP_NS);
		} else {
			ash_limits_settle_slow(heap, bytes);
			errno = ENOMEM;
			return false;
		}
		all = ash_load_acquire(&limits->pending);
		held = ash_account_held(heap);
	}
	note_soft(heap, bytes);
	return true;
}

void ash_limits_make_way(struct ash_heap *heap, size_t bytes)
{
	size_t hard = ash_load_relaxed(&heap->limits.hard), held, most;

	if (hard == ASH_NO_LIMIT)
		return;
	held = ash_account_held(heap) + bytes;
	most = held > hard ? held - hard : 0;
	while (held > hard && make_room(heap, held - hard, &most))
		held = ash_account_held(heap) + bytes;
}

/* What vanished threads had charged will never be settled, nor arrive what they gave back.  (A
 * signal handler may fork that interrupted this thread, which settles in the child, too.) */
void ash_limits_after_fork(struct ash_heap *heap)
{
	ash_store_relaxed(&heap->limits.pending, charged_here);
	ash_account_after_fork(heap);
}

void ash_limits_settle_slow(struct ash_heap *heap, size_t bytes)
{
	size_t before = ash_sub_acq_rel(&heap->limits.pending, bytes);

	charged_here -= bytes;
	ash_assert(before >= bytes);
}

/* The bit goes before `is` is asked for, which others may set just now: who sets nothing finds
 * what they set, or they set the bit afterwards. */
static void be_wary(struct ash_limits *limits, uint32_t bit, bool is)
{
	if (is)
		ash_or_seq_cst(&limits->wary, bit);
	else
		ash_and_seq_cst(&limits->wary, ~bit);
	ash_delay();
}

static void set_bytes(struct ash_limits *limits, size_t *of, uint32_t bit, size_t bytes)
{
	ash_store_seq_cst(of, bytes);
	be_wary(limits, bit, bytes != ASH_NO_LIMIT);
	if (bytes == ASH_NO_LIMIT && ash_load_seq_cst(of) != ASH_NO_LIMIT)
		be_wary(limits, bit, true);
}

void ash_limits_set_soft(struct ash_heap *heap, size_t bytes)
{
	set_bytes(&heap->limits, &heap->limits.soft, ASH_WARY_SOFT, bytes);
}

void ash_limits_set_dirty_max(struct ash_heap *heap, size_t bytes)
{
	set_bytes(&heap->limits, &heap->limits.dirty_max, ASH_WARY_DIRTY, bytes);
}

void ash_limits_set_pressure(struct ash_heap *heap, bool is_short)
{
	struct ash_limits *limits = &heap->limits;

	ash_store_seq_cst(&limits->pressure, is_short);
	be_wary(limits, ASH_WARY_PRESSURE, is_short);
	if (!is_short && ash_load_seq_cst(&limits->pressure))
		be_wary(limits, ASH_WARY_PRESSURE, true);
}

size_t ash_limits_dirty_bound(struct ash_heap *heap)
{
	size_t soft = ash_load_relaxed(&heap->limits.soft);

	if (ash_load_relaxed(&heap->limits.pressure))
		return 0;
	if (soft != ASH_NO_LIMIT) {
		note_soft(heap, 0);
		if (ash_account_held(heap) > soft)
			return 0;
	}
	return ash_load_relaxed(&heap->limits.dirty_max);
}

bool ash_limits_dirty_exceeded_slow(struct ash_heap *heap)
{
	size_t bound = ash_limits_dirty_bound(heap);

	return bound != ASH_NO_LIMIT &&
	       (ash_account_dirty(heap) << ASH_GRANULE_SHIFT) + ash_account_cached(heap) >
		       bound;
}
