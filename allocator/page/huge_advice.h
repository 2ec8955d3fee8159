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
