/* What the files of this folder that look into hugeblocks share.  Everything here happens under
 * the page lock (ash_page_mutex). */
#ifndef ASH_PAGE_BLOCK_H
#define ASH_PAGE_BLOCK_H

#include <stdbool.h>
#include "meta/descriptor.h"

/* Blocks that are well used and no huge pages yet, by `dense`; blocks with bits in `tails`, by
 * `tailed`.  The oldest first. */
extern struct ash_list ash_dense_blocks, ash_tailed_blocks;

/* Pages of the hugetlb pool that are wholly free, by `dense`. */
extern struct ash_list ash_pool_blocks;

/* Granules of a block in use: from `dense` on it is well used, and until it falls below
 * `dense_no_more`; a huge page below `broken` is broken up.  Each at least 1: an empty block is
 * neither.  Constant after boot. */
struct ash_block_bounds {
	unsigned dense, dense_no_more, broken;
};
extern struct ash_block_bounds ash_block_bounds;

/* Sets why the block's free granules keep their memory (bits of enum ash_keep). */
void ash_block_keep(struct ash_hugeblock *block, unsigned keep);

/* All of its memory is resident. */
void ash_block_fill(struct ash_hugeblock *block);

/* Whether it is on the list of well used blocks. */
bool ash_block_is_dense(const struct ash_hugeblock *block);

/* After the block's bits changed: puts it on the lists that it belongs to now. */
void ash_block_changed(struct ash_hugeblock *block);

/* Blocks that came to the list (by `dense`) since the last look are due at epoch `due`. */
static inline void ash_block_date_new(struct ash_list *list, uint32_t due)
{
	for (struct ash_list *n = list->prev; n != list; n = n->prev) {
		struct ash_hugeblock *block = ASH_LIST_ENTRY(n, struct ash_hugeblock, dense);

		if (block->dense_epoch != 0)
			return;
		block->dense_epoch = due + (due == 0); /* 0 means not dated */
	}
}

/* Unmaps a wholly free block that packing and ash_pool_blocks hold no more, or puts it back
 * where the kernel refuses and returns false.  Called with the lock held, which it lets go of.
 */
bool ash_block_release(struct ash_hugeblock *block);

/* Takes the block's first bit of `tails`: the run, which until ash_run_tail_end neither goes
 * away nor changes its length; NULL where there is none. */
struct ash_run *ash_run_tail_begin(struct ash_hugeblock *block);
void ash_run_tail_end(struct ash_run *run);

#endif
