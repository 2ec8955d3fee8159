/* The extents of an arena: got from its hooks, cut, joined, reused, given back.
 *
 * Functions are called without a lock; they call hooks, which may fail at any call: what was
 * asked of them is then done in another way, or the extent stays what it was. */
#ifndef ASH_ARENA_EXTENTS_H
#define ASH_ARENA_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena/state.h"

/* An extent in transit of at least `bytes` at a multiple of `align` (a power of two), committed
 * and charged to the heap's limits.  NULL with ENOMEM. */
struct ash_extent *ash_extents_get(struct ash_arena *arena, size_t bytes, size_t align);

/* Takes an extent in transit that was in use: it is dirty from now on, or what the decay times
 * say, and joined with its neighbours. */
void ash_extents_put(struct ash_arena *arena, struct ash_extent *extent);

/* Cuts an extent in transit down to `bytes`; the rest is put.  False where the hooks refuse. */
bool ash_extents_cut(struct ash_arena *arena, struct ash_extent *extent, size_t bytes);
/* Makes one in transit longer by what lies free behind it, to `bytes`; false where that is not
 * to be had. */
bool ash_extents_extend(struct ash_arena *arena, struct ash_extent *extent, size_t bytes);

/* Gives back free extents that are older than the decay times say, or all of them; at most
 * those that are free now, and `most`.  Returns how many bytes of memory went. */
size_t ash_extents_decay(struct ash_arena *arena, bool all, size_t most);

/* Whether there are some that will go by time. */
bool ash_extents_are_to_go(struct ash_arena *arena);

/* All that is free, addresses too, for good. */
void ash_extents_destroy(struct ash_arena *arena);

#endif
