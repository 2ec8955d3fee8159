/* What is asked of huge pages when a hugeblock is mapped.  (Making them of blocks that are well
 * used is another matter: reclaim/hugify.h.) */
#ifndef ASH_PAGE_HUGE_ADVICE_H
#define ASH_PAGE_HUGE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* Reads what the machine allows.  Once, at boot. */
void ash_huge_advice_init(struct ash_heap *heap, enum ash_thp mode);

/* Blocks or a part of one were mapped, `size` bytes: gives them the advice that the mode asks
 * for.  Keeps errno. */
void ash_huge_advice_mapped(const struct ash_heap *heap, void *address, size_t size);

/* Where the kernel makes huge pages by itself (advice.everywhere): not of this block, of which
 * pages were given back, or it fills it again (khugepaged); and of this one again.  (Blocks in
 * a row with the same advice stay one mapping.) */
void ash_huge_advice_sparse(uintptr_t address, bool sparse);

/* Whether the kernel was told something of this block alone, and whether it may be, which
 * counts as told.  Advice of its own may make each a mapping of its own, and the next behind
 * it, of which a process has 65,530: of so many blocks at most.  Caller holds the page lock. */
bool ash_huge_advice_is_told_of(const struct ash_hugeblock *block);
bool ash_huge_advice_may_begin(struct ash_heap *heap, const struct ash_hugeblock *block);
/* The block is being unmapped, and what was told of it goes with it; and the kernel refused.
 * Caller holds the page lock. */
struct ash_told_of {
	uint8_t told, advice;
};
struct ash_told_of ash_huge_advice_forget(struct ash_heap *heap, struct ash_hugeblock *block);
void ash_huge_advice_remember(struct ash_heap *heap, struct ash_hugeblock *block,
			      struct ash_told_of of);

/* Of one block that is to be a huge page, whatever it was told before; false where the kernel
 * refuses. */
bool ash_huge_advice_give(struct ash_hugeblock *block);
/* A part of the block is about to go to the kernel, which is not to fill it again (khugepaged):
 * where such advice was given. */
void ash_huge_advice_withdraw_slow(struct ash_hugeblock *block);
ASH_INLINE void ash_huge_advice_withdraw(struct ash_hugeblock *block)
{
	if (ASH_UNLIKELY(ash_load_relaxed(&block->advice) == ASH_ADVICE_HUGE))
		ash_huge_advice_withdraw_slow(block);
}

#endif
