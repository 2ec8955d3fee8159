/* Hugeblocks: mapping them into the window and keeping their descriptors. */
#ifndef ASH_PAGE_HUGEBLOCK_H
#define ASH_PAGE_HUGEBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often the heap has grown: to be read before looking for room. */
uint32_t ash_hugeblock_growths(void);

/* Maps more blocks (an eighth of the heap, at most 1 GiB; a single one where that is
 * refused) and hands each to `add`, called under the lock of rank GROW.  Where the heap has
 * grown since `seen` it does nothing: of many threads that found it full at once one grows it,
 * and all look again.  False with ENOMEM where the kernel has no memory or the window is full.
 * Call without a lock. */
struct ash_hugeblock;
bool ash_hugeblock_grow(uint32_t seen, void (*add)(struct ash_hugeblock *block));

/* Unmaps a block that no list holds; its place and descriptor are used again when the heap
 * grows.  False where the kernel refuses: the block is then as it was. */
bool ash_hugeblock_release(struct ash_hugeblock *block);

/* Bytes of hugeblocks mapped. */
size_t ash_hugeblock_mapped(void);

/* Whether blocks are to be pages of the hugetlb pool, as far as it has some; at boot.  Others
 * are ordinary memory. */
void ash_hugeblock_use_pool(bool use);
/* Bytes of blocks that are, and how often the heap grew by others because the pool refused. */
size_t ash_hugeblock_pool(void);
uint64_t ash_hugeblock_pool_refused(void);

struct ash_mutex;
struct ash_mutex *ash_hugeblock_mutex(void); /* for fork */

#endif
