/* Waiting for another thread: some turns on the spot, then asleep until it rings.
 *
 * Who rings pays one load where nobody waits.  There is no fence between its store and
 * that load, so in a rare while a ring is missed: a sleeper looks again after
 * BELL_SLEEP_NS by itself. */
#ifndef REPLAY_BELL_H
#define REPLAY_BELL_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BELL_SPINS 200 /* about as long as a switch of threads takes */
#define BELL_SLEEP_NS 200000

struct bell {
	_Atomic uint32_t rung, waiting;
};

static inline void bell_ring(struct bell *bell)
{
	if (!atomic_load_explicit(&bell->waiting, memory_order_relaxed))
		return;
	atomic_store_explicit(&bell->waiting, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&bell->rung, 1, memory_order_release);
	syscall(SYS_futex, &bell->rung, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Before the condition is looked at for the last time. */
static inline uint32_t bell_listen(struct bell *bell)
{
	uint32_t rung = atomic_load_explicit(&bell->rung, memory_order_acquire);

	atomic_store_explicit(&bell->waiting, 1, memory_order_seq_cst);
	return rung;
}

static inline void bell_sleep(struct bell *bell, uint32_t rung)
{
	struct timespec most = {0, BELL_SLEEP_NS};

	syscall(SYS_futex, &bell->rung, FUTEX_WAIT_PRIVATE, rung, &most, NULL, 0);
}

static inline void bell_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
