/* Huge pages where memory grows: a block that will be filled is one from its first touch.
 *
 * Where a heap grows and fills its blocks to the end with small objects, it will fill the next
 * one, too.  A fault for each of its 512 pages then costs several times what one for a huge
 * page does.  So the call that begins such a block gives the kernel the advice, and touches it.
 *
 * One block at a time is *rising*: begun, and not filled yet.  Where another is begun before it
 * is filled, where it drains, or where nothing is taken from it any more, it is dropped: a huge
 * page no more, whose free granules go like any others.
 *
 * Advice, and not a collapse: that would first wait until every CPU of the machine has run a
 * task of the kernel's (lru_add_drain_all), for milliseconds where they are busy.  Whether
 * there is a huge page is told by the time that the touch took.  Where that is more than the
 * faults that it spares would take, most of the next blocks grow by small pages.  The advice is
 * withdrawn when a part of the block goes back to the kernel. */
#ifndef ASH_PAGE_HUGE_GROWTH_H
#define ASH_PAGE_HUGE_GROWTH_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* A run was just taken from the block, the first since it held no memory.  Returns whether the
 * caller is to call ash_huge_growth_make, without a lock and before it hands the run out.
 * Caller holds the page lock. */
bool ash_huge_growth_begin(struct ash_heap *heap, struct ash_hugeblock *block);

/* Makes the block a huge page, if the kernel has one; `own` is a byte of it that is the
 * caller's and that nobody has seen yet.  Keeps errno. */
void ash_huge_growth_make(struct ash_heap *heap, struct ash_hugeblock *block, char *own);

/* Once in an epoch: where the rising block did not change for a second it is dropped.  Takes
 * the page lock itself. */
void ash_huge_growth_age(struct ash_heap *heap, uint32_t epoch);

/* Whether the equations of struct ash_huge_growth hold.  Caller holds the page lock. */
bool ash_huge_growth_is_valid(const struct ash_heap *heap);

#endif
