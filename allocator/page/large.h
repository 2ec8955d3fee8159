/* Large allocations: above 32 KiB, or aligned beyond what a slab offers.
 *
 * Up to 1 MiB they are runs of a hugeblock, exact to the OS page in what they touch; above
 * that mappings of their own, found in the far table.  `usable` counts whole OS pages. */
#ifndef ASH_PAGE_LARGE_H
#define ASH_PAGE_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/window.h"
#include "os/os.h"
#include "page/heap.h"
#include "page/run.h"
#include "util/atomic.h"
#include "util/bits.h"
#include "util/compiler.h"

struct ash_far;

/* size up to PTRDIFF_MAX, align a power of two.  *zeroed (where not NULL) tells whether the
 * memory reads as zero.  NULL with ENOMEM.  Call without a lock. */
void *ash_large_alloc(struct ash_heap *heap, size_t size, size_t align, bool *zeroed);

/* The same for one that is likely to grow: where it is a run, with as much room behind it
 * unless many others have some. */
void *ash_large_alloc_growing(struct ash_heap *heap, size_t size);

/* A run that waited serves a request of so many bytes, which is no longer, and lies where it
 * lay; the memory is as it was.  Returns its usable bytes.  Its tail may have to be noted
 * (ash_run_has_tail). */
ASH_INLINE size_t ash_large_use_again(const struct ash_heap *heap, struct ash_run *run,
				      size_t size)
{
	/* ash_align_up by the last byte, which is what the count by size asks for.  (Of longer
	 * pages a run has less than whole ones.) */
	size_t usable = ((size - 1) | heap->page_last) + 1;

	ash_run_end_waiting(run, usable);
	return usable;
}

/* The large run that begins at p, at first sight; NULL where none does. */
ASH_INLINE struct ash_run *ash_large_run_at(const void *p)
{
	struct ash_hugeblock *block;
	struct ash_run *run;

	if ((uintptr_t)p % ASH_GRANULE != 0)
		return NULL;
	block = ash_block_at(p);
	if (ASH_UNLIKELY(block == NULL))
		return NULL;
	run = ash_block_run_beginning(block, p);
	return ASH_LIKELY(ash_load_relaxed(&run->state) == ASH_RUN_LARGE) ? run : NULL;
}

/* Clears what was handed out and held something: all of its usable bytes.  It may also be an
 * arena's, or a small object. */
void ash_large_clear(void *p, size_t usable);

/* The two kinds are taken back apart: the caller has looked the pointer up.  False where
 * another thread freed the run meanwhile. */
bool ash_large_free_run(struct ash_heap *heap, struct ash_run *run);
void ash_large_free_mapping(struct ash_heap *heap, const struct ash_far *entry);

/* Another size in place; false where it cannot be, the allocation is then as it was. */
bool ash_large_resize_run(struct ash_heap *heap, struct ash_run *run, size_t size);

/* What such an allocation has of usable bytes, also as an arena's: whole OS pages; 0 where
 * there is none of this size. */
size_t ash_large_usable(size_t size);

/* Whether an allocation of this size would be a run. */
ASH_INLINE bool ash_large_is_run(size_t size)
{
	return size <= ASH_RUN_MOST << ASH_GRANULE_SHIFT;
}

#endif
