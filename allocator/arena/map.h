/* From an address to the extent of an arena that holds it: a tree of three levels over all
 * granules of 48 bits of addresses.
 *
 * Its parts are made as they are needed and never go.  Reading takes no lock; an entry is
 * written by whoever the extent belongs to at the time. */
#ifndef ASH_ARENA_MAP_H
#define ASH_ARENA_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/size_class.h"
#include "util/atomic.h"
#include "util/compiler.h"

struct ash_extent;

#define ASH_MAP_ADDRESS_BITS 48
#define ASH_MAP_BITS 11 /* of the middle level and of a leaf, which is of 32 MiB */
#define ASH_MAP_ROOT_BITS (ASH_MAP_ADDRESS_BITS - ASH_GRANULE_SHIFT - 2 * ASH_MAP_BITS)

struct ash_map_leaf {
	struct ash_extent *extent[1 << ASH_MAP_BITS];
};
struct ash_map_middle {
	struct ash_map_leaf *leaf[1 << ASH_MAP_BITS];
};
struct ash_map_root {
	struct ash_map_middle *middle[1 << ASH_MAP_ROOT_BITS];
};

/* NULL until there is an extent. */
extern struct ash_map_root *ash_map_root ASH_HIDDEN;

struct ash_extent *ash_map_look(const void *p);

/* Whether there was ever an extent. */
ASH_INLINE bool ash_map_is_made(void)
{
	return ash_load_acquire(&ash_map_root) != NULL;
}

/* The extent that p lies in; NULL where it is in none. */
ASH_INLINE struct ash_extent *ash_map_at(const void *p)
{
	return ASH_LIKELY(!ash_map_is_made()) ? NULL : ash_map_look(p);
}

/* Makes the tree's parts for these bytes, multiples of the granule.  False where there is no
 * memory for them, or an address has more bits.  Call without a lock. */
bool ash_map_open(uintptr_t address, size_t bytes);

/* Writes the entries, in parts that were opened; NULL = no extent. */
void ash_map_set(uintptr_t address, size_t bytes, struct ash_extent *extent);

#endif
