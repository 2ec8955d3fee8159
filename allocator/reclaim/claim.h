/* The claim: one thread at a time does the work of rounds and relief, who took it (acquire),
 * until it gives it back (release).  It holds the claim while it takes locks, never the other
 * way round. */
#ifndef ASH_RECLAIM_CLAIM_H
#define ASH_RECLAIM_CLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* False where somebody else works. */
bool ash_claim_try(struct ash_heap *heap);

/* Waits for the work of another to end, a millisecond or two.  Call without a lock, and not by
 * who has it. */
void ash_claim_await(struct ash_heap *heap);

void ash_claim_give_back(struct ash_heap *heap);

/* Whether this thread has it. */
bool ash_claim_is_mine(const struct ash_heap *heap);

#endif
