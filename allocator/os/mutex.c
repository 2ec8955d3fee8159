#include "os/mutex.h"
#include "os/os.h"

__thread bool ash_mutex_forking;

/* Sections are short (tens to hundreds of instructions): a few hundred polls cover one
 * that runs on another CPU; longer means that the holder was preempted. */
#define SPINS 200

void ash_mutex_lock_slow(struct ash_mutex *m)
{
	for (unsigned i = 0; i < SPINS; i++) {
		uint32_t free = 0;

		if (ash_load_relaxed(&m->word) == 0 && ash_cas_acquire(&m->word, &free, 1))
			return;
		ash_cpu_relax();
	}
	/* From here the word says 2: whoever unlocks wakes one, who in turn leaves 2. */
	while (ash_exchange_acquire(&m->word, 2) != 0)
		ash_os_futex_wait(&m->word, 2);
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
}
