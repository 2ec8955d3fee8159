#include "page/run.h"

#include <errno.h>

#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/block.h"
#include "page/growth.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "page/packing.h"
#include "util/assert.h"
#include "util/bitmap.h"

/* Guards all hugeblocks' used and touched bits and the packing lists. */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_PAGE);
/* Granules; written under the lock, read by anyone. */
static size_t in_use;
static size_t dirty;     /* free, and may hold memory that shall go */
static size_t dirty_low; /* least that `dirty` was since somebody asked, purging apart */
static size_t muzzy;     /* free, and the kernel may take their memory: not dirty */
static size_t kept;      /* free, and hold memory that stays: see enum ash_keep */
static uint64_t retaken; /* running count of those that were taken while dirty */
static struct ash_list dirty_blocks = {&dirty_blocks, &dirty_blocks};
static struct ash_list muzzy_blocks = {&muzzy_blocks, &muzzy_blocks};
static struct ash_list refused_blocks = {&refused_blocks, &refused_blocks}; /* by `dirty` */
struct ash_list ash_dense_blocks = {&ash_dense_blocks, &ash_dense_blocks};
struct ash_list ash_tailed_blocks = {&ash_tailed_blocks, &ash_tailed_blocks};
struct ash_list ash_pool_blocks = {&ash_pool_blocks, &ash_pool_blocks};

size_t ash_run_clock; /* granules taken, ever */

struct ash_block_bounds ash_block_bounds = {
	ASH_HUGE_GRANULES * 7 / 8,
	ASH_HUGE_GRANULES * 3 / 4,
	ASH_HUGE_GRANULES / 2,
};

void ash_page_init(void)
{
	ash_packing_init();
}

static bool listed(const struct ash_list *node)
{
	return node->next != node;
}

/* nused counts the used bits; what is muzzy is free, touched, and not to be kept; every free
 * granule says so; a run's inner granules lead back to a head that covers them. */
__attribute__((unused)) static bool block_is_valid(const struct ash_hugeblock *block)
{
	unsigned used = 0;

	for (unsigned w = 0; w < 2; w++)
		if ((block->muzzy[w] & (block->used[w] | ~block->touched[w])) != 0 ||
		    (block->keep != 0 && block->muzzy[w] != 0))
			return false;
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
		map[w] = block->keep != 0 ? 0
					  : block->touched[w] & ~block->used[w] &
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

	if (block->keep & ASH_KEEP_REFUSED) /* on the other list */
		return;
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
	unsigned lazy;

	if (block->keep != 0) {
		ash_owned_add(&kept, 0 - (size_t)held);
		return 0;
	}
	lazy = ash_bitmap_count_range(block->muzzy, first, count);
	ash_owned_add(&dirty, 0 - (size_t)(held - lazy));
	if (ASH_UNLIKELY(lazy != 0)) {
		ash_owned_add(&muzzy, 0 - (size_t)lazy);
		ash_bitmap_clear_range(block->muzzy, first, count);
	}
	return held - lazy;
}

/* Caller holds the lock.  `n` granules of the block more are free and may hold memory. */
static void count_dirty(const struct ash_hugeblock *block, size_t n)
{
	ash_owned_add(block->keep != 0 ? &kept : &dirty, n);
}

/* Caller holds the lock.  What was purged was needed by nobody. */
static void purged_dirty(size_t granules)
{
	dirty_low -= granules < dirty_low ? granules : dirty_low;
}

void ash_block_keep(struct ash_hugeblock *block, unsigned keep)
{
	size_t n = 0, lazy = 0;

	if (keep == block->keep)
		return;
	for (unsigned w = 0; w < 2; w++) {
		n += (unsigned)__builtin_popcountll(block->touched[w] & ~block->used[w]);
		lazy += (unsigned)__builtin_popcountll(block->muzzy[w]);
		block->muzzy[w] = 0; /* what stays is no longer for the kernel to take */
	}
	ash_owned_add(&muzzy, 0 - lazy);
	count_dirty(block, lazy - n);
	if (block->keep == 0)
		purged_dirty(n - lazy);
	if (listed(&block->dirty))
		ash_list_remove(&block->dirty);
	ash_store_relaxed(&block->keep, (uint8_t)keep);
	count_dirty(block, n);
	if (keep & ASH_KEEP_REFUSED) {
		if (listed(&block->lazy))
			ash_list_remove(&block->lazy);
		ash_list_push_back(&refused_blocks, &block->dirty);
	}
	note_dirty(block);
}

/* Caller holds the lock.  A page of the pool is on the list of empty ones, or on none. */
static void note_of_pool(struct ash_hugeblock *block)
{
	if (block->nused != 0 && listed(&block->dense)) {
		ash_list_remove(&block->dense);
	} else if (block->nused == 0 && !listed(&block->dense)) {
		block->dense_epoch = 0;
		ash_list_push_back(&ash_pool_blocks, &block->dense);
	}
}

void ash_block_changed(struct ash_hugeblock *block)
{
	if ((block->keep & ASH_KEEP_HUGE) && block->nused < ash_block_bounds.broken)
		ash_block_keep(block, block->keep & ~(unsigned)ASH_KEEP_HUGE);
	if (ASH_UNLIKELY(block->keep & ASH_KEEP_POOL)) {
		note_of_pool(block);
	} else if (listed(&block->dense)) {
		if (block->nused < ash_block_bounds.dense_no_more)
			ash_list_remove(&block->dense);
	} else if (block->nused >= ash_block_bounds.dense && !(block->keep & ASH_KEEP_HUGE)) {
		block->dense_epoch = 0;
		ash_list_push_back(&ash_dense_blocks, &block->dense);
	}
	note_dirty(block);
	ash_packing_update(block);
	ash_assert_expensive(block_is_valid(block));
}

void ash_block_fill(struct ash_hugeblock *block)
{
	size_t filled = 0;

	for (unsigned w = 0; w < 2; w++) {
		filled += (unsigned)__builtin_popcountll(~block->touched[w]);
		block->touched[w] = UINT64_MAX;
	}
	count_dirty(block, filled); /* none of it is used */
}

bool ash_block_is_dense(const struct ash_hugeblock *block)
{
	return listed(&block->dense);
}

/* Caller holds the lock. */
static void set_tail(struct ash_hugeblock *block, unsigned head)
{
	ash_bitmap_set(block->tails, head);
	if (!listed(&block->tailed)) {
		block->tails_epoch = 0;
		ash_list_push_back(&ash_tailed_blocks, &block->tailed);
	}
}

/* Caller holds the lock.  Until the owner says how much of the run it uses, which it does after
 * the lock, all of it is used: its tail may be looked at before. */
static void set_length(struct ash_run *run, unsigned granules)
{
	run->granules = (uint8_t)granules;
	ash_store_relaxed(&run->size, (uint32_t)(granules << ASH_GRANULE_SHIFT));
}

/* Caller holds the lock.  Marks granules first .. first + count - 1 as a part of the run
 * whose head is at `head`. */
static void take(struct ash_hugeblock *block, unsigned head, unsigned first, unsigned count)
{
	/* The last granule is hardly ever used to its end. */
	if (block->run[head].state == ASH_RUN_LARGE &&
	    ash_bitmap_test(block->touched, first + count - 1))
		set_tail(block, head);
	ash_growth_note((count - ash_bitmap_count_range(block->touched, first, count))
			<< ASH_GRANULE_SHIFT);
	ash_owned_add(&retaken, uncount(block, first, count));
	if (dirty < dirty_low)
		dirty_low = dirty;
	ash_bitmap_set_range(block->used, first, count);
	ash_bitmap_set_range(block->touched, first, count);
	block->nused += (uint16_t)count;
	ash_owned_add(&in_use, count);
	ash_owned_add(&ash_run_clock, count);
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
	count_dirty(block, count);
}

static void add_block(struct ash_hugeblock *block)
{
	ash_list_init(&block->dirty);
	ash_list_init(&block->lazy);
	ash_list_init(&block->dense);
	ash_list_init(&block->tailed);
	ash_mutex_lock(&lock);
	ash_packing_add(block);
	if (block->keep & ASH_KEEP_POOL)
		note_of_pool(block);
	ash_mutex_unlock(&lock);
}

static struct ash_run *alloc(unsigned granules, unsigned room, unsigned align,
			     enum ash_run_state state, bool *zeroed)
{
	struct ash_hugeblock *block;
	struct ash_run *run;
	unsigned first = 0;
	size_t charged;

	ash_assert(granules > 0 && room >= granules && room <= ASH_HUGE_GRANULES);
	if (!ash_limits_charge((size_t)granules << ASH_GRANULE_SHIFT, &charged))
		return NULL;
	for (;;) {
		uint32_t seen = ash_hugeblock_growths();

		ash_mutex_lock(&lock);
		block = ash_packing_choose(room, align, &first);
		if (block != NULL)
			break;
		ash_mutex_unlock(&lock);
		if (ash_hugeblock_grow(seen, add_block))
			continue;
		if (room == granules) {
			ash_limits_settle(charged);
			return NULL;
		}
		room = granules;
	}
	/* At the upper end of what is free: others fill it from below. */
	if (room > granules)
		first = ash_bitmap_next(block->used, ASH_HUGE_GRANULES, first, true) - room;
	run = &block->run[first];
	ash_store_relaxed(&run->state, (uint8_t)state);
	if (zeroed != NULL)
		*zeroed = ash_bitmap_range_clear(block->touched, ASH_HUGE_GRANULES, first,
						 granules);
	take(block, first, first, granules);
	run->number = block->number * ASH_HUGE_GRANULES + first;
	set_length(run, granules);
	run->apart = 0;
	ash_store_relaxed(&run->head, (uint8_t)0);
	ash_block_changed(block);
	ash_mutex_unlock(&lock);
	ash_limits_settle(charged);
	ash_growth_look();
	return run;
}

struct ash_run *ash_run_alloc(unsigned granules, unsigned align, enum ash_run_state state,
			      bool *zeroed)
{
	return alloc(granules, granules, align, state, zeroed);
}

struct ash_run *ash_run_alloc_room(unsigned granules, unsigned room, enum ash_run_state state)
{
	return alloc(granules, room, 1, state, NULL);
}

/* Caller holds the lock. */
static void free_locked(struct ash_run *run)
{
	struct ash_hugeblock *block = ash_block_of_granule(run->number);
	unsigned first = run->number % ASH_HUGE_GRANULES;

	if (ASH_UNLIKELY(run->state == ASH_RUN_LARGE && run->apart)) {
		/* Whoever purges its tail takes it back afterwards. */
		ash_store_relaxed(&run->state, (uint8_t)ASH_RUN_FREE);
		return;
	}
	ash_bitmap_clear(block->tails, first);
	give_back(block, first, run->granules);
	ash_block_changed(block);
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

	if (granules > now &&
	    !ash_limits_charge((size_t)(granules - now) << ASH_GRANULE_SHIFT, &charged))
		return false;
	ash_mutex_lock(&lock);
	if (run->apart) {
		done = false;
	} else if (granules <= now) {
		if (granules < now)
			give_back(block, first + granules, now - granules);
		set_tail(block, first);
	} else {
		done = first + granules <= ASH_HUGE_GRANULES &&
		       ash_bitmap_range_clear(block->used, ASH_HUGE_GRANULES, first + now,
					      granules - now);
		if (done)
			take(block, first, first + now, granules - now);
	}
	if (done) {
		set_length(run, granules);
		if (granules != now)
			ash_block_changed(block);
	}
	ash_mutex_unlock(&lock);
	ash_limits_settle(charged);
	return done;
}

struct ash_run *ash_run_tail_begin(struct ash_hugeblock *block)
{
	unsigned first = ash_bitmap_next(block->tails, ASH_HUGE_GRANULES, 0, true);
	struct ash_run *run;

	if (first == ASH_HUGE_GRANULES)
		return NULL;
	ash_bitmap_clear(block->tails, first);
	run = &block->run[first];
	run->apart = 1;
	return run;
}

void ash_run_tail_end(struct ash_run *run)
{
	run->apart = 0;
	if (run->state == ASH_RUN_FREE) /* freed meanwhile */
		free_locked(run);
}

size_t ash_run_granules(void)
{
	return ash_load_relaxed(&in_use);
}

size_t ash_run_dirty(void)
{
	return ash_load_relaxed(&dirty);
}

size_t ash_run_kept(void)
{
	return ash_load_relaxed(&kept);
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

/* Caller holds the lock.  Reserves the block's dirty or muzzy ranges, so that nobody takes
 * them while they are purged; returns how many ranges. */
static unsigned reserve_in(struct ash_hugeblock *block, bool lazy,
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
		purged_dirty(uncount(block, at, end - at));
		ash_bitmap_set_range(block->used, at, end - at);
		block->nused += (uint16_t)(end - at);
		*granules -= end - at < *granules ? end - at : *granules;
		at = end;
	}
	if (n > 0)
		ash_block_changed(block);
	return n;
}

unsigned ash_run_reserve(bool lazy, struct ash_dirty_range *range, unsigned most,
			 size_t granules)
{
	const struct ash_list *list = lazy ? &muzzy_blocks : &dirty_blocks;
	unsigned n = 0;

	ash_mutex_lock(&lock);
	while (n < most && granules > 0 && !ash_list_empty(list)) {
		struct ash_hugeblock *block =
			lazy ? ASH_LIST_ENTRY(list->next, struct ash_hugeblock, lazy)
			     : ASH_LIST_ENTRY(list->next, struct ash_hugeblock, dirty);

		n += reserve_in(block, lazy, range + n, most - n, &granules);
	}
	ash_mutex_unlock(&lock);
	return n;
}

void ash_run_return_dirty(const struct ash_dirty_range *range, unsigned n)
{
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < n; i++) {
		struct ash_hugeblock *block = range[i].block;

		ash_bitmap_clear_range(block->used, range[i].first, range[i].count);
		block->nused -= range[i].count;
		if (range[i].purged) {
			ash_bitmap_clear_range(block->touched, range[i].first, range[i].count);
		} else if (range[i].lazily && block->keep == 0) {
			ash_bitmap_set_range(block->touched, range[i].first, range[i].count);
			ash_bitmap_set_range(block->muzzy, range[i].first, range[i].count);
			ash_owned_add(&muzzy, range[i].count);
		} else {
			count_dirty(block,
				    ash_bitmap_count_range(block->touched, range[i].first,
							   range[i].count));
			if (!range[i].lazily)
				ash_block_keep(block, block->keep | ASH_KEEP_REFUSED);
		}
		ash_block_changed(block);
	}
	ash_mutex_unlock(&lock);
}

void ash_run_refused(struct ash_hugeblock *block)
{
	ash_mutex_lock(&lock);
	if (block->nused != 0)
		ash_block_keep(block, block->keep | ASH_KEEP_REFUSED);
	ash_mutex_unlock(&lock);
}

void ash_run_try_refused(void)
{
	ash_mutex_lock(&lock);
	while (!ash_list_empty(&refused_blocks)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(refused_blocks.next, struct ash_hugeblock, dirty);

		ash_block_keep(block, block->keep & ~(unsigned)ASH_KEEP_REFUSED);
	}
	ash_mutex_unlock(&lock);
}

bool ash_block_release(struct ash_hugeblock *block)
{
	uint64_t touched[2] = {block->touched[0], block->touched[1]};
	bool gone;

	ash_block_keep(block, block->keep & ASH_KEEP_POOL);
	if (listed(&block->tailed))
		ash_list_remove(&block->tailed);
	uncount(block, 0, ASH_HUGE_GRANULES);
	block->touched[0] = block->touched[1] = 0;
	note_dirty(block);
	ash_mutex_unlock(&lock);
	gone = ash_hugeblock_release(block);
	if (!gone) {
		/* (What was muzzy is dirty again.) */
		ash_mutex_lock(&lock);
		block->touched[0] = touched[0];
		block->touched[1] = touched[1];
		count_dirty(block, ash_bitmap_count_range(touched, 0, ASH_HUGE_GRANULES));
		note_dirty(block);
		if (block->keep & ASH_KEEP_POOL)
			note_of_pool(block);
		ash_packing_add(block);
		ash_mutex_unlock(&lock);
	}
	return gone;
}

unsigned ash_run_release_blocks(bool clean)
{
	unsigned gone = 0;

	for (;;) {
		struct ash_hugeblock *block;

		ash_mutex_lock(&lock);
		block = ash_packing_take_empty(clean);
		if (block == NULL) {
			ash_mutex_unlock(&lock);
			return gone;
		}
		if (listed(&block->dense))
			ash_list_remove(&block->dense);
		if (!ash_block_release(block))
			return gone;
		gone++;
	}
}

struct ash_mutex *ash_page_mutex(void)
{
	return &lock;
}
