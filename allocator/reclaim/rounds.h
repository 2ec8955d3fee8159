/* What ticks do for the process as a whole: once per epoch count the active threads, take idle
 * threads' spares, empty inboxes, trim the depot; and let free memory decay to the kernel.
 *
 * Ticks come from slow paths and from the background thread; one thread at a time works: who
 * took the claim (acquire), until it gives it back (release).  What is the claimant's (the
 * epoch, the purger's decay and cursors) needs no other lock; others read it relaxed.  It holds
 * the claim while it takes locks, never the other way round. */
#ifndef ASH_CACHE_RECLAIM_H
#define ASH_CACHE_RECLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_shard;

/* Whether a background thread may be started (option background_thread). */
extern bool ash_reclaim_background;

/* Whether ticks look for signs that memory is short (option pressure_purge), and whether holes
 * in slabs are purged (not under dirty_decay_ms:-1). */
extern bool ash_reclaim_pressure;
extern bool ash_reclaim_holes;

void ash_reclaim_init(void);

/* The background thread is started when a second thread has been seen or the heap is above
 * 64 MiB, and only by who allocates (`may_start`): libc frees a thread's own memory while it
 * holds the lock that pthread_create takes.  A free that would start it leaves a wish, which
 * the next slow path of an allocation fulfils. */
extern uint32_t ash_reclaim_start_wished; /* atomic */

/* A thread noticed the clock in a slow path: it works, or wakes the background thread.  May
 * allocate where it may start: call without a lock. */
void ash_reclaim_tick(uint64_t now_ns, bool may_start);

/* Something large was freed: the program may fall silent before its next tick, so the
 * background thread hears of it now. */
void ash_reclaim_notice(bool may_start);

/* Something large was allocated: where the heap is large the background thread is there before
 * anything can be freed. */
void ash_reclaim_grown(void);

/* What other threads left for the shard goes to its bins. */
void ash_reclaim_inbox(struct ash_shard *shard);

/* Around fork: takes the claim, which waits for a round of work to end; gives it back; and, in
 * the child, forgets the background thread. */
void ash_reclaim_before_fork(void);
void ash_reclaim_end_fork(void);
void ash_reclaim_after_fork(void);

/* Threads that were in a slow path in the last epochs; at least 1. */
unsigned ash_reclaim_active_threads(void);

/* Looks that found memory short so far. */
uint64_t ash_reclaim_pressed(void);

/* All that can be given back without taking from threads, at once: depot, inboxes, cached
 * mappings, empty hugeblocks (unmapped), free runs.  Returns whether anything was there. */
bool ash_reclaim_all(void);

#endif
