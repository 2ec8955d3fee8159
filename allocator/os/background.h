/* The background thread: gives memory back while the program does nothing.
 *
 * There is none until it is started, from a slow path that holds no lock: a small
 * single-threaded process never has one.  It is detached, has all signals blocked and a small
 * stack, allocates nothing, and does not exist in a forked child until started there again.  It
 * ends when it has had nothing to do for ten seconds: a process that went back to one thread
 * may unshare, enter a namespace, and use libc's shortcuts again. */
#ifndef ASH_PAGE_BACKGROUND_H
#define ASH_PAGE_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

/* One round of work; returns ns until the next one is due, 0 = none until somebody wakes it,
 * ASH_BACKGROUND_END = the thread shall end.  It must, once the program's own threads have: a
 * process whose main thread left by pthread_exit ends with its last thread. */
#define ASH_BACKGROUND_END UINT64_MAX
extern uint64_t (*ash_background_hook)(void);

/* Starts it where there is none; after a failure not again for ten seconds.  May allocate:
 * call without a lock and ready to be re-entered. */
void ash_background_start(uint64_t now_ns);
bool ash_background_running(void);
/* Lets it work again; cheap where it is awake. */
void ash_background_wake(void);
/* In a forked child. */
void ash_background_after_fork(void);

#endif
