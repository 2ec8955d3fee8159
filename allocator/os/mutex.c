#include "os/mutex.h"
#include "os/os.h"
#include "os/stalls.h"

__thread uint32_t ash_mutex_self;
static uint32_t numbered; /* threads, ever; atomic */

/* Sections are short (tens to hundreds of instructions): a few hundred polls cover one
 * that runs on another CPU; longer means that the holder was preempted. */
#define SPINS 200

/* By rank; atomic. */
static struct {
	struct ash_mutex_waits of;
	uint32_t asleep; /* now */
} waits[ASH_RANKS];

static void raise64(uint64_t *most, uint64_t n)
{
	uint64_t seen = ash_load_relaxed(most);

	while (n > seen && !ash_cas_relaxed(most, &seen, n))
		;
}

static void raise32(uint32_t *most, uint32_t n)
{
	uint32_t seen = ash_load_relaxed(most);

	while (n > seen && !ash_cas_relaxed(most, &seen, n))
		;
}

uint32_t ash_mutex_number(void)
{
	uint32_t self = ash_mutex_self & ~ASH_MUTEX_SLEEPERS;

	/* (A signal handler that forks in between has one of its own, and gave back all.) */
	while (self == 0)
		ash_mutex_self = self = (ash_add_relaxed(&numbered, 1) + 1) & ASH_MUTEX_NUMBERS;
	return self;
}

void ash_mutex_set_forking(bool forking)
{
	ash_mutex_self = ash_mutex_number() | (forking ? ASH_MUTEX_SLEEPERS : 0);
}

bool ash_mutex_is_mine(const struct ash_mutex *m)
{
	return (ash_load_relaxed(&m->word) & ASH_MUTEX_NUMBERS) == ash_mutex_number();
}

bool ash_mutex_is_awaited(const struct ash_mutex *m)
{
	return ash_mutex_is_mine(m) && (int32_t)ash_load_relaxed(&m->word) < 0;
}

/* Has it, or sees to it that whoever unlocks wakes one; *seen is the word in that case.  Who
 * has it after a sleep leaves the sign, for there may be others. */
static bool take_or_mark(struct ash_mutex *m, uint32_t as, uint32_t *seen)
{
	*seen = ash_load_relaxed(&m->word);
	for (;;) {
		if (*seen == 0) {
			if (ash_cas_acquire(&m->word, seen, as | ASH_MUTEX_SLEEPERS))
				return true;
		} else if ((*seen & ASH_MUTEX_SLEEPERS) != 0) {
			return false;
		} else if (ash_cas_relaxed(&m->word, seen, *seen | ASH_MUTEX_SLEEPERS)) {
			*seen |= ASH_MUTEX_SLEEPERS;
			return false;
		}
	}
}

static ASH_NOINLINE void sleep_until_free(struct ash_mutex *m, uint32_t as)
{
	struct ash_mutex_waits *w = &waits[m->rank].of;
	uint64_t begin_ns, ns;
	uint32_t seen;

	if (take_or_mark(m, as, &seen))
		return;
	begin_ns = ash_os_clock_ns();
	raise32(&w->most, ash_add_relaxed(&waits[m->rank].asleep, 1) + 1);
	do
		ash_os_futex_wait(&m->word, seen);
	while (!take_or_mark(m, as, &seen));
	ash_sub_relaxed(&waits[m->rank].asleep, 1);
	ns = ash_os_clock_ns() - begin_ns;
	ash_add_relaxed(&w->slept, 1);
	ash_add_relaxed(&w->slept_ns, ns);
	raise64(&w->longest_ns, ns);
	ash_os_stall_count(ASH_OS_STALL_LOCK, ns);
}

static void lock_slow(struct ash_mutex *m, uint32_t as)
{
	for (unsigned i = 0; i < SPINS; i++) {
		uint32_t free = 0;

		if (ash_load_relaxed(&m->word) == 0 && ash_cas_acquire(&m->word, &free, as)) {
			ash_add_relaxed(&waits[m->rank].of.spun, 1);
			return;
		}
		ash_cpu_relax();
	}
	sleep_until_free(m, as);
}

void ash_mutex_lock_slow(struct ash_mutex *m)
{
	lock_slow(m, ash_mutex_number());
}

ASH_COLD bool ash_mutex_try_lock_cold(struct ash_mutex *m)
{
	if (ash_mutex_is_forking())
		return true;
	ash_mutex_number();
	return ash_mutex_try_lock(m);
}

ASH_COLD void ash_mutex_lock_cold(struct ash_mutex *m)
{
	if (ash_mutex_is_forking())
		return;
	ash_mutex_number();
	ash_mutex_lock(m);
}

void ash_mutex_read_waits(enum ash_lock_rank rank, struct ash_mutex_waits *out)
{
	const struct ash_mutex_waits *w = &waits[rank].of;

	out->spun = ash_load_relaxed(&w->spun);
	out->slept = ash_load_relaxed(&w->slept);
	out->slept_ns = ash_load_relaxed(&w->slept_ns);
	out->longest_ns = ash_load_relaxed(&w->longest_ns);
	out->most = ash_load_relaxed(&w->most);
}

void ash_mutex_reset_waits(void)
{
	for (unsigned rank = 0; rank < ASH_RANKS; rank++) {
		struct ash_mutex_waits *w = &waits[rank].of;

		ash_store_relaxed(&w->spun, 0);
		ash_store_relaxed(&w->slept, 0);
		ash_store_relaxed(&w->slept_ns, 0);
		ash_store_relaxed(&w->longest_ns, 0);
		ash_store_relaxed(&w->most, 0);
	}
}

void ash_mutex_wake(struct ash_mutex *m)
{
	ash_os_futex_wake(&m->word);
}

static bool is_of_fork(const struct ash_mutex *m, unsigned fork)
{
	uint32_t word = ash_load_relaxed(&m->word) & ~ASH_MUTEX_SLEEPERS;

	return word == (ash_mutex_number() | fork * ASH_MUTEX_FORK);
}

void ash_mutex_fork_prepare(struct ash_mutex *m, unsigned fork)
{
	uint32_t as = ash_mutex_number() | fork * ASH_MUTEX_FORK, free = 0;

	if (ash_mutex_is_mine(m))
		return;
	ash_lock_rank_acquire(m->rank);
	if (!ash_cas_acquire(&m->word, &free, as))
		lock_slow(m, as);
}

void ash_mutex_fork_parent(struct ash_mutex *m, unsigned fork)
{
	if (!is_of_fork(m, fork))
		return;
	ash_lock_rank_release(m->rank);
	if ((int32_t)ash_exchange_release(&m->word, 0) < 0)
		ash_mutex_wake(m);
}

void ash_mutex_fork_child(struct ash_mutex *m, unsigned fork)
{
	ash_store_relaxed(&waits[m->rank].asleep, 0); /* they are the parent's */
	if (is_of_fork(m, fork))
		ash_lock_rank_release(m->rank);
	else if (ash_mutex_is_mine(m))
		return;
	ash_store_release(&m->word, 0);
}
