#include "page/run.h"

#include <errno.h>

#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "page/packing.h"
#include "util/assert.h"
#include "util/bitmap.h"

/* Guards all hugeblocks' used and touched bits and the packing lists. */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_PAGE);
/* Granules; written under the lock, read by anyone. */
static size_t in_use;
static size_t dirty;     /* free, and may hold memory */
static size_t dirty_low; /* least that `dirty` was since somebody asked, purging apart */
static size_t muzzy;     /* the same, but the kernel may take it */
static uint64_t retaken; /* running count of those that were taken while dirty */
static struct ash_list dirty_blocks = {&dirty_blocks, &dirty_blocks};
static struct ash_list muzzy_blocks = {&muzzy_blocks, &muzzy_blocks};

void ash_page_init(void)
{
	ash_packing_init();
}

/* nused counts the used bits; every free granule says so; a run's inner granules lead back to
 * a head that covers them. */
__attribute__((unused)) static bool block_is_valid(const struct ash_hugeblock *block)
{
	unsigned used = 0;

	for (unsigned i = 0; i < ASH_HUGE_GRANULES; i++) {
		const struct ash_run *run = &block->run[i];

		if (!ash_bitmap_test(block->used, i)) {
			if (run->state != ASH_RUN_FREE)
				return false;
			continue;
		}
		used++;
		/* (A free one that is used is just being purged.) */
		if (run->state != ASH_RUN_FREE && !ash_bitmap_test(block->touched, i))
			return false;
		if (run->state == ASH_RUN_INNER &&
		    (run->head > i || run[-(int)run->head].granules <= run->head))
			return false;
	}
	return used == block->nused &&
	       block->longest == ash_bitmap_longest_clear(block->used, ASH_HUGE_GRANULES);
}

/* Caller holds the lock.  The granules that a purge may take, dirty or muzzy ones, as bits: the
 * kernel gives back whole OS pages, so of larger pages (of 64 KiB: four granules) those that
 * are free altogether and dirty in part. */
static void purgeable(const struct ash_hugeblock *block, bool lazy, uint64_t map[2])
{
	unsigned per_page =
		ash_os_page > ASH_GRANULE ? (unsigned)(ash_os_page >> ASH_GRANULE_SHIFT) : 1;

	for (unsigned w = 0; w < 2; w++) {
		map[w] = block->touched[w] & ~block->used[w] &
			 (lazy ? block->muzzy[w] : ~block->muzzy[w]);
		for (unsigned at = 0; per_page > 1 && at < 64; at += per_page) {
			uint64_t page = ash_bits_mask(at, per_page);

			if ((block->used[w] & page) != 0)
				map[w] &= ~page;
			else if ((map[w] & page) != 0)
				map[w] |= page;
		}
	}
}

/* Caller holds the lock, after the block's bits changed: keeps it on the list of dirty blocks
 * while there is something to purge. */
static void note_on(struct ash_list *list, struct ash_list *link, const uint64_t map[2])
{
	bool has = (map[0] | map[1]) != 0, listed = link->next != link;

	if (has && !listed)
		ash_list_push_back(list, link);
	else if (!has && listed)
		ash_list_remove(link);
}

static void note_dirty(struct ash_hugeblock *block)
{
	uint64_t map[2];

	purgeable(block, false, map);
	note_on(&dirty_blocks, &block->dirty, map);
	if (ash_load_relaxed(&muzzy) != 0 || !ash_list_empty(&muzzy_blocks)) {
		purgeable(block, true, map);
		note_on(&muzzy_blocks, &block->lazy, map);
	}
}

/* Caller holds the lock.  Takes the granules that hold memory out of the counts of dirty and
 * muzzy ones; returns how many were dirty. */
static unsigned uncount(struct ash_hugeblock *block, unsigned first, unsigned count)
{
	unsigned held = ash_bitmap_count_range(block->touched, first, count);
	unsigned lazy = ash_bitmap_count_range(block->muzzy, first, count);

	ash_owned_add(&dirty, 0 - (size_t)(held - lazy));
	if (ASH_UNLIKELY(lazy != 0)) {
		ash_owned_add(&muzzy, 0 - (size_t)lazy);
		ash_bitmap_clear_range(block->muzzy, first, count);
	}
	return held - lazy;
}

/* Caller holds the lock.  Marks granules first .. first + count - 1 as a part of the run
 * whose head is at `head`. */
static void take(struct ash_hugeblock *block, unsigned head, unsigned first, unsigned count)
{
	ash_owned_add(&retaken, uncount(block, first, count));
	if (dirty < dirty_low)
		dirty_low = dirty;
	ash_bitmap_set_range(block->used, first, count);
	ash_bitmap_set_range(block->touched, first, count);
	block->nused += (uint16_t)count;
	ash_owned_add(&in_use, count);
	for (unsigned i = first; i < first + count; i++) {
		if (i == head)
			continue;
		ash_store_relaxed(&block->run[i].head, (uint8_t)(i - head));
		ash_store_relaxed(&block->run[i].state, (uint8_t)ASH_RUN_INNER);
	}
}

static void give_back(struct ash_hugeblock *block, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		ash_store_relaxed(&block->run[i].state, (uint8_t)ASH_RUN_FREE);
	ash_bitmap_clear_range(block->used, first, count);
	block->nused -= (uint16_t)count;
	ash_owned_add(&in_use, 0 - (size_t)count);
	ash_owned_add(&dirty, count);
}

static void add_block(struct ash_hugeblock *block)
{
	ash_list_init(&block->dirty);
	ash_list_init(&block->lazy);
	ash_mutex_lock(&lock);
	ash_packing_add(block);
	ash_mutex_unlock(&lock);
}

struct ash_run *ash_run_alloc(unsigned granules, unsigned align, enum ash_run_state state,
			      bool *zeroed)
{
	struct ash_hugeblock *block;
	struct ash_run *run;
	unsigned first = 0;
	size_t charged;

	ash_assert(granules > 0 && granules <= ASH_HUGE_GRANULES);
	if (!ash_limits_charge((size_t)granules << ASH_GRANULE_SHIFT, &charged))
		return NULL;
	for (;;) {
		uint32_t seen = ash_hugeblock_growths();

		ash_mutex_lock(&lock);
		block = ash_packing_choose(granules, align, &first);
		if (block != NULL)
			break;
		ash_mutex_unlock(&lock);
		if (!ash_hugeblock_grow(seen, add_block)) {
			ash_limits_settle(charged);
			return NULL;
		}
	}
	run = &block->run[first];
	if (zeroed != NULL)
		*zeroed = ash_bitmap_range_clear(block->touched, ASH_HUGE_GRANULES, first,
						 granules);
	take(block, first, first, granules);
	run->number = block->number * ASH_HUGE_GRANULES + first;
	run->granules = (uint8_t)granules;
	ash_store_relaxed(&run->head, (uint8_t)0);
	ash_store_relaxed(&run->state, (uint8_t)state);
	note_dirty(block);
	ash_packing_update(block);
	ash_assert_expensive(block_is_valid(block));
	ash_mutex_unlock(&lock);
	ash_limits_settle(charged);
	return run;
}

/* Caller holds the lock. */
static void free_locked(struct ash_run *run)
{
	struct ash_hugeblock *block = ash_block_of_granule(run->number);

	give_back(block, run->number % ASH_HUGE_GRANULES, run->granules);
	note_dirty(block);
	ash_packing_update(block);
	ash_assert_expensive(block_is_valid(block));
}

void ash_run_free(struct ash_run *run)
{
	ash_mutex_lock(&lock);
	ash_assert(run->state == ASH_RUN_SLAB || run->state == ASH_RUN_LARGE);
	free_locked(run);
	ash_mutex_unlock(&lock);
}

bool ash_run_free_large(struct ash_run *run)
{
	bool is_large;

	ash_mutex_lock(&lock);
	is_large = run->state == ASH_RUN_LARGE;
	if (is_large)
		free_locked(run);
	ash_mutex_unlock(&lock);
	return is_large;
}

bool ash_run_resize(struct ash_run *run, unsigned granules)
{
	struct ash_hugeblock *block = ash_block_of_granule(run->number);
	unsigned first = run->number % ASH_HUGE_GRANULES, now = run->granules;
	bool done = true;
	size_t charged = 0;

	if (granules == now)
		return true;
	if (granules > now &&
	    !ash_limits_charge((size_t)(granules - now) << ASH_GRANULE_SHIFT, &charged))
		return false;
	ash_mutex_lock(&lock);
	if (granules < now) {
		give_back(block, first + granules, now - granules);
	} else {
		done = first + granules <= ASH_HUGE_GRANULES &&
		       ash_bitmap_range_clear(block->used, ASH_HUGE_GRANULES, first + now,
					      granules - now);
		if (done)
			take(block, first, first + now, granules - now);
	}
	if (done) {
		run->granules = (uint8_t)granules;
		note_dirty(block);
		ash_packing_update(block);
	}
	ash_assert_expensive(block_is_valid(block));
	ash_mutex_unlock(&lock);
	ash_limits_settle(charged);
	return done;
}

size_t ash_run_granules(void)
{
	return ash_load_relaxed(&in_use);
}

size_t ash_run_dirty(void)
{
	return ash_load_relaxed(&dirty);
}

size_t ash_run_dirty_low(void)
{
	size_t low;

	ash_mutex_lock(&lock);
	low = dirty_low;
	dirty_low = dirty;
	ash_mutex_unlock(&lock);
	return low;
}

size_t ash_run_muzzy(void)
{
	return ash_load_relaxed(&muzzy);
}

uint64_t ash_run_retaken(void)
{
	return ash_load_relaxed(&retaken);
}

/* Caller holds the lock.  Reserves the block's dirty ranges, so that nobody takes them while
 * they are purged; returns how many ranges. */
static unsigned reserve_dirty(struct ash_hugeblock *block, bool lazy,
			      struct ash_dirty_range *range, unsigned most, size_t *granules)
{
	uint64_t map[2];
	unsigned n = 0, at = 0;

	purgeable(block, lazy, map);
	while (n<most && * granules> 0 &&
	       (at = ash_bitmap_next(map, ASH_HUGE_GRANULES, at, true)) < ASH_HUGE_GRANULES) {
		unsigned end = ash_bitmap_next(map, ASH_HUGE_GRANULES, at, false);

		range[n++] = (struct ash_dirty_range){block, (uint16_t)at, (uint16_t)(end - at),
						      false, false};
		ash_bitmap_set_range(block->used, at, end - at);
		block->nused += (uint16_t)(end - at);
		*granules -= end - at < *granules ? end - at : *granules;
		at = end;
	}
	if (n > 0) {
		note_dirty(block);
		ash_packing_update(block);
	}
	return n;
}

unsigned ash_run_reserve_dirty(struct ash_dirty_range *range, unsigned most, size_t granules)
{
	unsigned n = 0;

	ash_mutex_lock(&lock);
	while (n < most && granules > 0 && !ash_list_empty(&dirty_blocks)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(dirty_blocks.next, struct ash_hugeblock, dirty);

		n += reserve_dirty(block, false, range + n, most - n, &granules);
	}
	ash_mutex_unlock(&lock);
	return n;
}

unsigned ash_run_reserve_muzzy(struct ash_dirty_range *range, unsigned most, size_t granules)
{
	unsigned n = 0;

	ash_mutex_lock(&lock);
	while (n < most && granules > 0 && !ash_list_empty(&muzzy_blocks)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(muzzy_blocks.next, struct ash_hugeblock, lazy);

		n += reserve_dirty(block, true, range + n, most - n, &granules);
	}
	ash_mutex_unlock(&lock);
	return n;
}

/* Caller holds the lock.  What was purged was needed by nobody. */
static void purged_dirty(size_t granules)
{
	dirty_low -= granules < dirty_low ? granules : dirty_low;
}

void ash_run_return_dirty(const struct ash_dirty_range *range, unsigned n)
{
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < n; i++) {
		struct ash_hugeblock *block = range[i].block;

		ash_bitmap_clear_range(block->used, range[i].first, range[i].count);
		block->nused -= range[i].count;
		if (range[i].purged) {
			purged_dirty(uncount(block, range[i].first, range[i].count));
			ash_bitmap_clear_range(block->touched, range[i].first, range[i].count);
		} else if (range[i].lazily) {
			purged_dirty(uncount(block, range[i].first, range[i].count));
			ash_bitmap_set_range(block->touched, range[i].first, range[i].count);
			ash_bitmap_set_range(block->muzzy, range[i].first, range[i].count);
			ash_owned_add(&muzzy, range[i].count);
		}
		note_dirty(block);
		ash_packing_update(block);
		ash_assert_expensive(block_is_valid(block));
	}
	ash_mutex_unlock(&lock);
}

unsigned ash_run_release_blocks(bool clean)
{
	unsigned gone = 0;

	for (;;) {
		struct ash_hugeblock *block;
		uint64_t touched[2];

		ash_mutex_lock(&lock);
		block = ash_packing_take_empty(clean);
		if (block == NULL) {
			ash_mutex_unlock(&lock);
			return gone;
		}
		touched[0] = block->touched[0];
		touched[1] = block->touched[1];
		uncount(block, 0, ASH_HUGE_GRANULES);
		block->touched[0] = block->touched[1] = 0;
		note_dirty(block);
		ash_mutex_unlock(&lock);
		if (ash_hugeblock_release(block)) {
			gone++;
			continue;
		}
		/* (What was muzzy is dirty again.) */
		ash_mutex_lock(&lock);
		block->touched[0] = touched[0];
		block->touched[1] = touched[1];
		ash_owned_add(&dirty, ash_bitmap_count_range(touched, 0, ASH_HUGE_GRANULES));
		note_dirty(block);
		ash_packing_add(block);
		ash_mutex_unlock(&lock);
		return gone;
	}
}

struct ash_mutex *ash_page_mutex(void)
{
	return &lock;
}
