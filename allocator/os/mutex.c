#include "os/mutex.h"
#include "os/os.h"
#include "os/stalls.h"

__thread bool ash_mutex_forking;

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

/* From here the word says 2: whoever unlocks wakes one, who in turn leaves 2. */
static ASH_NOINLINE void sleep_until_free(struct ash_mutex *m)
{
	struct ash_mutex_waits *w = &waits[m->rank].of;
	uint64_t begin_ns, ns;

	if (ash_exchange_acquire(&m->word, 2) == 0)
		return;
	begin_ns = ash_os_clock_ns();
	raise32(&w->most, ash_add_relaxed(&waits[m->rank].asleep, 1) + 1);
	do
		ash_os_futex_wait(&m->word, 2);
	while (ash_exchange_acquire(&m->word, 2) != 0);
	ash_sub_relaxed(&waits[m->rank].asleep, 1);
	ns = ash_os_clock_ns() - begin_ns;
	ash_add_relaxed(&w->slept, 1);
	ash_add_relaxed(&w->slept_ns, ns);
	raise64(&w->longest_ns, ns);
	ash_os_stall_count(ASH_OS_STALL_LOCK, ns);
}

void ash_mutex_lock_slow(struct ash_mutex *m)
{
	for (unsigned i = 0; i < SPINS; i++) {
		uint32_t free = 0;

		if (ash_load_relaxed(&m->word) == 0 && ash_cas_acquire(&m->word, &free, 1)) {
			ash_add_relaxed(&waits[m->rank].of.spun, 1);
			return;
		}
		ash_cpu_relax();
	}
	sleep_until_free(m);
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

void ash_mutex_fork_prepare(struct ash_mutex *m)
{
	uint32_t free = 0;

	ash_lock_rank_acquire(m->rank);
	if (!ash_cas_acquire(&m->word, &free, 1))
		ash_mutex_lock_slow(m);
}

void ash_mutex_fork_parent(struct ash_mutex *m)
{
	ash_lock_rank_release(m->rank);
	if (ash_exchange_release(&m->word, 0) == 2)
		ash_mutex_wake(m);
}

void ash_mutex_fork_child(struct ash_mutex *m)
{
	ash_lock_rank_release(m->rank);
	ash_store_release(&m->word, 0);
	ash_store_relaxed(&waits[m->rank].asleep, 0); /* they are the parent's */
}
