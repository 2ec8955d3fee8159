/*
 * fork while another thread holds a lock, each lock that there is in turn: fork has to wait for
 * it, and the child to find all of them free and be able to do everything.
 *
 * The list of locks is the test's own, not that which the fork handlers walk.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "arena/arena.h"
#include "arena/tcaches.h"
#include "cache/depot.h"
#include "cache/magazine.h"
#include "cache/thread.h"
#include "front/extended.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/heap.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"
#include "stats/epoch.h"
#include "test/support/control.h"

#define IN(index) ((int)(((index) + 1) << ASH_FLAG_ARENA_SHIFT))
#define BY(tcache) ((int)(((tcache) + 2) << ASH_FLAG_TCACHE_SHIFT))

#define ARENAS 2u
#define TCACHES 2u
#define OWNERS 2u

/* --- all locks --- */

#define LOCKS_MOST 2000
static struct ash_mutex *locks[LOCKS_MOST];
static unsigned lock_count, of_rank[ASH_RANKS];

static void know(struct ash_mutex *lock)
{
	NEED(lock_count < LOCKS_MOST && lock->rank < ASH_RANKS, "lock %u of rank %u",
	     lock_count, lock->rank);
	for (unsigned i = 0; i < lock_count; i++)
		NEED(locks[i] != lock, "lock %u is known as %u", lock_count, i);
	locks[lock_count++] = lock;
	of_rank[lock->rank]++;
}

static unsigned arena, tcache; /* the last ones */

/* More than one of each kind of which there may be more. */
static void make_locks(void)
{
	static struct ash_shard *own[OWNERS];

	ash_shard_add();
	for (unsigned i = 0; i < OWNERS; i++)
		NEED(ash_shard_own(&own[i], ash_depot_open) != NULL, "no shard of its own");
	NEED(ash_shard_common() != ash_shard_at(0), "no shard in common");
	for (unsigned i = 0; i < ARENAS; i++)
		NEED(ash_arena_create(NULL, &arena) == 0, "no arena");
	for (unsigned i = 0; i < TCACHES; i++)
		NEED(ash_tcaches_create(&tcache) == 0, "no cache");
}

static void know_all(void)
{
	unsigned bins = 0, rows = ash_depot_lists(1);

	know(ash_epoch_mutex());
	know(ash_thread_mutex());
	know(ash_shard_mutex());
	ash_depot_each_mutex(rows, know);
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		bins += ash_shard_at(s)->classes;
		for (unsigned c = 0; c < ash_shard_at(s)->classes; c++)
			know(&ash_shard_at(s)->bin[c].lock);
	}
	know(&ash_heap.growing.lock);
	know(&ash_heap.mappings.tail_lock);
	know(&ash_heap.pages.lock);
	know(&ash_heap.mappings.lock);
	know(ash_far_mutex());
	ash_arenas_each_mutex(true, know);
	know(ash_magazine_mutex());
	know(ash_base_mutex());
	/* Those that only a walk of the library's leads to are as many as there have to be; of
	 * arenas and caches one was there and is no more. */
	CHECK(rows == 1 + OWNERS && ash_shard_count() == 3 + OWNERS, "%u lists, %u shards",
	      rows, ash_shard_count());
	for (unsigned rank = 1; rank < ASH_RANKS; rank++) {
		unsigned n = rank == ASH_RANK_DEPOT   ? ASH_CLASSES + OWNERS * ASH_LINED_CLASSES
			     : rank == ASH_RANK_BIN   ? bins
			     : rank == ASH_RANK_ARENA ? ARENAS + 1
			     : rank == ASH_RANK_TCACHE ? TCACHES + 1
						       : 1;

		CHECK(of_rank[rank] == n, "%u locks of rank %u, not %u", of_rank[rank], rank,
		      n);
	}
}

static unsigned held_now(const char *where)
{
	unsigned n = 0;

	for (unsigned i = 0; i < lock_count; i++) {
		uint32_t word = ash_load_relaxed(&locks[i]->word);

		CHECK(word == 0, "%s lock %u, of rank %u, says %u", where, i, locks[i]->rank,
		      word);
		n += word != 0;
	}
	return n;
}

/* --- the child --- */

/* All classes, runs and mappings, each several times. */
static bool heap_works(int flags)
{
	for (unsigned c = 1; c < ASH_CLASSES + 5; c++) {
		size_t n = c < ASH_CLASSES ? ash_class_size(c)
					   : (size_t)40000 << 2 * (c - ASH_CLASSES);
		unsigned char *p[5];

		for (unsigned i = 0; i < 5; i++) {
			p[i] = flags != 0 ? ash_mallocx(n, flags) : m.malloc(n);
			if (p[i] == NULL)
				return false;
			p[i][0] = p[i][n - 1] = (unsigned char)i;
		}
		if (c >= ASH_CLASSES && flags == 0) { /* with an end that goes by itself */
			p[4] = m.realloc(p[4], 2 * n);
			if (p[4] == NULL || p[4][n - 1] != 4)
				return false;
		}
		for (unsigned i = 0; i < 5; i++) {
			if (p[i][0] != i)
				return false;
			m.free(p[i]);
		}
	}
	return true;
}

/* Everything that takes locks; what does not work, or NULL. */
static const char *what_fails(void)
{
	unsigned a, t;

	if (!heap_works(0))
		return "the heap";
	if (!heap_works(IN(arena)) || ash_arena_purge(arena) != 0)
		return "an arena";
	if (!heap_works(BY(tcache)) || ash_tcaches_flush(tcache) != 0)
		return "an explicit cache";
	if (ash_arena_create(NULL, &a) != 0 || ash_tcaches_create(&t) != 0)
		return "a new arena or cache";
	if (!heap_works(IN(a) | BY(t)))
		return "a new arena by a new cache";
	if (ash_tcaches_destroy(t) != 0 || ash_arena_destroy(a) != 0)
		return "their end";
	refresh();
	if (size_of("stats.resident") == 0 || size_of("stats.metadata") == 0)
		return "statistics";
	ash_rounds_work();
	ash_relief_all();
	return NULL;
}

static bool everything_works(const char *where)
{
	const char *what = what_fails();

	CHECK(what == NULL, "%s: %s", where, what);
	return what == NULL;
}

/* A fork takes all locks again. */
static bool can_fork(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int child(void)
{
	alarm(patience(60));
	if (held_now("in the child") != 0)
		return 1;
	if (!everything_works("in the child"))
		return 2;
	if (held_now("in the child, at last,") != 0)
		return 3;
	return can_fork() ? 0 : 4;
}

/* Whoever waits for a lock that nobody holds may do so in a fork handler, before any alarm. */
static int status_of(pid_t pid)
{
	int status = -1;

	for (unsigned i = 0; i < 5000 * patience(20); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(200);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* --- who holds a lock --- */

enum { IDLE, HOLD, HELD, FORKED, END };
static atomic_int stage;
static struct ash_mutex *wanted;
static bool waited_for;

static void await(int what)
{
	while (atomic_load(&stage) != what)
		ash_os_yield();
}

/* Until fork waits for it, or did not. */
static void *holder(void *unused)
{
	for (;;) {
		int now = atomic_load(&stage);

		if (now == END)
			return unused;
		if (now != HOLD) {
			ash_os_yield();
			continue;
		}
		ash_mutex_lock(wanted);
		atomic_store(&stage, HELD);
		do {
			ash_os_yield();
			waited_for =
				(ash_load_relaxed(&wanted->word) & ASH_MUTEX_SLEEPERS) != 0;
		} while (!waited_for && atomic_load(&stage) != FORKED);
		ash_mutex_unlock(wanted);
		await(FORKED);
		atomic_store(&stage, IDLE);
	}
}

static void begin(void)
{
	ash_rounds_set_background(false);
	m.free(m.malloc(100));
	make_locks();
	everything_works("before any fork");
	know_all();
	CHECK(held_now("before a fork") == 0, "locks are held");
}

static void each_lock_is_held(void)
{
	unsigned fine = 0, hung = 0;
	pthread_t thread;

	begin();
	NEED(!pthread_create(&thread, NULL, holder, NULL), "no thread");
	for (unsigned i = 0; i < lock_count && hung < 2; i++) {
		int status;
		pid_t pid;

		wanted = locks[i];
		atomic_store(&stage, HOLD);
		await(HELD);
		pid = fork();
		if (pid == 0)
			_exit(child());
		atomic_store(&stage, FORKED);
		NEED(pid > 0, "fork: %s", strerror(errno));
		await(IDLE);
		status = status_of(pid);
		hung += status == -1;
		CHECK(waited_for, "fork does not wait for lock %u, of rank %u", i,
		      wanted->rank);
		CHECK(status == 0, "lock %u, of rank %u, was held: the child %s (%#x)", i,
		      wanted->rank, status == -1 ? "hangs" : "fails", (unsigned)status);
		fine += waited_for && status == 0 && held_now("in the parent") == 0;
		tap_alive();
	}
	atomic_store(&stage, END);
	pthread_join(thread, NULL);
	tap_note("%u of %u locks were held at a fork, and free in the child", fine, lock_count);
	everything_works("after all forks");
}

/* --- and who takes and gives them all the time --- */

static atomic_bool over;

static void *take_all_the_time(void *unused)
{
	while (!atomic_load(&over))
		everything_works("in a thread");
	return unused;
}

static void all_are_taken_all_the_time(void)
{
	pthread_t thread[2];

	begin();
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, 1);
#endif
	for (unsigned i = 0; i < 2; i++)
		NEED(!pthread_create(&thread[i], NULL, take_all_the_time, NULL), "no thread");
	for (unsigned i = 0; i < (SANITIZED ? 20 : 100); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(child());
		NEED(pid > 0, "fork: %s", strerror(errno));
		status = status_of(pid);
		CHECK(status == 0, "child %u %s (%#x)", i, status == -1 ? "hangs" : "fails",
		      (unsigned)status);
		tap_alive();
		if (status == -1)
			break;
	}
	atomic_store(&over, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	/* Options are read before main. */
	if (argc == 1) {
		setenv("ASHLAR_CONF", "narenas:2", 1);
		execl("/proc/self/exe", argv[0], "with-shards", (char *)NULL);
		return 99;
	}
	tap_start();
	family_start();
	tap_case("each lock is held when the process forks", each_lock_is_held);
	tap_case("threads take and give all of them", all_are_taken_all_the_time);
	return tap_finish();
}
