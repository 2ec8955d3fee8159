#include "reclaim/claim.h"

#include "os/mutex.h"
#include "os/os.h"
#include "os/stalls.h"
#include "util/assert.h"
#include "util/atomic.h"

/* Waits of this thread's, one inside of another in handlers of signals. */
static __thread uint32_t waits;

static bool take(struct ash_heap *heap)
{
	uint32_t nobody = 0;

	return ash_cas_acquire(&heap->rounds.claim, &nobody, ash_mutex_number());
}

bool ash_claim_try(struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->rounds.claim_awaited) == 0 && take(heap);
}

/* For so long at a time: who waits for a fork looks at more than the claim. */
#define LOOK_NS 100000u

/* False as soon as is_awaited, where it is not NULL.  Who waits sleeps on the claim.  It counts
 * itself before it looks at the claim again; who gives that back stores it and then looks at
 * the count.  Both are sequentially consistent, so that one sees the other. */
static bool wait_for(struct ash_heap *heap, bool (*is_awaited)(void))
{
	uint32_t *claim = &heap->rounds.claim;
	bool taken;

	waits++;
	ash_add_seq_cst(&heap->rounds.claim_awaited, 1);
	while (!(taken = take(heap)) && (is_awaited == NULL || !is_awaited())) {
		uint32_t holder = ash_load_seq_cst(claim);

		if (holder != 0)
			ash_os_futex_wait_for(claim, holder,
					      is_awaited == NULL ? UINT64_MAX : LOOK_NS);
	}
	ash_sub_relaxed(&heap->rounds.claim_awaited, 1);
	waits--;
	return taken;
}

void ash_claim_await(struct ash_heap *heap)
{
	uint64_t begin_ns;

	ash_assert(!ash_claim_is_mine(heap));
	if (take(heap))
		return;
	begin_ns = ash_os_stall_begin();
	wait_for(heap, NULL);
	ash_os_stall_end(ASH_OS_STALL_LOCK, begin_ns);
}

bool ash_claim_await_unless(struct ash_heap *heap, bool (*is_awaited)(void))
{
	ash_assert(!ash_claim_is_mine(heap));
	return take(heap) || wait_for(heap, is_awaited);
}

static void release(struct ash_heap *heap)
{
	ash_exchange_seq_cst(&heap->rounds.claim, 0);
	if (ASH_UNLIKELY(ash_load_seq_cst(&heap->rounds.claim_awaited) != 0))
		ash_os_futex_wake(&heap->rounds.claim);
}

void ash_claim_renew(struct ash_heap *heap)
{
	ash_store_relaxed(&heap->rounds.claim_awaited, waits);
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
	release(heap);
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
