#include "reclaim/claim.h"

#include "os/mutex.h"
#include "os/os.h"
#include "os/stalls.h"
#include "util/assert.h"
#include "util/atomic.h"

bool ash_claim_try(struct ash_heap *heap)
{
	uint32_t nobody = 0;

	return ash_cas_acquire(&heap->rounds.claim, &nobody, ash_mutex_number());
}

/* Not by yielding: under a real-time policy that would keep the CPU from whoever works. */
#define SLEEP_NS 100000u

void ash_claim_await(struct ash_heap *heap)
{
	uint64_t begin_ns;

	ash_assert(!ash_claim_is_mine(heap));
	if (ash_claim_try(heap))
		return;
	begin_ns = ash_os_stall_begin();
	do
		ash_os_sleep(SLEEP_NS);
	while (!ash_claim_try(heap));
	ash_os_stall_end(ASH_OS_STALL_LOCK, begin_ns);
}

bool ash_claim_await_unless(struct ash_heap *heap, bool (*is_awaited)(void))
{
	ash_assert(!ash_claim_is_mine(heap));
	while (!ash_claim_try(heap)) {
		if (is_awaited())
			return false;
		ash_os_sleep(SLEEP_NS);
	}
	return true;
}

void ash_claim_renew(struct ash_heap *heap)
{
	if (ash_claim_is_mine(heap))
		return;
	heap->rounds.postponed.kind = ASH_MISUSE_NONE;
	ash_store_release(&heap->rounds.claim, 0);
}

void ash_claim_give_back(struct ash_heap *heap)
{
	struct ash_misuse misuse = heap->rounds.postponed;

	ash_assert(ash_claim_is_mine(heap));
	heap->rounds.postponed.kind = ASH_MISUSE_NONE;
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
	return ash_load_relaxed(&heap->rounds.claim) == ash_mutex_number();
}
