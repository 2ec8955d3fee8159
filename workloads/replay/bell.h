/* Waiting until a number of another thread is great enough: some turns on the spot, then
 * asleep until it rings.
 *
 * Who moves the number pays one load where nobody waits for what it has become.  There
 * is no fence between its store and that load, so in a rare while a ring is missed: a
 * sleeper looks again by itself, first after BELL_SLEEP_NS, then ever less often. */
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
#define BELL_SLEEP_MOST_NS 10000000

struct bell {
	_Atomic uint32_t rung;
	_Atomic uint64_t wanted; /* least number that someone waits for; UINT64_MAX: none */
};

static inline void bell_init(struct bell *bell)
{
	atomic_store(&bell->wanted, UINT64_MAX);
}

/* After the number was stored. */
static inline void bell_ring(struct bell *bell, uint64_t number)
{
	if (number < atomic_load_explicit(&bell->wanted, memory_order_relaxed) ||
	    atomic_exchange(&bell->wanted, UINT64_MAX) == UINT64_MAX)
		return;
	atomic_fetch_add_explicit(&bell->rung, 1, memory_order_release);
	syscall(SYS_futex, &bell->rung, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Before the number is looked at for the last time. */
static inline uint32_t bell_listen(struct bell *bell, uint64_t number)
{
	uint32_t rung = atomic_load_explicit(&bell->rung, memory_order_acquire);
	uint64_t wanted = atomic_load(&bell->wanted);

	/* UINT64_MAX itself is waited for as the number before it, which nothing reaches. */
	number -= number == UINT64_MAX;
	while (number < wanted && !atomic_compare_exchange_weak(&bell->wanted, &wanted, number))
		continue;
	return rung;
}

/* `turn` counts the sleeps of this wait. */
static inline void bell_sleep(struct bell *bell, uint32_t rung, int turn)
{
	long ns = turn > 6 ? BELL_SLEEP_MOST_NS : (long)BELL_SLEEP_NS << turn;
	struct timespec most = {0, ns > BELL_SLEEP_MOST_NS ? BELL_SLEEP_MOST_NS : ns};

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
