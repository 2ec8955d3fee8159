/* One extent: its descriptor, the hooks that are asked about it, cutting and joining.
 *
 * All of it is about extents in transit, which are the caller's, and is called without a lock.
 */
#ifndef ASH_ARENA_EXTENT_H
#define ASH_ARENA_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena/state.h"

/* A descriptor, of nothing yet; NULL where there is no memory for one. */
struct ash_extent *ash_extent_new(void);
/* Says what it is of.  The map is the caller's to write. */
void ash_extent_describe(struct ash_extent *extent, struct ash_arena *arena, uintptr_t address,
			 size_t bytes);
/* Gives a descriptor back: one of nothing, and one that was described. */
void ash_extent_drop(struct ash_extent *extent);
void ash_extent_forget(struct ash_extent *extent);

/* Around each call of a hook: what it allocates comes from the heap, also where its thread is
 * bound to an arena.  leave turns what hooks say into success. */
extent_hooks_t *ash_hooks_enter(struct ash_arena *arena);
bool ash_hooks_leave(bool failed);

/* Whether the hooks took it. */
bool ash_extent_hook_dalloc(struct ash_arena *arena, const struct ash_extent *extent);
/* One of the hooks that are about a part of an extent, for all of it. */
enum ash_hook {
	ASH_HOOK_COMMIT,
	ASH_HOOK_DECOMMIT,
	ASH_HOOK_PURGE_LAZY,
	ASH_HOOK_PURGE_FORCED,
};
bool ash_extent_hook(struct ash_arena *arena, const struct ash_extent *extent,
		     enum ash_hook which);

/* Cuts it in two; returns the second, NULL where that cannot be. */
struct ash_extent *ash_extent_split(struct ash_arena *arena, struct ash_extent *extent,
				    size_t first);
/* Makes one of two neighbours, the lower one; false where that cannot be. */
bool ash_extent_join(struct ash_arena *arena, struct ash_extent *low, struct ash_extent *high);

/* Whether its bytes count as held by the process. */
void ash_extent_count_held(struct ash_extent *extent, bool held);

struct ash_mutex *ash_extent_mutex(void); /* of unused descriptors; for fork */

#endif
