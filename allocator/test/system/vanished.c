/*
 * What fork may catch other threads at, by the library's own functions and counters: a child
 * that works is not yet one in which everything adds up.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cache/depot.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "slab/shard.h"
#include "test/support/family.h"

static void delays(void)
{
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, 1);
#endif
}

static atomic_bool ended, forked;

/* Forks until the threads have ended or `most` times; returns how many children did not leave
 * with 0. */
static unsigned fork_often(unsigned most, int (*child)(void))
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < most && !atomic_load(&ended); i++) {
		int status = 0;
		pid_t pid = fork();

		NEED(pid >= 0, "fork: %s", strerror(errno));
		if (pid == 0)
			_exit(child());
		waitpid(pid, &status, 0);
		wrong += status != 0;
	}
	return wrong;
}

/* --- shards ------------------------------------------------------------------------------ */

/* A shard's locks are its adder's as soon as it is there. */
static void *add_shards(void *unused)
{
	while (ash_shard_add()) {
		struct ash_mutex *lock = &ash_shard_at(ash_shard_count() - 1)->bin[1].lock;

		for (unsigned i = 0; i < 50; i++) {
			ash_mutex_lock(lock);
			ash_os_yield();
			CHECK(ash_load_relaxed(&lock->word) != 0,
			      "a lock was given back by who did not hold it");
			ash_mutex_unlock(lock);
		}
	}
	atomic_store(&ended, true);
	/* A child of a process with a thread that has finished and is not joined has, for
	 * ThreadSanitizer, lost it. */
	while (!atomic_load(&forked))
		ash_os_yield();
	return unused;
}

static int leave(void)
{
	return 0;
}

/* In the parent locks are given back one after the other, and one of the first is that under
 * which shards are added. */
static void shards_added(void)
{
	pthread_t thread;

	m.free(m.malloc(100));
	delays();
	NEED(!pthread_create(&thread, NULL, add_shards, NULL), "no thread");
	CHECK(fork_often(UINT32_MAX, leave) == 0, "children fail");
	atomic_store(&forked, true);
	pthread_join(thread, NULL);
	CHECK(ash_shard_count() > 8, "only %u shards", ash_shard_count());
}

/* --- the depot -----------------------------------------------------------------------------
 */

/* More than fits into magazines, by turns allocated and freed. */
static void *turn_over(void *size)
{
	enum { BLOCKS = 2000 };
	void **block = calloc(BLOCKS, sizeof(*block));

	while (!atomic_load(&ended)) {
		for (unsigned i = 0; i < BLOCKS; i++)
			block[i] = m.malloc((size_t)size);
		for (unsigned i = 0; i < BLOCKS; i++)
			m.free(block[i]);
	}
	free(block);
	return NULL;
}

/* A child in which the empty depot holds bytes would look after them for ever. */
static int depot_adds_up(void)
{
	ash_depot_empty();
	return ash_depot_bytes() != 0;
}

static void depot_in_use(void)
{
	pthread_t thread[3];

	m.free(m.malloc(100));
	delays();
	for (uintptr_t i = 0; i < 3; i++)
		NEED(!pthread_create(&thread[i], NULL, turn_over, (void *)(i * 100 + 50)),
		     "no thread");
	CHECK(fork_often(200, depot_adds_up) == 0, "in children the depot does not add up");
	atomic_store(&ended, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	/* Options are read before main. */
	if (argc == 1) {
		setenv("ASHLAR_CONF", "narenas:64", 1);
		execl("/proc/self/exe", argv[0], "with-shards", (char *)NULL);
		return 99;
	}
	tap_start();
	family_start();
	tap_case("shards are added while locks are given back", shards_added);
	tap_case("magazines on the way to the depot and from it", depot_in_use);
	return tap_finish();
}
