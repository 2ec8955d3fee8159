#include "reclaim/relief.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>

#include "cache/depot.h"
#include "cache/runs.h"
#include "cache/thread.h"
#include "os/os.h"
#include "page/account.h"
#include "page/block.h"
#include "page/dirty.h"
#include "page/growth.h"
#include "page/hugeblock.h"
#include "page/large.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "page/mapping_cache.h"
#include "page/mapping_retained.h"
#include "reclaim/claim.h"
#include "reclaim/holes.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "reclaim/stall.h"
#include "slab/bin.h"
#include "slab/shard.h"
#include "util/bits.h"

/* When the heap grows beyond what it ever was: */
#define RELIEF_NS 400000u                  /* of purging runs and mappings, */
#define RELIEF_RUNS_NS (RELIEF_NS * 5 / 8) /* of that runs, */
#define RELIEF_HOLES_NS (RELIEF_NS / 2)    /* and of purging holes */
#define RELIEF_TRIM 128                    /* magazines out of the depot, */
#define RELIEF_TRIM_NS 50000u              /* in about so long by the clock */
#define RELIEF_DIRTY ((size_t)1 << 20)     /* what may stay dirty, */
#define RELIEF_DIRTY_SHARE 8               /* or this share of the heap */
/* For one request under a hard limit: */
#define PASSES 16                    /* over what lies idle, */
#define PASS_LEAST ((size_t)1 << 20) /* the first for so much at least */

/* Gives back what takes calls of the kernel: free runs above their share, about `bytes` of
 * cached mappings, and holes. */
static void shrink(struct ash_heap *heap, size_t bytes)
{
	size_t dirty = (ash_account_in_use(heap) << ASH_GRANULE_SHIFT) / RELIEF_DIRTY_SHARE;
	uint64_t start = ash_os_given_ns();

	ash_purge_down(heap, dirty > RELIEF_DIRTY ? dirty : RELIEF_DIRTY, RELIEF_RUNS_NS);
	/* Mappings cached for good stay by request. */
	if (heap->mappings.cache_ns != ASH_MAPPING_CACHE_FOR_GOOD)
		ash_mapping_cache_trim_for(heap, UINT64_MAX, bytes,
					   ash_stall_left(start, RELIEF_NS));
	if (heap->holes.enabled) {
		uint64_t before = ash_os_given_ns();

		ash_holes_relieve(heap, heap->rounds.epoch, bytes, RELIEF_HOLES_NS);
		ash_purge_worked(heap, ash_os_given_ns() - before);
	}
}

/* Called when the heap is about to touch fresh memory: gives back what others can do without.
 * First magazines of the depot go home.  That needs no call of the kernel, and slabs whose last
 * objects they held serve anybody.  Then, where the heap would hold `bytes` more than ever
 * before (0 below that), calls of the kernel follow.  Returns whether the clock cut it short.
 */
static bool relieve(struct ash_heap *heap, size_t bytes)
{
	struct ash_stall stall;
	int saved = errno;
	bool cut;

	if (ash_mutex_is_forking())
		return false;
	ash_lock_rank_assert_none();
	/* Whoever grows does without what it keeps itself; others want theirs again. */
	if (ash_tls.phase == ASH_THREAD_LIVE)
		ash_runs_flush(&ash_tls.thread->runs);
	if (!ash_claim_try(heap))
		return false;
	ash_stall_begin(&stall, false);
	if (ash_depot_bytes() != 0)
		ash_depot_trim(RELIEF_TRIM, ash_stall_lasts, RELIEF_TRIM_NS);
	if (bytes != 0 && ash_purge_may_work(heap))
		shrink(heap, bytes);
	cut = ash_stall_lasts(ASH_HOLES_CALL_NS);
	ash_stall_end(heap, &stall);
	ash_claim_give_back(heap);
	errno = saved;
	return cut;
}

/* About `bytes` of cached mappings, whatever their age; returns how many went. */
static size_t trim(struct ash_heap *heap, size_t bytes)
{
	uint64_t before = ash_os_given.bytes;

	ash_mapping_cache_trim_for(heap, UINT64_MAX, bytes, UINT64_MAX);
	return (size_t)(ash_os_given.bytes - before);
}

/* Before a hard limit refuses `bytes`: some of what lies idle goes; 0 where nothing does. */
static size_t make_room(struct ash_heap *heap, size_t bytes)
{
	size_t gone = ash_purge_some(heap, bytes);

	return gone != 0 || ash_account_cached(heap) == 0 ? gone : trim(heap, bytes);
}

/* What takes the claim: up to `bytes` of what is free in huge pages, and of holes.  Waits for
 * whoever has it, since what that one has detached cannot be had before. */
static size_t claimed(struct ash_heap *heap, size_t bytes)
{
	bool mine = ash_claim_is_mine(heap); /* in a fork, whose handlers may allocate */
	size_t gone;

	if (!mine)
		ash_claim_await(heap);
	ash_dirty_try_refused(heap);
	gone = ash_purge_up_to(heap, ash_hugify_break_some(heap, bytes));
	if (gone < bytes)
		gone += ash_holes_of_any_age(heap, bytes - gone);
	if (!mine)
		ash_claim_give_back(heap);
	return gone;
}

/* All that lies idle goes; returns whether any did. */
static bool trim_all(struct ash_heap *heap)
{
	uint64_t before = ash_os_given.bytes;
	size_t idle, dirty, now;

	ash_thread_inherit(UINT_MAX);
	ash_mapping_trim(heap, UINT64_MAX, UINT64_MAX);
	ash_depot_empty();
	ash_rounds_inboxes();
	idle = ash_block_idle(heap);
	ash_purge_all(heap);
	dirty = ash_account_dirty(heap);
	claimed(heap, SIZE_MAX);
	/* What never held memory in a block counts as dirty from its first hole on, as does
	 * what is left of slabs that went meanwhile; what others free is left to the next call.
	 */
	now = ash_account_dirty(heap);
	if (now > dirty)
		ash_purge_up_to(heap, (now - dirty) << ASH_GRANULE_SHIFT);
	ash_block_release_empty(heap, idle);
	return ash_os_given.bytes != before;
}

#define WAITS_NS 2000000000u /* for the trims of others, */
#define WAIT_NS 100000000u   /* one after the other */

/* Of this thread's, one inside of another in handlers of signals. */
static __thread uint32_t waits;

/* Sleeps while the trim that `count` tells of is under way.  Who waits counts itself before the
 * kernel looks at the count; who ends one changes that and then looks who waits. */
static void wait_for_trim(struct ash_trims *trims, uint32_t count)
{
	waits++;
	ash_add_seq_cst(&trims->waiting, 1);
	ash_os_futex_wait_for(&trims->count, count, WAIT_NS);
	ash_sub_relaxed(&trims->waiting, 1);
	waits--;
}

enum turn {
	MINE, /* to be ended */
	DONE, /* by another, who began after this call and found all that it left */
	NONE, /* somebody hangs in one: in a handler of SIGABRT, for example */
};

static enum turn await_turn(struct ash_trims *trims)
{
	uint32_t seen = ash_load_seq_cst(&trims->count), now = seen;
	int32_t enough = seen % 2 != 0 ? 3 : 2; /* what was under way is not */
	uint64_t begin_ns = 0, now_ns;

	while ((int32_t)(now - seen) < enough) {
		if (now % 2 == 0) {
			if (!ash_cas_acquire(&trims->count, &now, now + 1))
				continue;
			ash_store_relaxed(&trims->by, ash_mutex_number());
			return MINE;
		}
		/* (By the clock: signals end a wait early.) */
		now_ns = ash_os_clock_ns();
		if (begin_ns == 0)
			begin_ns = now_ns;
		else if (now_ns - begin_ns >= WAITS_NS)
			return NONE;
		wait_for_trim(trims, now);
		now = ash_load_seq_cst(&trims->count);
	}
	return DONE;
}

static void end_turn(struct ash_trims *trims, bool gave)
{
	ash_store_relaxed(&trims->gave, gave);
	ash_store_relaxed(&trims->by, 0);
	ash_store_seq_cst(&trims->count, (ash_load_relaxed(&trims->count) | 1) + 1);
	if (ash_load_seq_cst(&trims->waiting) != 0)
		ash_os_futex_wake_all(&trims->count);
}

bool ash_relief_all(void)
{
	struct ash_heap *heap = &ash_heap;
	struct ash_trims *trims = &heap->trims;
	bool gave;

	/* Who forks has what another may wait for, and what a handler interrupted does not end
	 * before it. */
	if (ash_mutex_is_forking() || ash_load_relaxed(&trims->by) == ash_mutex_number())
		return trim_all(heap);
	switch (await_turn(trims)) {
	case MINE:
		gave = trim_all(heap);
		end_turn(trims, gave);
		return gave;
	case DONE:
		return ash_load_relaxed(&trims->gave);
	default:
		return trim_all(heap);
	}
}

void ash_relief_after_fork(void)
{
	struct ash_trims *trims = &ash_heap.trims;

	trims->waiting = waits;
	if (trims->count % 2 == 0 || trims->by == ash_mutex_number())
		return;
	trims->count++;
	trims->by = 0;
}

/* Whether the kernel has the addresses when `goes` have gone. */
static bool would_map(size_t bytes, size_t goes)
{
	return bytes <= goes || ash_os_could_map(ash_align_up(bytes - goes, ash_os_page));
}

/* Addresses that can go as things are. */
static size_t at_hand(const struct ash_heap *heap)
{
	return ash_account_cached(heap) + ash_mapping_retained_bytes(heap) +
	       ash_block_empty_bytes(heap);
}

/* The same where the depot's objects have gone home: at most all of the heap but large runs and
 * what is out with the program and its threads, which stays however the objects lie. */
static size_t at_most(const struct ash_heap *heap)
{
	size_t idle = ash_block_idle(heap) + ash_depot_bytes();
	size_t mapped = ash_hugeblock_mapped(heap);

	for (unsigned s = 0; s < ash_shard_count(); s++) {
		const struct ash_shard *shard = ash_shard_at(s);

		for (unsigned c = 1; c < shard->classes; c++) {
			const struct ash_bin *bin = &shard->bin[c];
			size_t slabs = ash_load_relaxed(&bin->nslabs), bytes, out;

			if (slabs == 0)
				continue;
			bytes = slabs * ash_size_classes[c].granules << ASH_GRANULE_SHIFT;
			out = ash_bin_bytes(bin, c).out;
			idle += bytes > out ? bytes - out : 0;
		}
	}
	return (idle < mapped ? idle : mapped) + ash_account_cached(heap) +
	       ash_mapping_retained_bytes(heap);
}

/* Whether the kernel would have the addresses if all went that may go.  What lies in blocks
 * needs none of its own: a part of one suffices. */
static bool could_come(const struct ash_heap *heap, size_t bytes)
{
	if (ash_large_is_run(bytes) || would_map(bytes, at_hand(heap)))
		return true;
	if (!would_map(bytes, ash_hugeblock_mapped(heap) + ash_account_cached(heap) +
				      ash_mapping_retained_bytes(heap)))
		return false;
	ash_thread_inherit(UINT_MAX); /* where nobody can say what it is */
	ash_rounds_inboxes();
	return would_map(bytes, at_most(heap));
}

/* Addresses for a request that the kernel refuses: first what is at hand, then what the depot's
 * objects keep from being so; neither where it does not suffice. */
static bool give_addresses(struct ash_heap *heap, struct ash_relief *relief)
{
	size_t bytes = relief->bytes > ASH_HUGE ? relief->bytes : ASH_HUGE, gone;
	bool in_block = ash_large_is_run(relief->bytes), any = false;

	if (relief->steps == 0) {
		relief->steps = 1;
		if (!in_block && !would_map(relief->bytes, at_hand(heap)))
			return give_addresses(heap, relief);
		gone = trim(heap, bytes);
		if (gone < bytes)
			gone += ash_mapping_retained_release(heap, bytes - gone);
		if (gone < bytes)
			gone += (size_t)ash_block_release_empty(heap, bytes - gone)
				<< ASH_HUGE_SHIFT;
		if (gone != 0)
			return true;
	}
	if (relief->steps == 1) {
		relief->steps = 2;
		if (!in_block && !would_map(relief->bytes, at_most(heap)))
			return false;
		ash_thread_inherit(UINT_MAX);
		any = ash_depot_empty();
		ash_rounds_inboxes();
		if (!in_block && !would_map(relief->bytes, at_hand(heap)))
			return false;
		any |= trim(heap, bytes) != 0;
		any |= ash_block_release_empty(heap, bytes) != 0;
	}
	return any;
}

static void collect(struct ash_thread *thread, void *chain)
{
	struct ash_list **runs = chain;

	*runs = ash_runs_collect(&thread->runs, *runs);
}

/* The runs that threads keep; returns whether there were any. */
static bool give_back_kept(void)
{
	struct ash_list *chain = NULL;

	ash_thread_each(collect, &chain);
	ash_runs_give_back(chain);
	return chain != NULL;
}

/* One pass for a request that the hard limit refuses: up to `bytes` of what counts against it;
 * false where a whole one with the claim found nothing. */
static bool pass(struct ash_heap *heap, struct ash_relief *relief, size_t bytes)
{
	size_t gone = ash_purge_up_to(heap, bytes);
	bool any;

	if (gone < bytes)
		gone += trim(heap, bytes - gone);
	any = gone != 0;
	if (gone < bytes) {
		ash_thread_inherit(UINT_MAX);
		any |= ash_depot_empty();
		ash_rounds_inboxes();
		gone += ash_purge_up_to(heap, bytes - gone);
	}
	if (gone < bytes)
		gone += claimed(heap, bytes - gone);
	if (gone < bytes && ash_hugeblock_pool(heap) != 0)
		gone += (size_t)ash_block_release_empty(heap, bytes - gone) << ASH_HUGE_SHIFT;
	relief->given += gone;
	return any || gone != 0;
}

bool ash_relief_again(struct ash_relief *relief)
{
	struct ash_heap *heap = &ash_heap;
	size_t room = ash_limits_room(heap), bytes = ash_align_up(relief->bytes, ASH_GRANULE);

	if (relief->most == 0) {
		if (!ash_limits_could_hold(heap, bytes) || !could_come(heap, bytes))
			return false;
		relief->most = ash_account_held(heap);
		if (give_back_kept())
			return true;
		if (room != ASH_NO_LIMIT && room >= bytes) /* by now */
			return true;
	}
	if (room == ASH_NO_LIMIT)
		return give_addresses(heap, relief);
	if (relief->passes >= PASSES || relief->given > relief->most)
		return false;
	bytes = bytes > room && bytes - room > PASS_LEAST ? bytes - room : PASS_LEAST;
	bytes = bytes < SIZE_MAX >> relief->passes ? bytes << relief->passes : SIZE_MAX;
	relief->passes++;
	if (!pass(heap, relief, bytes) && !give_addresses(heap, relief))
		relief->passes = PASSES; /* the last: who was waited for may have given back */
	return true;
}

void ash_relief_init(void)
{
	ash_growth_hook = relieve;
	ash_limits_room_hook = make_room;
	ash_limits_cached_hook = ash_depot_bytes;
}
