/* Hugeblocks: mapping them into the window and keeping their descriptors. */
#ifndef ASH_PAGE_HUGEBLOCK_H
#define ASH_PAGE_HUGEBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maps more blocks (an eighth of the heap, at most 1 GiB; a single one where that is
 * refused) and hands each to `add`, called under no lock.  False with ENOMEM where the
 * kernel has no memory or the window is full.  Call without a lock. */
struct ash_hugeblock;
bool ash_hugeblock_grow(void (*add)(struct ash_hugeblock *block));

/* Unmaps a block that no list holds; its place and descriptor are used again when the heap
 * grows.  False where the kernel refuses: the block is then as it was. */
bool ash_hugeblock_release(struct ash_hugeblock *block);

/* Bytes of hugeblocks mapped. */
size_t ash_hugeblock_mapped(void);

struct ash_mutex;
struct ash_mutex *ash_hugeblock_mutex(void); /* for fork */

#endif
