/* Free granules on their way back to the kernel: reserved while they are purged, and settled by
 * what came of it. */
#ifndef ASH_PAGE_DIRTY_H
#define ASH_PAGE_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"

/* A range of dirty granules that nobody can take while it is purged. */
struct ash_dirty_range {
	struct ash_hugeblock *block;
	uint16_t first, count;
	bool purged; /* set by the caller before it gives the range back */
	bool lazily; /* the same: not gone, but the kernel may take it.  Where both stay false
			the block is left alone for a while */
};

/* Reserves ranges of dirty granules, or of muzzy ones (those that were given back lazily), at
 * most `most` and not many more granules than asked for, those that have been so longest first;
 * returns how many.  Each must be given back.  Call without a lock, as all of these. */
unsigned ash_dirty_reserve(struct ash_heap *heap, bool lazy, struct ash_dirty_range *range,
			   unsigned most, size_t granules);
void ash_dirty_return(struct ash_heap *heap, const struct ash_dirty_range *range, unsigned n);

/* The kernel refused to take memory of the block: it is left alone until ash_dirty_try_refused
 * lets all such blocks be tried again. */
void ash_dirty_refused(struct ash_heap *heap, struct ash_hugeblock *block);
void ash_dirty_try_refused(struct ash_heap *heap);

/* The least that was dirty since the last call, not counting what was purged meanwhile: nobody
 * needed that many granules. */
size_t ash_dirty_low(struct ash_heap *heap);

/* Granules that were taken again while dirty, ever. */
uint64_t ash_dirty_retaken(const struct ash_heap *heap);

#endif
