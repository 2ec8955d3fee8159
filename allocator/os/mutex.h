/* A four-byte mutex: spins a little, then sleeps in the kernel.
 *
 * word: 0 free, 1 held, 2 held and somebody may sleep.  Taking it is an acquire, giving it
 * back a release.  The thread that is forking holds every mutex and may re-enter: for it
 * lock, try_lock and unlock do nothing while ash_mutex_forking is set. */
#ifndef ASH_OS_MUTEX_H
#define ASH_OS_MUTEX_H

#include <stdbool.h>
#include <stdint.h>
#include "os/delay.h"
#include "os/lock_rank.h"
#include "util/atomic.h"
#include "util/compiler.h"

struct ash_mutex {
	uint32_t word;
	uint32_t rank;
};

#define ASH_MUTEX_INIT(r) \
	{                 \
		0, (r)    \
	}

extern __thread bool ash_mutex_forking ASH_HIDDEN;

/* What taking locks of one rank that were taken has cost, ever.  Counted where a thread waits,
 * and nowhere else: how often they are taken is not. */
struct ash_mutex_waits {
	uint64_t spun;       /* had after a few polls */
	uint64_t slept;      /* after the thread had slept */
	uint64_t slept_ns;   /* all of these together */
	uint64_t longest_ns; /* of one */
	uint32_t most;       /* threads that slept at once */
};
void ash_mutex_read_waits(enum ash_lock_rank rank, struct ash_mutex_waits *waits);
/* All ranks begin anew. */
void ash_mutex_reset_waits(void);

void ash_mutex_lock_slow(struct ash_mutex *m);
void ash_mutex_wake(struct ash_mutex *m);

static inline void ash_mutex_init(struct ash_mutex *mutex, enum ash_lock_rank rank)
{
	mutex->word = 0;
	mutex->rank = rank;
}

static inline bool ash_mutex_try_lock(struct ash_mutex *mutex)
{
	uint32_t free = 0;

	if (ASH_UNLIKELY(ash_mutex_forking))
		return true;
	ash_delay();
	if (!ash_cas_acquire(&mutex->word, &free, 1))
		return false;
	ash_lock_rank_acquire(mutex->rank);
	ash_delay();
	return true;
}

static inline void ash_mutex_lock(struct ash_mutex *mutex)
{
	uint32_t free = 0;

	if (ASH_UNLIKELY(ash_mutex_forking))
		return;
	ash_lock_rank_acquire(mutex->rank);
	ash_delay();
	if (ASH_UNLIKELY(!ash_cas_acquire(&mutex->word, &free, 1)))
		ash_mutex_lock_slow(mutex);
	ash_delay();
}

static inline void ash_mutex_unlock(struct ash_mutex *mutex)
{
	if (ASH_UNLIKELY(ash_mutex_forking))
		return;
	ash_lock_rank_release(mutex->rank);
	ash_delay();
	if (ASH_UNLIKELY(ash_exchange_release(&mutex->word, 0) == 2))
		ash_mutex_wake(mutex);
	ash_delay();
}

/* For fork handlers: take whatever the thread's state, then release (parent) or make new
 * (child, in which nobody else can hold or await it). */
void ash_mutex_fork_prepare(struct ash_mutex *m);
void ash_mutex_fork_parent(struct ash_mutex *m);
void ash_mutex_fork_child(struct ash_mutex *m);

#endif
