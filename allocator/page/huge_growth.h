/* Huge pages where memory grows: a block that is about to fill becomes one before it is
 * touched.
 *
 * Where a heap grows and fills its blocks to the end with small objects, it will fill the next
 * one, too.  A fault for each of its 512 pages then costs several times what one huge page
 * does.  So such a block is collapsed (MADV_COLLAPSE) while it is empty, or has a part of its
 * granules taken where the heap is so small that the rest of a huge page would be seen in it.
 * That is done by the call that takes from it: it saves that call's thread the faults.
 *
 * One block at a time is *rising*: begun, and not filled yet.  Where another is begun before it
 * is filled, where it drains, or where nothing is taken from it any more, it is dropped: a huge
 * page that is less than half used then falls apart, and what was not used of it goes.
 *
 * Collapsing and not advice, because it leaves the mapping in one piece, of which khugepaged
 * makes nothing more, and because it says whether there is a huge page. */
#ifndef ASH_PAGE_HUGE_GROWTH_H
#define ASH_PAGE_HUGE_GROWTH_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"
#include "util/compiler.h"

/* A run was just taken from the block; with `fresh`, the first since it held no memory. Returns
 * whether the caller is to call ash_huge_growth_make, without a lock and before it hands the
 * run out.  Caller holds the page lock. */
bool ash_huge_growth_look(struct ash_heap *heap, struct ash_hugeblock *block, bool fresh);

ASH_INLINE bool ash_huge_growth_taken(struct ash_heap *heap, struct ash_hugeblock *block,
				      bool fresh)
{
	return ASH_UNLIKELY(fresh || block == heap->huge_growth.rising) &&
	       ash_huge_growth_look(heap, block, fresh);
}

/* Makes the block a huge page, if the kernel has one; `own` is a byte of it that is the
 * caller's and that nobody has seen yet.  Keeps errno. */
void ash_huge_growth_make(struct ash_heap *heap, struct ash_hugeblock *block, char *own);

/* Once in an epoch: where the rising block did not change for a second it is dropped.  Takes
 * the page lock itself. */
void ash_huge_growth_age(struct ash_heap *heap, uint32_t epoch);

/* Whether the equations of struct ash_huge_growth hold.  Caller holds the page lock. */
bool ash_huge_growth_is_valid(const struct ash_heap *heap);

#endif
