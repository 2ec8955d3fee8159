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
