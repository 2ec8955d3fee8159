/* What is freed goes in the calls that free it, while the heap drains.
 *
 * Time does the fine work (decay.h), but it takes a thread of ours, or a program that goes on
 * calling.  So a 24th of what is held, and half a MiB, may lie free in runs; what is above goes
 * at once.  And where in slabs a 24th came to lie free since the last walk through them,
 * another begins, which each call that frees takes on by a slice: work follows what is freed,
 * not time.
 *
 * A program that takes the memory again soon would fault for it.  What it takes of what went at
 * once is *missed*, and from then on so much more may lie free, the reserve.  In a second a
 * sixteenth is forgotten of what was not taken again in it or the one before: who uses all of
 * it time and again does not miss it every few seconds.  In a program of one thread, whose
 * every call may be its last, it is no more than an eighth of the peak and a 64th of RAM, or
 * what was taken again in the last quarter of a second. */
#ifndef ASH_RECLAIM_DRAIN_H
#define ASH_RECLAIM_DRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include "page/account.h"
#include "page/heap.h"
#include "util/atomic.h"

/* One slice of it, 60 us by ash_os_given_ns.  The caller holds the claim; under no lock. */
void ash_drain_step(struct ash_heap *heap, uint64_t now_ns);

/* All that is due of it, for when no call may follow.  What comes next is no drain. */
void ash_drain_all(struct ash_heap *heap, uint64_t now_ns);

/* Once per epoch, while the program allocates: notes when it takes what lay idle.  The caller
 * holds the claim. */
void ash_drain_watch(struct ash_heap *heap, uint64_t now_ns);

/* A step is worth it after so many bytes were freed, at least. */
#define ASH_DRAIN_STEP ((size_t)128 << 10)
/* In a walk, while earlier steps have paid for it, after so many; after fewer where they lag
 * behind. */
#define ASH_DRAIN_PAID_STEP ((size_t)16 << 10)

/* Whether free runs alone make it so: a batch more than may stay. */
ASH_INLINE bool ash_drain_wanted(const struct ash_heap *heap)
{
	size_t dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;

	return dirty >= ASH_DRAIN_STEP &&
	       dirty - ASH_DRAIN_STEP >= ash_load_relaxed(&heap->drain.dirty_most);
}

/* Whether the equations of struct ash_drain hold.  The claimant's to ask. */
bool ash_drain_is_valid(const struct ash_heap *heap);

#endif
