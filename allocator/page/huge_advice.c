#include "page/huge_advice.h"

#include <errno.h>

#include "os/thp.h"
#include "util/assert.h"

void ash_huge_advice_init(struct ash_heap *heap, enum ash_thp mode)
{
	enum ash_os_thp_policy policy =
		mode == ASH_THP_NEVER ? ASH_OS_THP_NEVER : ash_os_thp_policy();

	heap->advice.mode = mode;
	heap->advice.allowed = (mode == ASH_THP_DEFAULT || mode == ASH_THP_ALWAYS) &&
			       ash_os_thp_allowed(ASH_HUGE, policy);
	heap->advice.everywhere =
		mode == ASH_THP_ALWAYS ? heap->advice.allowed : policy == ASH_OS_THP_ALWAYS;
}

bool ash_huge_advice_is_told_of(const struct ash_hugeblock *block)
{
	return ash_load_relaxed(&block->advice) != ASH_ADVICE_NONE ||
	       block->told != ASH_TOLD_NOTHING;
}

bool ash_huge_advice_may_begin(struct ash_heap *heap, const struct ash_hugeblock *block)
{
	if (ash_huge_advice_is_told_of(block))
		return true;
	if (heap->advice.blocks >= heap->advice.blocks_most)
		return false;
	heap->advice.blocks++;
	return true;
}

struct ash_told_of ash_huge_advice_forget(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_told_of of = {block->told, ash_load_relaxed(&block->advice)};

	if (ash_huge_advice_is_told_of(block)) {
		ash_assert(heap->advice.blocks > 0);
		heap->advice.blocks--;
	}
	block->told = ASH_TOLD_NOTHING;
	ash_store_relaxed(&block->advice, (uint8_t)ASH_ADVICE_NONE);
	return of;
}

void ash_huge_advice_remember(struct ash_heap *heap, struct ash_hugeblock *block,
			      struct ash_told_of of)
{
	block->told = of.told;
	ash_store_relaxed(&block->advice, of.advice);
	if (ash_huge_advice_is_told_of(block))
		heap->advice.blocks++;
}

void ash_huge_advice_sparse(uintptr_t address, bool sparse)
{
	int saved = errno;

	ash_os_advise_huge((void *)address, ASH_HUGE, !sparse);
	errno = saved;
}

bool ash_huge_advice_give(struct ash_hugeblock *block)
{
	ash_store_relaxed(&block->advice, (uint8_t)ASH_ADVICE_HUGE);
	return ash_os_advise_huge((void *)block->address, ASH_HUGE, true);
}

void ash_huge_advice_withdraw_slow(struct ash_hugeblock *block)
{
	int saved = errno;

	ash_store_relaxed(&block->advice, (uint8_t)ASH_ADVICE_SMALL);
	ash_os_advise_huge((void *)block->address, ASH_HUGE, false);
	errno = saved;
}

void ash_huge_advice_mapped(const struct ash_heap *heap, void *address, size_t size)
{
	int saved = errno;

	ash_assert(size > 0 && size % ASH_GRANULE == 0);
	if (heap->advice.mode == ASH_THP_ALWAYS && heap->advice.allowed)
		ash_os_advise_huge(address, size, true);
	else if (heap->advice.mode == ASH_THP_NEVER)
		ash_os_advise_huge(address, size, false);
	errno = saved;
}
