/* The background thread: gives memory back while the program does nothing.
 *
 * There is none until it is started, from a slow path that holds no lock: a process of one
 * thread has none unless it asks.  It is detached, runs by the ordinary scheduling policy on
 * the CPUs of the process whoever started it, has all signals blocked and allocates nothing. It
 * does not exist in a forked child until started there. */
#ifndef ASH_PAGE_BACKGROUND_H
#define ASH_PAGE_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

/* One round of work; returns ns until the next one is due, 0 = none until somebody wakes it,
 * ASH_BACKGROUND_END = the thread shall end.  It must, once the program's own threads have: a
 * process whose main thread left by pthread_exit ends with its last thread. */
#define ASH_BACKGROUND_END UINT64_MAX
extern uint64_t (*ash_background_hook)(void);

/* Called by the thread before its first round, where the program has not confined itself, and
 * after its last one. */
extern void (*ash_background_begins)(void);
extern void (*ash_background_ends)(void);

/* Starts it where there is none.  Where resources were wanting (EAGAIN, ENOMEM) it is tried
 * again a second later at the soonest, after any other refusal never in this process and its
 * children.  May allocate: call without a lock and ready to be re-entered. */
void ash_background_start(void);
/* The next start tries at once. */
void ash_background_retry(void);
bool ash_background_running(void);
/* Whether the kernel still counts it among the process's, or will: for a moment after it ended,
 * too.  Where the program may have confined itself the end of its work is all that is known. */
bool ash_background_is_there(void);
/* Whether a thread is just making it; and whether it would try: not where it was refused. */
bool ash_background_starts(void);
bool ash_background_may_start(void);
/* Lets it work again; cheap where it is awake. */
void ash_background_wake(void);
/* Threads of the program have ended: as above, or with `over`, where none is left, also when it
 * sleeps until its next round. */
void ash_background_hurry(bool over);
/* In a forked child. */
void ash_background_after_fork(void);

#endif
