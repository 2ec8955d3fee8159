/* The claim: one thread at a time does the work of rounds and relief, who took it (acquire),
 * until it gives it back (release).  It holds the claim while it takes locks, never the other
 * way round.  The claim is a word with the thread's number (os/mutex.h), 0 = nobody has it. */
#ifndef ASH_RECLAIM_CLAIM_H
#define ASH_RECLAIM_CLAIM_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* False where somebody else works, or waits to. */
bool ash_claim_try(struct ash_heap *heap);

/* Waits for the work of another to end, a millisecond or two.  Call without a lock, and not by
 * who has it. */
void ash_claim_await(struct ash_heap *heap);
/* By who may hold locks: false as soon as somebody waits for one of these (is_awaited), which
 * may be the other. */
bool ash_claim_await_unless(struct ash_heap *heap, bool (*is_awaited)(void));
/* In a forked child: vanished threads that had it, or waited for it, are no more. */
void ash_claim_renew(struct ash_heap *heap);

/* Reports what was postponed meanwhile: may not return, and runs the program's code.  Call
 * without a lock. */
void ash_claim_give_back(struct ash_heap *heap);

/* Whether this thread has it. */
bool ash_claim_is_mine(const struct ash_heap *heap);

/* Where this thread has the claim, keeps the report (of several the first) until it has given
 * it back, and returns true.  A handler of SIGABRT may fork, and a fork waits for the claim. */
bool ash_claim_postpone(struct ash_heap *heap, const struct ash_misuse *misuse);

#endif
