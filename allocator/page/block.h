/* One hugeblock's place among the others: which lists it is on, why its free granules keep
 * their memory, and how they are counted.
 *
 * run.h changes the block's bits and dirty.h what they say of its memory; both then call
 * ash_block_changed.  Everything here happens under the page lock, but what says otherwise. */
#ifndef ASH_PAGE_BLOCK_H
#define ASH_PAGE_BLOCK_H

#include <stdbool.h>
#include "page/heap.h"

static inline bool ash_block_is_listed(const struct ash_list *node)
{
	return node->next != node;
}

/* A block that was just mapped, in no list yet: empty, and anybody's from here on; or the first
 * one, of which what was missing was mapped just now.  By who grows the heap, under that lock.
 * Takes the page lock itself. */
void ash_block_add(struct ash_heap *heap, struct ash_hugeblock *block);

/* Sets why the block's free granules keep their memory (bits of enum ash_keep). */
void ash_block_keep(struct ash_heap *heap, struct ash_hugeblock *block, unsigned keep);

/* All of its memory is resident; of a block that is wholly mapped. */
void ash_block_fill(struct ash_heap *heap, struct ash_hugeblock *block);

/* The kernel made it a huge page: all of it is resident, and what slabs know of their holes is
 * void; with `kept` what is free in it is not to be purged. */
void ash_block_become_huge(struct ash_heap *heap, struct ash_hugeblock *block, bool kept);

/* Pages inside the block are about to be given back.  The kernel may have backed it by a huge
 * page at its first touch, so granules that nobody ever used hold memory, too: from here on
 * they count as free ones that do.  Once, until the block is empty.  Takes the page lock
 * itself. */
void ash_block_becomes_sparse(struct ash_heap *heap, struct ash_hugeblock *block);

/* Whether it is on the list of well used blocks. */
bool ash_block_is_dense(const struct ash_hugeblock *block);

/* Whether less than half of the block is in use, counting the objects in its slabs; without any
 * lock, roughly. */
bool ash_block_is_half_empty(const struct ash_heap *heap, const struct ash_hugeblock *block);

/* After the block's bits changed: puts it on the lists that it belongs to now. */
void ash_block_changed(struct ash_heap *heap, struct ash_hugeblock *block);

/* Sets in `map` the granules that a purge may take: muzzy ones with `lazy`, else dirty ones.
 * The kernel gives back whole OS pages.  Where a page is larger than a granule (64 KiB: four
 * granules), it may go when all of its granules are free and one qualifies. */
void ash_block_purgeable(const struct ash_hugeblock *block, bool lazy, uint64_t map[2]);

/* Takes those of `count` free granules from `first` on that hold memory out of the counts of
 * free ones; returns how many were dirty. */
unsigned ash_block_uncount(struct ash_heap *heap, struct ash_hugeblock *block, unsigned first,
			   unsigned count);
/* The same where they go, to nobody. */
void ash_block_uncount_unneeded(struct ash_heap *heap, struct ash_hugeblock *block,
				unsigned first, unsigned count);
/* `n` granules of the block more are free and may hold memory. */
void ash_block_count_free(struct ash_heap *heap, const struct ash_hugeblock *block, size_t n);

/* Blocks that came to the list (by `dense`) since the last look are due at epoch `due`. */
void ash_block_date_new(struct ash_list *list, uint32_t due);

/* Unmaps a wholly free block that neither packing nor the pool has on a list.  Where the kernel
 * refuses, puts the block back and returns false.  Called with the lock held, and releases it.
 */
bool ash_block_release(struct ash_heap *heap, struct ash_hugeblock *block);

/* Bytes of hugeblocks that are in no run, whether memory is in them or not. */
size_t ash_block_idle(const struct ash_heap *heap);

/* Bytes of wholly free ones, as far as they can be unmapped. */
size_t ash_block_empty_bytes(const struct ash_heap *heap);

/* Unmaps wholly free hugeblocks, so that their addresses and memory can serve other purposes,
 * until `bytes` are gone, and no more of them than there are when it begins.  Returns how many
 * went.  Call without a lock. */
unsigned ash_block_release_empty(struct ash_heap *heap, size_t bytes);
/* The same of those that have held no memory for a second at `epoch`, or at all with `young`
 * and where addresses were limited from the start.  Returns whether some are left for later. */
bool ash_block_release_idle(struct ash_heap *heap, uint32_t epoch, bool young, size_t bytes);

/* Whether the equations of struct ash_hugeblock hold that are of its bitmaps alone. */
bool ash_block_is_valid(const struct ash_hugeblock *block);
/* Whether its granules' descriptors say the same, too: walks them. */
bool ash_block_is_described(const struct ash_hugeblock *block);

#endif
