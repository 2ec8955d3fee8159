/* Fork: the forking thread takes every lock in rank order, so that the child finds every
 * structure between two operations; afterwards the parent releases them and the child, which
 * has one thread, makes them new.
 *
 * stdio's list of files is locked before them, as libc does with a malloc of its own: whoever
 * has it (fflush(NULL)) waits for files, and who has a file (getline) allocates.  libc takes
 * that lock again after our handler, which is the last: ours are registered first.
 *
 * A process of one thread takes nothing, where libc knows that it is one.  Once there were two
 * libc does not know it again, and threads that never allocated are in no list of ours; so all
 * is taken then, but for what this thread has already: fork may be called by a signal handler
 * that interrupted malloc, or fork.  That is its own in parent and child, where it goes on with
 * it.  (Of several threads one may wait for just that while it holds another lock; then this
 * hangs, as POSIX lets it.)
 *
 * Between prepare and the end, handlers registered before ours run while all locks are held
 * (where somebody else came first): ash_mutex_is_forking lets their allocations by this thread
 * through. */
#include "front/fork.h"

#include <pthread.h>

#include "arena/arena.h"
#include "front/apart.h"
#include "front/bounds.h"
#include "cache/depot.h"
#include "cache/magazine.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "cache/thread.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "os/mutex.h"
#include "os/relatives.h"
#include "page/heap.h"
#include "slab/shard.h"
#include "stats/epoch.h"

/* glibc's; weak, for another libc has none of them. */
extern char __libc_single_threaded __attribute__((weak));
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
void _IO_list_resetlock(void) __attribute__((weak));

/* Of the shards that there were when prepare took their lock: the parent gives that lock back
 * before those of the bins, and another thread may then add one. */
static unsigned shards, lists; /* and of the depot's lists */

static void each_bin(unsigned end, void (*fn)(struct ash_mutex *))
{
	for (unsigned s = 0; s < end; s++)
		for (unsigned c = 0; c < ash_shard_at(s)->classes; c++)
			fn(&ash_shard_at(s)->bin[c].lock);
}

/* What this thread took for a fork, and found; of forks one inside of another in handlers of
 * signals. */
struct taken {
	bool all;     /* the locks that it had not; with the list of files */
	bool claim;   /* which it had not */
	bool forking; /* it had them all before */
};
static __thread unsigned forks; /* under way */
static __thread struct taken taken[ASH_MUTEX_FORKS];

/* In rank order.  No shard can be added once the shards' lock is held. */
static void each_mutex(void (*fn)(struct ash_mutex *), bool prepare)
{
	fn(ash_epoch_mutex());
	fn(ash_thread_mutex());
	fn(ash_shard_mutex());
	if (prepare) {
		shards = ash_shard_count();
		lists = ash_depot_lists(1);
	}
	ash_depot_each_mutex(lists, fn);
	each_bin(shards, fn);
	ash_heap_each_mutex(&ash_heap, fn);
	fn(ash_far_mutex());
	ash_arenas_each_mutex(prepare, fn);
	fn(ash_magazine_mutex());
	fn(ash_base_mutex());
}

static void take(struct ash_mutex *mutex)
{
	ash_mutex_fork_prepare(mutex, forks);
}

static void release(struct ash_mutex *mutex)
{
	ash_mutex_fork_parent(mutex, forks);
}

static void renew(struct ash_mutex *mutex)
{
	ash_mutex_fork_child(mutex, forks);
}

static __thread bool awaited;

static void look(struct ash_mutex *mutex)
{
	awaited |= ash_mutex_is_awaited(mutex);
}

/* Whether somebody waits for a lock of this thread's, which a handler interrupted while it held
 * it: as far as who has the claim wants them, so none of an arena's. */
static bool is_awaited(void)
{
	awaited = false;
	look(ash_epoch_mutex());
	look(ash_thread_mutex());
	look(ash_shard_mutex());
	ash_depot_each_mutex(ash_depot_lists(1), look);
	each_bin(ash_shard_count(), look);
	ash_heap_each_mutex(&ash_heap, look);
	look(ash_far_mutex());
	look(ash_magazine_mutex());
	look(ash_base_mutex());
	return awaited;
}

/* Where that is not known: no. */
static bool one_thread(void)
{
	return &__libc_single_threaded != NULL && __libc_single_threaded;
}

static void prepare(void)
{
	struct taken *now;

	ash_lock_rank_fork_begins();
	if (++forks > ASH_MUTEX_FORKS) /* nobody handles so many signals at once */
		return;
	now = &taken[forks - 1];
	*now = (struct taken){.forking = ash_mutex_is_forking(), .all = !one_thread()};
	if (!now->all) { /* nobody waits for what it may hold */
		ash_relatives_before_fork();
		return;
	}
	if (_IO_list_lock != NULL)
		_IO_list_lock();
	now->claim = ash_rounds_before_fork(is_awaited); /* one at a time from here on */
	ash_relatives_before_fork();
	each_mutex(take, true);
	ash_mutex_set_forking(true);
}

/* What prepare took, where it took anything; NULL otherwise. */
static struct taken *ends(void)
{
	return forks <= ASH_MUTEX_FORKS ? &taken[forks - 1] : NULL;
}

static void parent(void)
{
	struct taken *now = ends();

	if (now != NULL && now->all) {
		ash_mutex_set_forking(now->forking);
		each_mutex(release, false);
	}
	ash_lock_rank_fork_ends();
	if (now != NULL)
		ash_relatives_in_parent();
	if (now != NULL && now->all) {
		if (_IO_list_unlock != NULL)
			_IO_list_unlock();
		if (now->claim)
			ash_rounds_end_fork();
	}
	forks--;
}

static void after_threads(const struct taken *now)
{
	ash_mutex_set_forking(now->forking);
	each_mutex(renew, false);
	if (_IO_list_resetlock != NULL)
		_IO_list_resetlock();
	ash_lock_rank_fork_ends();
	ash_rounds_after_fork(now->claim);
	ash_relief_after_fork();
	ash_bounds_after_fork();
	ash_apart_after_fork();
	ash_shard_after_fork();
	ash_thread_after_fork();
	ash_arenas_after_fork();
	if (ash_tls.phase == ASH_THREAD_LIVE) /* it is alone now */
		ash_tls.thread->fresh = ash_heap.rounds.alone;
}

static void child(void)
{
	struct taken *now = ends();

	if (now != NULL)
		ash_relatives_in_child();
	if (now != NULL && now->all)
		after_threads(now);
	else
		ash_lock_rank_fork_ends();
	forks--;
}

void ash_fork_init(void)
{
	pthread_atfork(prepare, parent, child);
}
