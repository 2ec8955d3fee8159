/* What ticks do for the process as a whole: once per epoch count the active threads, take idle
 * threads' spares, empty inboxes, trim the depot; and let free memory decay to the kernel.
 *
 * Ticks come from slow paths and from the background thread; one thread at a time works: who
 * has the claim (claim.h).  What is the claimant's (the epoch, the purger's decay and cursors)
 * needs no other lock; others read it relaxed.
 *
 * The background thread is started by the program's second thread, in its first slow path of an
 * allocation: libc frees a thread's own memory while it holds the lock that pthread_create
 * takes.  What a program that confines itself may do then, it just did.
 * It ends when the program comes back to one thread, though there may be work left: the
 * thread that ends waits for it, and does what would wait for calls that may not come.  Where
 * threads come and go it ends a second after the last.
 *
 * In a program of one thread its calls do the work: ticks what goes by time, and those that
 * free what is freed (drain.h). */
#ifndef ASH_RECLAIM_ROUNDS_H
#define ASH_RECLAIM_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

struct ash_shard;

/* Asked at the end of each round, without the claim and under no lock: who above has memory
 * that goes by time; returns whether some is left.  Set at boot, NULL = nobody. */
extern bool (*ash_rounds_hook)(void);

void ash_rounds_init(void);

/* Starts the background thread where there is none and none was refused.  May allocate: call
 * without a lock. */
void ash_rounds_start(void);

/* From now on there is a background thread, also in a program of one thread, or none: returns
 * when that is so, false where none can be had.  Not by that thread; call without a lock. */
bool ash_rounds_set_background(bool wanted);

/* One round by the caller, unless another thread works: what is due by time goes. */
void ash_rounds_work(void);

/* A thread noticed the clock in a slow path: it works, or wakes the background thread.  Call
 * without a lock. */
void ash_rounds_tick(uint64_t now_ns);

/* Something large was freed, or a slow path did not tick: where much lies free some of it goes
 * at once, and the background thread hears of it now, for the program may fall silent before
 * its next tick. */
void ash_rounds_notice(void);

/* A thread gave heap->drain.step bytes more to the slabs and the depot than it took. */
void ash_rounds_freed(void);

/* What other threads left for the shard goes to its bins; the same for all shards. */
void ash_rounds_inbox(struct ash_shard *shard);
void ash_rounds_inboxes(void);

/* Around fork: takes the claim, which waits for a round of work to end; gives it back, where it
 * was taken; and, in the child, forgets the background thread and does the same.
 *
 * The first says whether it took the claim: not where the thread has it already.  Where a
 * signal handler forks that interrupted it with locks, whoever works may come to wait for one
 * of these (is_awaited).  Then that round is not waited for, and what it had in hand is lost to
 * the child.
 */
bool ash_rounds_before_fork(bool (*is_awaited)(void));
void ash_rounds_end_fork(void);
void ash_rounds_after_fork(bool claimed);

/* Between two rounds of the background thread, on average since its first; 0 = there was none.
 */
uint64_t ash_rounds_interval_ns(void);

/* Looks that found memory short so far. */
uint64_t ash_rounds_pressed(void);

/* Whether the equations of struct ash_rounds hold.  The claimant's to ask. */
bool ash_rounds_is_valid(const struct ash_heap *of);

#endif
