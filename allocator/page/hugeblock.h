/* Hugeblocks: mapping them, into the window while there is room, and keeping their descriptors.
 */
#ifndef ASH_PAGE_HUGEBLOCK_H
#define ASH_PAGE_HUGEBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* How often the heap has grown: to be read before looking for room. */
uint32_t ash_hugeblock_growths(const struct ash_heap *heap);

/* Maps what the first block is missing, or else more blocks (an eighth of the heap, at most
 * 1 GiB; a single one where that is refused), and hands each to `add`, called under the lock of
 * rank GROW; the first one twice: as it is begun and as it is completed.  Where the heap has
 * grown since `seen` it does nothing: of many threads that found it full at once one grows it,
 * and all look again.  False with ENOMEM where the kernel has no memory.  Takes some forty
 * system calls at most, whatever others have mapped, and one where the kernel refused the last
 * growth and refuses again.  Call without a lock. */
bool ash_hugeblock_grow(struct ash_heap *heap, uint32_t seen,
			void (*add)(struct ash_heap *heap, struct ash_hugeblock *block));

/* Unmaps a block that no list holds; its place, while it is free, and its descriptor are used
 * again when the heap grows.  False where the kernel refuses: the block is then as it was. */
bool ash_hugeblock_release(struct ash_heap *heap, struct ash_hugeblock *block);

/* The descriptor made last, which leads to all others by `older`: of blocks that are mapped,
 * and of those that were.  NULL where there is none yet.  Needs no lock. */
struct ash_hugeblock *ash_hugeblock_newest(const struct ash_heap *heap);

/* Bytes of hugeblocks mapped, without what the first one is missing. */
size_t ash_hugeblock_mapped(const struct ash_heap *heap);

/* Whether blocks are to be pages of the hugetlb pool, as far as it has some; at boot.  Others
 * are ordinary memory. */
void ash_hugeblock_use_pool(struct ash_heap *heap, bool use);
/* Bytes of blocks that are, and how often the heap grew by others because the pool refused. */
size_t ash_hugeblock_pool(const struct ash_heap *heap);
uint64_t ash_hugeblock_pool_refused(const struct ash_heap *heap);

/* Whether the equations of struct ash_growing hold; those of the second take a walk over all
 * descriptors.  Caller holds its lock. */
bool ash_hugeblock_is_valid(const struct ash_heap *heap);
bool ash_hugeblock_places_are_valid(const struct ash_heap *heap);

#endif
