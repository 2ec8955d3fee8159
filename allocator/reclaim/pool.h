/* Pages of the hugetlb pool, which an option makes hugeblocks of (page/hugeblock.h).
 *
 * The kernel takes such a page back whole or not at all, so what is free in it is kept; one
 * that has been wholly free for a while is unmapped, and is the pool's again. */
#ifndef ASH_RECLAIM_POOL_H
#define ASH_RECLAIM_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* For how long: -1 = for good; 2,000 unless set.  At boot. */
void ash_pool_set_decay_ms(struct ash_heap *heap, int64_t ms);

/* Unmaps up to `most` pages that have been free for so long.  Returns whether some are free.
 * One thread at a time, under no lock. */
bool ash_pool_step(struct ash_heap *heap, uint32_t epoch, unsigned most);

#endif
