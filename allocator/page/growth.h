/* Growth: tells when the heap touches memory that it did not hold before, so that what others
 * do without can go first.
 *
 * Whoever takes fresh memory, granules of hugeblocks or a mapping, notes it, under whatever
 * lock; and looks afterwards, under none. */
#ifndef ASH_PAGE_GROWTH_H
#define ASH_PAGE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"
#include "util/atomic.h"
#include "util/compiler.h"

#define ASH_GROWTH_STEP ((size_t)512 << 10) /* the least, in bytes */

/* Called under no lock at each step of growth: each time that fresh memory since the last call
 * came to a 64th of what is held, and to 512 KiB, from 4 MiB on.  `bytes` is two such steps
 * where more is held than ever before, else 0: where they are given back, the peak stays what
 * it was.  Returns whether it has more to do and is to be called again after a quarter of a
 * step, for one call is not to take long.  NULL = nobody listens. */
extern bool (*ash_growth_hook)(struct ash_heap *heap, size_t bytes);

/* Bytes of fresh memory that are being taken. */
ASH_INLINE void ash_growth_note(struct ash_heap *heap, size_t bytes)
{
	if (bytes != 0)
		ash_add_relaxed(&heap->growth.fresh, bytes);
}

void ash_growth_tell(struct ash_heap *heap);

/* The heap has become smaller, and so have the steps in which it grows. */
ASH_INLINE void ash_growth_anew(struct ash_heap *heap)
{
	ash_store_relaxed(&heap->growth.step, ASH_GROWTH_STEP);
}

ASH_INLINE void ash_growth_look(struct ash_heap *heap)
{
	if (ASH_UNLIKELY(ash_load_relaxed(&heap->growth.fresh) >=
			 ash_load_relaxed(&heap->growth.step)))
		ash_growth_tell(heap);
}

#endif
