#include "reclaim/claim.h"

#include "os/os.h"
#include "os/stalls.h"
#include "util/assert.h"
#include "util/atomic.h"

static __thread const struct ash_heap *claimed_here; /* the heap whose claim this thread has */

bool ash_claim_try(struct ash_heap *heap)
{
	uint32_t nobody = 0;

	if (!ash_cas_acquire(&heap->rounds.claim, &nobody, 1))
		return false;
	claimed_here = heap;
	return true;
}

void ash_claim_await(struct ash_heap *heap)
{
	uint64_t begin_ns;

	ash_assert(claimed_here == NULL);
	if (ash_claim_try(heap))
		return;
	begin_ns = ash_os_stall_begin();
	/* Not by yielding: under a real-time policy that would keep the CPU from whoever works.
	 */
	do
		ash_os_sleep(100000);
	while (!ash_claim_try(heap));
	ash_os_stall_end(ASH_OS_STALL_LOCK, begin_ns);
}

void ash_claim_give_back(struct ash_heap *heap)
{
	struct ash_misuse misuse = heap->rounds.postponed;

	ash_assert(claimed_here == heap && ash_load_relaxed(&heap->rounds.claim) == 1);
	heap->rounds.postponed.kind = ASH_MISUSE_NONE;
	claimed_here = NULL;
	ash_store_release(&heap->rounds.claim, 0);
	if (ASH_UNLIKELY(misuse.kind != ASH_MISUSE_NONE))
		ash_misuse_hook(&misuse);
}

bool ash_claim_postpone(struct ash_heap *heap, const struct ash_misuse *misuse)
{
	if (!ash_claim_is_mine(heap))
		return false;
	if (heap->rounds.postponed.kind == ASH_MISUSE_NONE)
		heap->rounds.postponed = *misuse;
	return true;
}

bool ash_claim_is_mine(const struct ash_heap *heap)
{
	return claimed_here == heap;
}
