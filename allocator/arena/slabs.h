/* Small objects of an arena: extents cut into regions of the heap's size classes. */
#ifndef ASH_ARENA_SLABS_H
#define ASH_ARENA_SLABS_H

#include <stdbool.h>
#include "arena/state.h"

/* Up to `want` objects of a class; returns how many, 0 with ENOMEM.  The arena has a body. Call
 * without a lock. */
unsigned ash_slabs_fill(struct ash_arena *arena, unsigned class, void **out, unsigned want);

/* The rest under the arena's lock.
 *
 * The equations of a slab (state.h). */
bool ash_slabs_is_valid(const struct ash_extent *slab);

/* Gives a region back; whether the slab is to go, which is in transit then.  The last one
 * with free regions stays for the next object. */
bool ash_slabs_give(struct ash_arena *arena, struct ash_extent *slab, unsigned region);
/* A slab without an object, in transit; NULL where there is none. */
struct ash_extent *ash_slabs_idle(struct ash_arena *arena);
/* Frees all of a slab's objects: it is in transit then. */
void ash_slabs_discard(struct ash_arena *arena, struct ash_extent *slab);

#endif
