/* Fork: the forking thread takes every lock in rank order, so that the child finds every
 * structure between two operations; afterwards the parent releases them and the child, which
 * has one thread, makes them new.
 *
 * stdio's list of files is locked before them, as libc does with a malloc of its own: whoever
 * has it (fflush(NULL)) waits for files, and who has a file (getline) allocates.  libc takes
 * that lock again after our handler, which is the last: ours are registered first.
 *
 * A process of one thread takes nothing: fork may be called by a signal handler that
 * interrupted malloc, and who holds the locks then is this thread.
 *
 * Between prepare and the end, handlers registered before ours run while all locks are held
 * (where somebody else came first): ash_mutex_forking lets their allocations by this thread
 * through. */
#include "front/fork.h"

#include <pthread.h>

#include "arena/arena.h"
#include "front/apart.h"
#include "front/bounds.h"
#include "cache/depot.h"
#include "cache/magazine.h"
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

static void each_bin(void (*fn)(struct ash_mutex *))
{
	for (unsigned s = 0; s < shards; s++)
		for (unsigned c = 0; c < ash_shard_at(s)->classes; c++)
			fn(&ash_shard_at(s)->bin[c].lock);
}

/* In rank order.  No shard can be added once the shards' lock is held. */
static void each_mutex(void (*fn)(struct ash_mutex *))
{
	fn(ash_epoch_mutex());
	fn(ash_thread_mutex());
	fn(ash_shard_mutex());
	if (fn == ash_mutex_fork_prepare) {
		shards = ash_shard_count();
		lists = ash_depot_lists(1);
	}
	ash_depot_each_mutex(lists, fn);
	each_bin(fn);
	ash_heap_each_mutex(&ash_heap, fn);
	fn(ash_far_mutex());
	ash_arenas_each_mutex(fn == ash_mutex_fork_prepare, fn);
	fn(ash_magazine_mutex());
	fn(ash_base_mutex());
}

/* Where that is not known: no. */
static bool one_thread(void)
{
	return &__libc_single_threaded != NULL && __libc_single_threaded;
}

static void prepare(void)
{
	if (one_thread()) {
		ash_lock_rank_allow_same(1); /* nobody waits for what it may hold */
		ash_relatives_before_fork();
		ash_lock_rank_allow_same(0);
		return;
	}
	if (_IO_list_lock != NULL)
		_IO_list_lock();
	ash_rounds_before_fork(); /* one thread at a time from here on */
	ash_relatives_before_fork();
	ash_lock_rank_allow_same(1);
	each_mutex(ash_mutex_fork_prepare);
	ash_mutex_forking = true;
}

static void parent(void)
{
	if (!ash_mutex_forking) {
		ash_relatives_in_parent();
		return;
	}
	ash_mutex_forking = false;
	each_mutex(ash_mutex_fork_parent);
	ash_lock_rank_allow_same(0);
	ash_relatives_in_parent();
	if (_IO_list_unlock != NULL)
		_IO_list_unlock();
	ash_rounds_end_fork();
}

static void child(void)
{
	if (!ash_mutex_forking) {
		ash_relatives_in_child();
		return;
	}
	ash_relatives_in_child();
	ash_mutex_forking = false;
	each_mutex(ash_mutex_fork_child);
	ash_lock_rank_allow_same(0);
	if (_IO_list_resetlock != NULL)
		_IO_list_resetlock();
	ash_rounds_after_fork();
	ash_bounds_after_fork();
	ash_apart_after_fork();
	ash_shard_after_fork();
	ash_thread_after_fork();
	ash_arenas_after_fork();
	if (ash_tls.phase == ASH_THREAD_LIVE) /* it is alone now */
		ash_tls.thread->fresh = ash_heap.rounds.alone;
}

void ash_fork_init(void)
{
	pthread_atfork(prepare, parent, child);
}
