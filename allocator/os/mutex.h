/* A four-byte mutex: spins a little, then sleeps in the kernel.
 *
 * word: 0 free, else the number of the thread that holds it; the bits above that say for which
 * fork it took it (0: for none), and the sign whether somebody may sleep.  Taking it is an
 * acquire, giving it back a release.
 *
 * The thread that is forking holds every mutex and may re-enter: for it lock, try_lock and
 * unlock do nothing while ash_mutex_is_forking says so.  A signal handler may fork that
 * interrupted this very thread while it held a mutex, or while it forked: what it holds by then
 * is its own in the child as well, so that such a fork neither waits for it nor gives it back.
 */
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

#define ASH_MUTEX_NUMBERS 0x0fffffffu  /* bits for the thread's number */
#define ASH_MUTEX_FORK 0x10000000u     /* one of the seven forks, each inside of another, */
#define ASH_MUTEX_FORKS 7u             /* that a thread may be in */
#define ASH_MUTEX_SLEEPERS 0x80000000u /* the sign */

/* This thread's number, which it gets when it first takes a lock; 0 before.  The sign is set
 * while it holds all of them because it forks. */
extern __thread uint32_t ash_mutex_self ASH_HIDDEN;

ASH_INLINE bool ash_mutex_is_forking(void)
{
	return (int32_t)ash_mutex_self < 0;
}
void ash_mutex_set_forking(bool forking);

/* A number that no other thread has, never 0.  (They begin again after 268 million.) */
uint32_t ash_mutex_number(void);

/* Whether this thread holds it, and others sleep for it meanwhile. */
bool ash_mutex_is_mine(const struct ash_mutex *mutex);
bool ash_mutex_is_awaited(const struct ash_mutex *mutex);

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
/* For a thread without a number, or one that forks. */
bool ash_mutex_try_lock_cold(struct ash_mutex *m);
void ash_mutex_lock_cold(struct ash_mutex *m);

static inline void ash_mutex_init(struct ash_mutex *mutex, enum ash_lock_rank rank)
{
	mutex->word = 0;
	mutex->rank = rank;
}

static inline bool ash_mutex_try_lock(struct ash_mutex *mutex)
{
	uint32_t self = ash_mutex_self, free = 0;

	if (ASH_UNLIKELY((int32_t)self <= 0))
		return ash_mutex_try_lock_cold(mutex);
	ash_delay();
	if (!ash_cas_acquire(&mutex->word, &free, self))
		return false;
	ash_lock_rank_acquire(mutex->rank);
	ash_delay();
	return true;
}

static inline void ash_mutex_lock(struct ash_mutex *mutex)
{
	uint32_t self = ash_mutex_self, free = 0;

	if (ASH_UNLIKELY((int32_t)self <= 0)) {
		ash_mutex_lock_cold(mutex);
		return;
	}
	ash_lock_rank_acquire(mutex->rank);
	ash_delay();
	if (ASH_UNLIKELY(!ash_cas_acquire(&mutex->word, &free, self)))
		ash_mutex_lock_slow(mutex);
	ash_delay();
}

static inline void ash_mutex_unlock(struct ash_mutex *mutex)
{
	if (ASH_UNLIKELY(ash_mutex_is_forking()))
		return;
	ash_lock_rank_release(mutex->rank);
	ash_delay();
	if (ASH_UNLIKELY((int32_t)ash_exchange_release(&mutex->word, 0) < 0))
		ash_mutex_wake(mutex);
	ash_delay();
}

/* For fork handlers, where `fork` is how many forks this thread is in, from 1 on.  The first
 * takes it whatever the thread's state, unless the thread holds it already; then what was taken
 * for this fork is released (parent) or made new (child, in which nobody else can hold or await
 * it, and what vanished threads held is given up, too). */
void ash_mutex_fork_prepare(struct ash_mutex *m, unsigned fork);
void ash_mutex_fork_parent(struct ash_mutex *m, unsigned fork);
void ash_mutex_fork_child(struct ash_mutex *m, unsigned fork);

#endif
