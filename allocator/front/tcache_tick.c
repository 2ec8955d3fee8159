#include "front/tcache_tick.h"

#include "arena/arena.h"
#include "front/apart.h"
#include "front/tcache_flush.h"
#include "front/tcache_settings.h"
#include "os/background.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/heap.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/epoch.h"

#define CONTENDED_ENOUGH 64 /* failed try-locks of a thread's shard between two ticks */

static uint64_t count_contended(struct ash_shard *shard)
{
	uint64_t sum = 0;

	for (unsigned c = 1; c < shard->classes; c++)
		sum += ash_load_relaxed(&shard->bin[c].contended);
	return sum;
}

/* Whether the shard's bins were often found locked since the last look. */
static bool is_contended(struct ash_shard *shard, uint64_t *before)
{
	uint64_t now = count_contended(shard);
	bool much = (int64_t)(now - *before) > CONTENDED_ENOUGH;

	*before = now;
	return much;
}

/* Where the thread's bins were often found locked, there are too few of them; where those of
 * all were, it gets slabs of its own before it has taken much. */
static void relieve(struct ash_thread *t)
{
	if (is_contended(t->shard, &t->contended))
		ash_shard_add();
	t->shard = ash_shard_for_cpu(ash_os_current_cpu());
	t->contended = count_contended(t->shard);
	if (t->own_from > 0 && ash_shard_count() > 1 &&
	    is_contended(ash_shard_common(), &t->contended_common))
		t->own_from = 0;
}

ASH_NOINLINE void ash_tcache_look_at_clock(struct ash_thread *t, bool allocates)
{
	uint64_t now_ns;
	uint32_t now;

	if (ASH_UNLIKELY(ash_mutex_is_forking()))
		return;
	ash_assert_internal(ash_thread_is_valid(t));
	ash_assert_expensive(ash_thread_tops_are_valid(t));
	if (t->fresh && allocates) {
		t->fresh = false;
		ash_arena_follow(t);
		if (ash_thread_count() > 1 || ash_load_relaxed(&ash_heap.rounds.alone))
			ash_rounds_start();
	}
	now_ns = ash_os_coarse_clock_ns();
	now = (uint32_t)(now_ns / ASH_EPOCH_NS);
	if (now == ash_load_relaxed(&t->epoch)) {
		ash_rounds_notice();
		return;
	}
	ash_store_relaxed(&t->epoch, now);
	/* So far there were threads beside this one that only freed. */
	if (allocates && ash_thread_count() > 1 && !ash_background_running())
		ash_rounds_start();
	if (ash_load_relaxed(&t->asleep))
		ash_thread_wake(t);
	ash_apart_follow(t); /* mallopt may want it since the last time */
	ash_arena_follow(t); /* arena 0 may have got hooks */
	ash_tcache_flush_idle(t);
	ash_runs_age(&t->runs, ash_tcache_most_runs(t));
	relieve(t);
	ash_rounds_tick(now_ns);
}
