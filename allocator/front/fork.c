/* Fork: the forking thread takes every lock in rank order, so that the child finds every
 * structure between two operations; afterwards the parent releases them and the child, which
 * has one thread, makes them new.
 *
 * Between prepare and the end, handlers registered before ours run while all locks are held:
 * ash_mutex_forking lets their allocations by this thread through. */
#include "front/fork.h"

#include <pthread.h>

#include "front/bounds.h"
#include "cache/depot.h"
#include "cache/magazine.h"
#include "reclaim/rounds.h"
#include "cache/thread.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "os/mutex.h"
#include "page/heap.h"
#include "slab/shard.h"

/* Of the shards that there were when prepare took their lock: the parent gives that lock back
 * before those of the bins, and another thread may then add one. */
static unsigned shards;

static void each_bin(void (*fn)(struct ash_mutex *))
{
	for (unsigned s = 0; s < shards; s++)
		for (unsigned c = 0; c < ASH_CLASSES; c++)
			fn(&ash_shard_at(s)->bin[c].lock);
}

/* In rank order.  No shard can be added once the shards' lock is held. */
static void each_mutex(void (*fn)(struct ash_mutex *))
{
	fn(ash_thread_mutex());
	fn(ash_shard_mutex());
	if (fn == ash_mutex_fork_prepare)
		shards = ash_shard_count();
	ash_depot_each_mutex(fn);
	each_bin(fn);
	ash_heap_each_mutex(&ash_heap, fn);
	fn(ash_far_mutex());
	fn(ash_magazine_mutex());
	fn(ash_base_mutex());
}

static void prepare(void)
{
	ash_rounds_before_fork();
	ash_lock_rank_allow_same(1);
	each_mutex(ash_mutex_fork_prepare);
	ash_mutex_forking = true;
}

static void parent(void)
{
	ash_mutex_forking = false;
	each_mutex(ash_mutex_fork_parent);
	ash_lock_rank_allow_same(0);
	ash_rounds_end_fork();
}

static void child(void)
{
	ash_mutex_forking = false;
	each_mutex(ash_mutex_fork_child);
	ash_lock_rank_allow_same(0);
	ash_rounds_after_fork();
	ash_bounds_after_fork();
	ash_thread_after_fork();
	if (ash_tls.phase == ASH_THREAD_LIVE) /* it is alone now */
		ash_tls.thread->fresh = ash_heap.rounds.alone;
}

void ash_fork_init(void)
{
	pthread_atfork(prepare, parent, child);
}
