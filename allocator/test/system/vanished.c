/*
 * What fork may catch other threads at, by the library's own functions and counters: a child
 * that works is not yet one in which everything adds up.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cache/depot.h"
#include "cache/thread.h"
#include "os/delay.h"
#include "os/fault.h"
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

/* --- the depot ---------------------------------------------------------------------------- */

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

/* --- what threads held ------------------------------------------------------------------- */

#define SIZE 10240 /* of a class of which there is nothing else */
#define HOLDERS 12

static pthread_barrier_t held, over;
static unsigned heirs = HOLDERS; /* threads of which nothing was had yet */

/* Caches objects of all kinds, and none is out. */
static void *hold(void *unused)
{
	void *block[20];

	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 20; i++)
			block[i] = m.malloc(SIZE);
		for (unsigned i = 0; i < 20; i++)
			m.free(block[i]);
	}
	pthread_barrier_wait(&held);
	pthread_barrier_wait(&over);
	return unused;
}

/* Of the class, not with its slabs. */
static uint64_t regions_out(void)
{
	uint64_t sum = 0;

	for (unsigned s = 0; s < ash_shard_count(); s++) {
		const struct ash_bin *bin = ash_shard_bin(s, ash_class_of(SIZE));

		sum += bin != NULL ? bin->regions_out : 0;
	}
	return sum;
}

static void *nothing(void *unused)
{
	return unused;
}

/* Stacks of vanished threads serve others before what was in their caches has been had. */
static int has_them_again(void)
{
	uint64_t before = regions_out();
	pthread_t thread;
	unsigned rounds = 0;

#ifndef __SANITIZE_THREAD__ /* a child of threads may have none there */
	for (unsigned i = 0; i < 4; i++) {
		if (pthread_create(&thread, NULL, nothing, NULL) != 0)
			return 2;
		pthread_join(thread, NULL);
	}
#else
	(void)thread;
	(void)nothing;
#endif
	while (ash_thread_inherit(1))
		rounds++;
	ash_depot_empty();
	return before == 0 || rounds != heirs - 1 || regions_out() != 0 ||
			       ash_thread_count() > 1
		       ? 1
		       : 0;
}

/* And a child's child has what the child had not had yet. */
static int in_a_grandchild(void)
{
	int status;
	pid_t pid;

	ash_thread_inherit(2);
	heirs -= 2;
	pid = fork();
	if (pid == 0)
		_exit(has_them_again());
	return waitpid(pid, &status, 0) != pid || status != 0 || has_them_again() != 0;
}

static void caches(void)
{
	pthread_t thread[HOLDERS];

	pthread_barrier_init(&held, NULL, HOLDERS + 1);
	pthread_barrier_init(&over, NULL, HOLDERS + 1);
	for (unsigned i = 0; i < HOLDERS; i++)
		NEED(!pthread_create(&thread[i], NULL, hold, NULL), "no thread");
	pthread_barrier_wait(&held);
	CHECK(fork_often(1, has_them_again) == 0, "a child lacks what threads cached");
	CHECK(fork_often(1, in_a_grandchild) == 0, "a grandchild lacks what threads cached");
	pthread_barrier_wait(&over);
	for (unsigned i = 0; i < HOLDERS; i++)
		pthread_join(thread[i], NULL);
}

/* Without memory to note what there is it is had at once. */
static bool no_memory(enum ash_os_call call)
{
	return call == ASH_OS_MMAP;
}

static void refuse(void)
{
	ash_store_relaxed(&ash_os_fault_hook, no_memory); /* the background thread looks */
}

static void allow(void)
{
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

static int had_at_once(void)
{
	ash_depot_empty();
	return regions_out() != 0;
}

static void caches_without_memory(void)
{
	pthread_t thread[HOLDERS];

	pthread_barrier_init(&held, NULL, HOLDERS + 1);
	pthread_barrier_init(&over, NULL, HOLDERS + 1);
	m.free(m.malloc(100));
	pthread_atfork(refuse, allow, allow);
	for (unsigned i = 0; i < HOLDERS; i++)
		NEED(!pthread_create(&thread[i], NULL, hold, NULL), "no thread");
	pthread_barrier_wait(&held);
	CHECK(fork_often(1, had_at_once) == 0, "a child lacks what threads cached");
	pthread_barrier_wait(&over);
	for (unsigned i = 0; i < HOLDERS; i++)
		pthread_join(thread[i], NULL);
}

/* --- owners of shards -------------------------------------------------------------------- */

static void *own_a_shard(void *unused)
{
	void *block[100];

	for (unsigned i = 0; i < 100; i++)
		block[i] = m.malloc(480);
	for (unsigned i = 0; i < 100; i++)
		m.free(block[i]);
	return unused;
}

/* Threads that come, take slabs of their own, and end. */
static void *come_and_go(void *unused)
{
	pthread_t thread;

	while (!atomic_load(&ended)) {
		if (pthread_create(&thread, NULL, own_a_shard, NULL) == 0)
			pthread_join(thread, NULL);
	}
	return unused;
}

static void count_owner(struct ash_thread *t, void *owners)
{
	if (t->own != NULL)
		((unsigned *)owners)[t->own->index]++;
}

/* In the end each shard has as many users as there are threads that own it. */
static int users_add_up(void)
{
	unsigned owners[ASH_SHARDS_MOST + ASH_SHARDS_OWNED + 1] = {0};

	while (ash_thread_inherit(1))
		;
	ash_thread_each(count_owner, owners);
	for (unsigned s = 0; s < ash_shard_count(); s++)
		if (ash_shard_at(s)->users != owners[s])
			return 1;
	return 0;
}

static void owners_come_and_go(void)
{
	pthread_t thread[3];

	m.free(m.malloc(100));
	delays();
	for (unsigned i = 0; i < 3; i++)
		NEED(!pthread_create(&thread[i], NULL, come_and_go, NULL), "no thread");
	CHECK(fork_often(200, users_add_up) == 0, "in children shards' users do not add up");
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
	tap_case("owners of shards that come and end", owners_come_and_go);
	tap_case("what vanished threads cached", caches);
	tap_case("what they cached, without memory", caches_without_memory);
	return tap_finish();
}
