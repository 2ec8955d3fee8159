/* Bounds that the user sets: how much memory the heap may hold, and how much of it may lie
 * idle.
 *
 * Held is what the account says (account.h).  A request is charged before memory is taken for
 * it, and what is being given back counts until it is gone, so the hard limit holds however
 * many threads ask at a time. */
#ifndef ASH_PAGE_LIMITS_H
#define ASH_PAGE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* True in a thread while it tells the program of a limit.  What the callback takes and frees
 * meanwhile is neither a crossing nor a decline, and the program is not told of it. */
extern __thread bool ash_limits_telling ASH_HIDDEN;

/* Bytes that caches above the pages hold and can do without; set at boot, NULL = none. */
extern size_t (*ash_limits_cached_hook)(void);

/* Asked for `bytes` before the hard limit refuses them: gives back some of what lies idle;
 * returns how many bytes went, 0 where nothing does.  Called under no lock; set at boot, NULL =
 * nobody. */
extern size_t (*ash_limits_room_hook)(struct ash_heap *heap, size_t bytes);

/* Bytes up to the hard limit; ASH_NO_LIMIT where there is none. */
size_t ash_limits_room(const struct ash_heap *heap);

/* Whether `bytes` more could be taken if all that may become idle were given back: false where
 * mappings in use and metadata leave less up to the hard limit. */
bool ash_limits_could_hold(const struct ash_heap *heap, size_t bytes);

bool ash_limits_charge_slow(struct ash_heap *heap, size_t bytes);
void ash_limits_settle_slow(struct ash_heap *heap, size_t bytes);

/* Whether `bytes` more may be taken; false with ENOMEM beyond the hard limit.  They count as
 * held until they are settled, which is when what was taken counts itself.  Call without a
 * lock: the counts are read without one, but making room takes some. */
ASH_INLINE bool ash_limits_charge(struct ash_heap *heap, size_t bytes, size_t *charged)
{
	*charged = 0;
	if (ASH_LIKELY((ash_load_relaxed(&heap->limits.hard) &
			ash_load_relaxed(&heap->limits.soft)) == ASH_NO_LIMIT))
		return true;
	if (!ash_limits_charge_slow(heap, bytes))
		return false;
	*charged = bytes;
	return true;
}

ASH_INLINE void ash_limits_settle(struct ash_heap *heap, size_t charged)
{
	if (ASH_UNLIKELY(charged != 0))
		ash_limits_settle_slow(heap, charged);
}

/* What is held grows, or has just grown, by `bytes` that nobody asked for and nobody can be
 * refused: under a hard limit as much of what lies idle goes instead.  Call without a lock. */
void ash_limits_make_way(struct ash_heap *heap, size_t bytes);

/* In a forked child. */
void ash_limits_after_fork(struct ash_heap *heap);

/* Free memory that may stay resident now: nothing under pressure or above the soft limit, else
 * dirty_max. */
size_t ash_limits_dirty_bound(struct ash_heap *heap);

bool ash_limits_dirty_exceeded_slow(struct ash_heap *heap);

/* Whether that may be less than all. */
ASH_INLINE bool ash_limits_dirty_is_bounded(const struct ash_heap *heap)
{
	return (ash_load_relaxed(&heap->limits.wary) & ASH_WARY_LIMITS) != 0;
}

/* By anyone, at any time. */
void ash_limits_set_soft(struct ash_heap *heap, size_t bytes);
void ash_limits_set_dirty_max(struct ash_heap *heap, size_t bytes);
void ash_limits_set_pressure(struct ash_heap *heap, bool is_short);

/* Whether more is dirty than that.  In every slow path of free. */
ASH_INLINE bool ash_limits_dirty_exceeded(struct ash_heap *heap)
{
	return ASH_UNLIKELY(ash_limits_dirty_is_bounded(heap)) &&
	       ash_limits_dirty_exceeded_slow(heap);
}

#endif
