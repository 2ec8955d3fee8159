/* Holes: OS pages inside live slabs whose regions are all free, given back to the kernel.
 *
 * A slab qualifies when nothing was taken from it for its bin's hole_age (0.3 s at first).
 * Fills take from the fullest slabs, so slabs that drain are left alone and qualify, and those
 * in use do not.  Where many of the pages come back into use soon (refaults), the age of their
 * class rises; where few do, it falls.
 *
 * The cursors and counts of this file are the claimant's (claim.h).  A slab that is being
 * purged is detached: it is off its bin's lists, so nothing is taken from it, while frees go on
 * setting bits under the bin's lock. */
#ifndef ASH_RECLAIM_HOLES_H
#define ASH_RECLAIM_HOLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* Purges holes in slabs of all bins for about `most_ns` (by ash_os_given_ns, and so much for
 * each slab that is looked into); goes on where the last call stopped.  Every slab is looked at
 * before one is for a second time, and where nothing was found the next walk begins later, up
 * to two seconds.  Returns whether work is left, also for a later epoch.  One thread at a time,
 * under no lock. */
bool ash_holes_step(struct ash_heap *heap, uint32_t epoch, uint64_t most_ns);

/* A call of the program stops after so long by the clock, the call's other work with it; with
 * the slab that is under way that comes to about a fifth of a millisecond. */
#define ASH_HOLES_CALL_NS (95000u * ASH_HOLES_SLOWED)

/* The predicates of tier 3 take most of a call's time: with it, the calls would end with most
 * of their work undone. */
#define ASH_HOLES_SLOWED (ASH_DEBUG >= 3 ? 8u : 1u)

/* The same for slabs of any age of which a sixth can go, while objects are freed.  Begins a
 * walk, or goes on with it; `most_ns` bounds the call.  Returns whether the walk goes on; *gone
 * is what went, in bytes. */
bool ash_holes_rich(struct ash_heap *heap, bool begin, uint64_t most_ns, size_t *gone);

/* The same when the heap is about to grow: purges until about `bytes` are gone.  A slab
 * qualifies when it likely has many holes, and nothing was taken from it while the program took
 * a sixteenth of the heap in runs (more where its bin's hole_age has risen). */
void ash_holes_relieve(struct ash_heap *heap, uint32_t epoch, size_t bytes, uint64_t most_ns);

/* Whether the equations of struct ash_holes hold.  The claimant's to ask. */
bool ash_holes_is_valid(const struct ash_heap *heap);

/* About `bytes` of them, whatever their age and whether a huge page falls apart: for when
 * nothing else is left.  Each slab is looked at once.  Returns the bytes that went.  The same
 * thread, under no lock. */
size_t ash_holes_of_any_age(struct ash_heap *heap, size_t bytes);

#endif
