/* Huge pages, block by block.
 *
 * A hugeblock becomes a huge page when it has been well used for a second: 7/8 of its granules
 * taken, and 15/16 of its memory resident already, so that the rest costs little.  Small and
 * young heaps never have any, and a thread's first objects do not cost 2 MiB.  The kernel is
 * asked to do it at once (MADV_COLLAPSE, which leaves the mapping whole); one that does not
 * know how is given advice, for few blocks.  Blocks whose use falls below a half are broken up
 * again by the purge of what is free in them.
 *
 * What a fork shares with a relative that lives is left alone: such a block bears its mark.
 * When the mark ends, what was a huge page before the fork is made one again.
 *
 * Source: the policy of Temeraire (Hunter et al., OSDI 2021), by collapsing instead of starting
 * from whole huge pages. */
#ifndef ASH_RECLAIM_HUGIFY_H
#define ASH_RECLAIM_HUGIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* Other bounds than those above, at boot: bytes of a block in use from which on it is well used
 * (clipped to a granule and 2 MiB), and for how many ms. */
void ash_hugify_set_threshold(struct ash_heap *heap, uint64_t bytes);
void ash_hugify_set_delay_ms(struct ash_heap *heap, uint64_t ms);

/* Makes up to `most` blocks huge pages, each some 0.3 ms of work.  Returns whether some are
 * left, or will be old enough soon.  One thread at a time, under no lock. */
bool ash_hugify_step(struct ash_heap *heap, uint32_t epoch, unsigned most);

/* The memory of holes in the block is about to go although it is a huge page. */
void ash_hugify_break(struct ash_heap *heap, struct ash_hugeblock *block);

/* The same of blocks that are not full, whose free granules then are to go like others, until
 * these are `bytes`: for when nothing else is left.  Returns how many bytes they are.  Call
 * without a lock. */
size_t ash_hugify_break_some(struct ash_heap *heap, size_t bytes);

/* Blocks made huge pages so far. */
uint64_t ash_hugify_count(const struct ash_heap *heap);

/* Whether the equations of struct ash_hugify hold.  The claimant's to ask. */
bool ash_hugify_is_valid(const struct ash_heap *heap);

#endif
