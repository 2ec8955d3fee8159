/* An arena's extents on their lists: free ones by kind, size and age, and those in use.  Called
 * under the arena's lock. */
#ifndef ASH_ARENA_FREE_EXTENTS_H
#define ASH_ARENA_FREE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include "arena/state.h"

/* Makes one in transit a free one of this kind, and a free one one in transit. */
void ash_free_extents_insert(struct ash_arena *arena, struct ash_extent *extent,
			     enum ash_extent_state kind);
void ash_free_extents_detach(struct ash_arena *arena, struct ash_extent *extent);

/* One of the kind that has `bytes` at a multiple of `align`, detached; NULL where there is
 * none. `most` bounds its length, where the rest cannot be cut off. */
struct ash_extent *ash_free_extents_find(struct ash_arena *arena, enum ash_extent_state kind,
					 size_t bytes, size_t align, size_t most);

/* Bytes of the shortest extent of a bucket: 16 KiB, 32, 48, then four for each doubling.  The
 * last bucket has all that are longer, too. */
size_t ash_free_extents_least(unsigned bucket);

/* One in use becomes one in transit, and the reverse. */
void ash_extents_take(struct ash_arena *arena, struct ash_extent *extent);
void ash_extents_use(struct ash_arena *arena, struct ash_extent *extent,
		     enum ash_extent_state state);

/* The equations of free extents, by a walk. */
bool ash_free_extents_are_valid(const struct ash_arena *arena);

#endif
