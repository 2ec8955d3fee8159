/* The claim: one thread at a time does the work of rounds and relief, who took it (acquire),
 * until it gives it back (release).  It holds the claim while it takes locks, never the other
 * way round. */
#ifndef ASH_RECLAIM_CLAIM_H
#define ASH_RECLAIM_CLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"
#include "util/assert.h"

/* False where somebody else works. */
static inline bool ash_claim_try(struct ash_heap *heap)
{
	uint32_t nobody = 0;

	return ash_cas_acquire(&heap->rounds.claim, &nobody, 1);
}

static inline void ash_claim_give_back(struct ash_heap *heap)
{
	ash_assert(ash_load_relaxed(&heap->rounds.claim) == 1);
	ash_store_release(&heap->rounds.claim, 0);
}

#endif
