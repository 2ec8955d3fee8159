/* The account: how much memory of which kind the heap has.  The ground of this folder: it
 * knows nobody who takes or gives back; its equation and fields are those of struct
 * ash_account.
 *
 * Counts of granules are changed under the page lock by block.h, run.h and dirty.h, the cached
 * bytes under the mappings lock by mapping_cache.h, and read by anyone. */
#ifndef ASH_PAGE_ACCOUNT_H
#define ASH_PAGE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"

/* Bytes that may be backed by memory: granules that are in use or hold what was freed, without
 * the pages given back inside slabs; mappings, cached ones too; metadata; and what is just
 * being given back. */
size_t ash_account_held(const struct ash_heap *heap);

/* Memory is about to leave one of the counts for the kernel or for another count, by way of a
 * system call; and has arrived there, as a whole or in parts.  In between it counts as held. */
void ash_account_depart(struct ash_heap *heap, size_t bytes);
void ash_account_arrive(struct ash_heap *heap, size_t bytes);
size_t ash_account_departed(const struct ash_heap *heap);

/* In a forked child: what vanished threads had on its way arrives nowhere; this thread's does.
 */
void ash_account_after_fork(struct ash_heap *heap);

/* Granules in use in all hugeblocks; free ones that may hold memory which is to go; free ones
 * that were left to the kernel; and free ones whose memory stays (they are part of huge pages,
 * or the kernel refuses to take them). */
size_t ash_account_in_use(const struct ash_heap *heap);
size_t ash_account_dirty(const struct ash_heap *heap);
size_t ash_account_muzzy(const struct ash_heap *heap);
size_t ash_account_kept(const struct ash_heap *heap);

/* Bytes in the cache of freed mappings. */
size_t ash_account_cached(const struct ash_heap *heap);

/* Granules taken, ever: a clock that goes as fast as the program takes memory. */
ASH_INLINE size_t ash_account_clock(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.clock);
}

/* Extents of arenas that came to hold memory (more) or hold none any more (less); their bytes.
 */
void ash_account_count_arenas(struct ash_heap *heap, long bytes);
size_t ash_account_arenas(const struct ash_heap *heap);

/* Pages inside slabs that were given back (more) or came into use again (less). */
void ash_account_count_holes(struct ash_heap *heap, long pages);
size_t ash_account_hole_bytes(const struct ash_heap *heap);

/* Whether the equations hold that need no look at the blocks.  Caller holds the page lock. */
bool ash_account_is_valid(const struct ash_heap *heap);
/* Whether the sums over all blocks are what is counted, too: walks them. */
bool ash_account_is_sum(const struct ash_heap *heap);

#endif
