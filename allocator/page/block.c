#include "page/block.h"

#include "os/os.h"
#include "os/relatives.h"
#include "page/account.h"
#include "page/huge_advice.h"
#include "page/hugeblock.h"
#include "page/packing.h"
#include "util/assert.h"
#include "util/bitmap.h"

#define IDLE_EPOCHS 10  /* without memory, until a block is unmapped */
#define AWAY_MOST 16384 /* blocks that are unmapped where nothing asks for their addresses */

static size_t bits(uint64_t word)
{
	return ash_bits_count(word);
}

static bool missing_is_valid(const struct ash_hugeblock *block)
{
	unsigned n = block->missing, first = ASH_HUGE_GRANULES - n;

	return n < ASH_HUGE_GRANULES && ash_bitmap_count_range(block->used, first, n) == n &&
	       ash_bitmap_count_range(block->touched, first, n) == 0;
}

bool ash_block_is_valid(const struct ash_hugeblock *block)
{
	for (unsigned w = 0; w < 2; w++)
		if ((block->muzzy[w] & (block->used[w] | ~block->touched[w])) != 0 ||
		    (block->keep != 0 && block->muzzy[w] != 0))
			return false;
	return bits(block->used[0]) + bits(block->used[1]) ==
		       (size_t)block->nused + block->missing &&
	       missing_is_valid(block) &&
	       block->longest == ash_bitmap_longest_clear(block->used, ASH_HUGE_GRANULES) &&
	       ((block->tails[0] & ~block->used[0]) | (block->tails[1] & ~block->used[1])) ==
		       0 &&
	       (!(block->keep & ASH_KEEP_REFUSED) || ash_block_is_listed(&block->dirty));
}

bool ash_block_is_described(const struct ash_hugeblock *block)
{
	for (unsigned i = 0; i < ASH_HUGE_GRANULES; i++) {
		const struct ash_run *run = &block->run[i];
		unsigned state = ash_load_relaxed(&run->state); /* one may begin to wait */

		if (!ash_bitmap_test(block->used, i)) {
			if (state != ASH_RUN_FREE)
				return false;
			continue;
		}
		/* (A free one that is used is just being purged, or missing.) */
		if (state != ASH_RUN_FREE && !ash_bitmap_test(block->touched, i))
			return false;
		if (state == ASH_RUN_INNER &&
		    (run->head > i || run[-(int)run->head].granules <= run->head))
			return false;
	}
	return true;
}

void ash_block_purgeable(const struct ash_hugeblock *block, bool lazy, uint64_t map[2])
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
		ash_assert((map[w] & block->used[w]) == 0);
	}
}

/* On the list while there is something to purge. */
static void note_on(struct ash_list *list, struct ash_list *link, const uint64_t map[2])
{
	bool has = (map[0] | map[1]) != 0, listed = ash_block_is_listed(link);

	if (has && !listed)
		ash_list_push_back(list, link);
	else if (!has && listed)
		ash_list_remove(link);
}

static void note_dirty(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_pages *pages = &heap->pages;
	uint64_t map[2];

	if (block->keep & ASH_KEEP_REFUSED) /* on the other list */
		return;
	ash_block_purgeable(block, false, map);
	note_on(&pages->dirty, &block->dirty, map);
	if (ash_load_relaxed(&heap->account.muzzy) != 0 || !ash_list_empty(&pages->muzzy)) {
		ash_block_purgeable(block, true, map);
		note_on(&pages->muzzy, &block->lazy, map);
	}
}

unsigned ash_block_uncount(struct ash_heap *heap, struct ash_hugeblock *block, unsigned first,
			   unsigned count)
{
	struct ash_account *account = &heap->account;
	unsigned held = ash_bitmap_count_range(block->touched, first, count);
	unsigned lazy;

	ash_assert(first + count <= ASH_HUGE_GRANULES);
	if (block->keep != 0) {
		ash_assert(account->kept >= held);
		ash_owned_add(&account->kept, 0 - (size_t)held);
		return 0;
	}
	lazy = ash_bitmap_count_range(block->muzzy, first, count);
	ash_assert(lazy <= held && account->dirty >= held - lazy);
	ash_owned_add(&account->dirty, 0 - (size_t)(held - lazy));
	if (ASH_UNLIKELY(lazy != 0)) {
		ash_assert(account->muzzy >= lazy);
		ash_owned_add(&account->muzzy, 0 - (size_t)lazy);
		ash_bitmap_clear_range(block->muzzy, first, count);
	}
	return held - lazy;
}

/* What went without being taken was needed by nobody. */
static void lower_low(struct ash_account *account, size_t granules)
{
	account->dirty_low -= granules < account->dirty_low ? granules : account->dirty_low;
}

void ash_block_uncount_unneeded(struct ash_heap *heap, struct ash_hugeblock *block,
				unsigned first, unsigned count)
{
	lower_low(&heap->account, ash_block_uncount(heap, block, first, count));
}

void ash_block_count_free(struct ash_heap *heap, const struct ash_hugeblock *block, size_t n)
{
	ash_owned_add(block->keep != 0 ? &heap->account.kept : &heap->account.dirty, n);
}

void ash_block_keep(struct ash_heap *heap, struct ash_hugeblock *block, unsigned keep)
{
	struct ash_account *account = &heap->account;
	size_t n = 0, lazy = 0;

	ash_assert(keep <= (ASH_KEEP_HUGE | ASH_KEEP_REFUSED | ASH_KEEP_POOL));
	if (keep == block->keep)
		return;
	for (unsigned w = 0; w < 2; w++) {
		n += bits(block->touched[w] & ~block->used[w]);
		lazy += bits(block->muzzy[w]);
		block->muzzy[w] = 0; /* what stays is no longer for the kernel to take */
	}
	ash_assert(account->muzzy >= lazy && n >= lazy);
	ash_owned_add(&account->muzzy, 0 - lazy);
	ash_block_count_free(heap, block, lazy - n);
	if (block->keep == 0)
		lower_low(account, n - lazy);
	if (ash_block_is_listed(&block->dirty))
		ash_list_remove(&block->dirty);
	if (block->keep & ~keep & ASH_KEEP_HUGE)
		ash_owned_add(&heap->pages.broken_up, 1);
	ash_store_relaxed(&block->keep, (uint8_t)keep);
	ash_block_count_free(heap, block, n);
	if (keep & ASH_KEEP_REFUSED) {
		if (ash_block_is_listed(&block->lazy))
			ash_list_remove(&block->lazy);
		ash_list_push_back(&heap->pages.refused, &block->dirty);
	}
	note_dirty(heap, block);
	ash_assert_internal(ash_account_is_valid(heap));
}

/* A page of the pool is on the list of empty ones, or on none. */
static void note_of_pool(struct ash_heap *heap, struct ash_hugeblock *block)
{
	if (block->nused != 0 && ash_block_is_listed(&block->dense)) {
		ash_list_remove(&block->dense);
	} else if (block->nused == 0 && !ash_block_is_listed(&block->dense)) {
		block->dense_epoch = 0;
		ash_list_push_back(&heap->pages.pool, &block->dense);
	}
}

/* What was missing is mapped.  Before, the kernel could make no huge page of the block, and
 * nothing was to be said of pages that went inside it: it is told now. */
static void complete(struct ash_heap *heap, struct ash_hugeblock *block)
{
	bool tell;

	ash_mutex_lock(&heap->pages.lock);
	ash_bitmap_clear_range(block->used, ASH_HUGE_GRANULES - block->missing, block->missing);
	block->missing = 0;
	tell = block->sparse && heap->advice.everywhere &&
	       ash_huge_advice_may_begin(heap, block);
	if (tell)
		block->told = ASH_TOLD_SPARSE;
	ash_block_changed(heap, block);
	ash_mutex_unlock(&heap->pages.lock);
	if (tell)
		ash_huge_advice_sparse(block->address, true);
}

void ash_block_add(struct ash_heap *heap, struct ash_hugeblock *block)
{
	if (block->missing != 0) {
		complete(heap, block);
		return;
	}
	ash_assert(block->nused == 0 && !ash_huge_advice_is_told_of(block));
	block->sparse = 0;
	ash_list_init(&block->dirty);
	ash_list_init(&block->lazy);
	ash_list_init(&block->dense);
	ash_list_init(&block->tailed);
	block->dense_epoch = ash_load_relaxed(&heap->rounds.epoch);
	ash_mutex_lock(&heap->pages.lock);
	if (block == heap->growing.incomplete) {
		block->missing = (uint8_t)heap->growing.missing;
		ash_bitmap_set_range(block->used, ASH_HUGE_GRANULES - block->missing,
				     block->missing);
	}
	ash_packing_add(&heap->pages.packing, block);
	if (block->keep & ASH_KEEP_POOL)
		note_of_pool(heap, block);
	ash_assert_internal(ash_block_is_valid(block));
	ash_mutex_unlock(&heap->pages.lock);
}

/* The rising block (huge_growth.h): where it is filled, drains, or was broken up, it is one
 * like others from here on. */
static void note_rising(struct ash_heap *heap, const struct ash_hugeblock *block)
{
	struct ash_huge_growth *growth = &heap->huge_growth;

	if (block->nused > growth->most)
		growth->most = block->nused;
	if (block->nused < heap->pages.bounds.dense_no_more &&
	    block->nused * 2 >= growth->most &&
	    (growth->state != ASH_RISING_HUGE || (block->keep & ASH_KEEP_HUGE)))
		return;
	ash_store_relaxed(&growth->rising, NULL);
	growth->state = ASH_RISING_NONE;
}

void ash_block_changed(struct ash_heap *heap, struct ash_hugeblock *block)
{
	const struct ash_block_bounds *bounds = &heap->pages.bounds;

	if (ASH_UNLIKELY(block == heap->huge_growth.rising))
		note_rising(heap, block);
	if ((block->keep & ASH_KEEP_HUGE) && block->nused < bounds->broken &&
	    block != heap->huge_growth.rising)
		ash_block_keep(heap, block, block->keep & ~(unsigned)ASH_KEEP_HUGE);
	if (ASH_UNLIKELY(block->keep & ASH_KEEP_POOL)) {
		note_of_pool(heap, block);
	} else if (ash_block_is_listed(&block->dense)) {
		if (block->nused < bounds->dense_no_more)
			ash_list_remove(&block->dense);
	} else if (block->nused >= bounds->dense && !(block->keep & ASH_KEEP_HUGE) &&
		   block->missing == 0) {
		block->dense_epoch = 0;
		ash_list_push_back(&heap->pages.dense, &block->dense);
	}
	if (block->nused == 0)
		ash_store_relaxed(&block->sparse, (uint8_t)0);
	note_dirty(heap, block);
	if (block->nused == 0 && !(block->keep & ASH_KEEP_POOL))
		block->dense_epoch = ash_load_relaxed(&heap->rounds.epoch);
	ash_packing_update(&heap->pages.packing, block);
	ash_assert_internal(ash_block_is_valid(block));
	ash_assert_internal(ash_account_is_valid(heap));
	ash_assert_expensive(ash_block_is_described(block));
}

void ash_block_fill(struct ash_heap *heap, struct ash_hugeblock *block)
{
	size_t filled = 0;

	ash_assert(block->missing == 0);
	for (unsigned w = 0; w < 2; w++) {
		filled += bits(~block->touched[w]);
		ash_assert((~block->touched[w] & block->used[w]) == 0);
		block->touched[w] = UINT64_MAX;
	}
	ash_block_count_free(heap, block, filled); /* none of it is used */
}

void ash_block_become_huge(struct ash_heap *heap, struct ash_hugeblock *block, bool kept)
{
	if (ash_block_is_listed(&block->dense)) /* it waits for that no more */
		ash_list_remove(&block->dense);
	if (kept)
		ash_block_keep(heap, block, block->keep | ASH_KEEP_HUGE);
	ash_block_fill(heap, block);
	block->huge_fork = ash_load_relaxed(&ash_relatives_forks);
	ash_store_relaxed(&block->collapses, (uint8_t)(block->collapses + 1));
	ash_block_changed(heap, block);
}

void ash_block_becomes_sparse(struct ash_heap *heap, struct ash_hugeblock *block)
{
	bool tell = false, whole;

	if (ash_load_relaxed(&block->sparse) != 0)
		return;
	ash_mutex_lock(&heap->pages.lock);
	if (block->nused != 0 && block->keep == 0) {
		ash_store_relaxed(&block->sparse, (uint8_t)1);
		whole = block->missing == 0; /* else it is no huge page yet: see complete */
		tell = heap->advice.everywhere && block->told != ASH_TOLD_SPARSE && whole &&
		       ash_huge_advice_may_begin(heap, block);
		if (tell)
			block->told = ASH_TOLD_SPARSE;
		if (whole)
			ash_block_fill(heap, block);
		ash_block_changed(heap, block);
	}
	ash_mutex_unlock(&heap->pages.lock);
	if (tell)
		ash_huge_advice_sparse(block->address, true);
}

bool ash_block_is_dense(const struct ash_hugeblock *block)
{
	return ash_block_is_listed(&block->dense);
}

/* Reads the counts of the block's slabs without the locks of their bins.  An answer that is a
 * moment old is good enough here. */
ASH_RACY bool ash_block_is_half_empty(const struct ash_heap *heap,
				      const struct ash_hugeblock *block)
{
	unsigned used = 0; /* 1/256 granules */

	for (unsigned i = 0; i < ASH_HUGE_GRANULES; i++) {
		const struct ash_run *run = &block->run[i];
		unsigned regions = run->regions, nfree = run->nfree;

		if (run->state == ASH_RUN_LARGE)
			used += run->granules * 256u;
		else if (run->state == ASH_RUN_SLAB && regions > nfree)
			used += (regions - nfree) * 256u * run->granules / regions;
	}
	return used < heap->pages.bounds.broken * 256;
}

void ash_block_date_new(struct ash_list *list, uint32_t due)
{
	for (struct ash_list *n = list->prev; n != list; n = n->prev) {
		struct ash_hugeblock *block = ASH_LIST_ENTRY(n, struct ash_hugeblock, dense);

		if (block->dense_epoch != 0)
			return;
		block->dense_epoch = due + (due == 0); /* 0 means not dated */
	}
}

bool ash_block_release(struct ash_heap *heap, struct ash_hugeblock *block)
{
	uint64_t touched[2] = {block->touched[0], block->touched[1]};
	size_t held = (size_t)ash_bitmap_count_range(touched, 0, ASH_HUGE_GRANULES)
		      << ASH_GRANULE_SHIFT;
	struct ash_told_of told_of;
	bool gone;

	ash_assert(block->nused == 0 && block->missing == 0 &&
		   !ash_block_is_listed(&block->dense));
	ash_block_keep(heap, block, block->keep & ASH_KEEP_POOL);
	if (ash_block_is_listed(&block->tailed))
		ash_list_remove(&block->tailed);
	ash_account_depart(heap, held);
	ash_block_uncount_unneeded(heap, block, 0, ASH_HUGE_GRANULES);
	block->touched[0] = block->touched[1] = 0;
	note_dirty(heap, block);
	told_of = ash_huge_advice_forget(heap, block);
	ash_assert_internal(ash_account_is_valid(heap));
	ash_mutex_unlock(&heap->pages.lock);
	gone = ash_hugeblock_release(heap, block);
	if (!gone) {
		/* (What was muzzy is dirty again.) */
		ash_mutex_lock(&heap->pages.lock);
		block->touched[0] = touched[0];
		block->touched[1] = touched[1];
		ash_block_count_free(heap, block,
				     ash_bitmap_count_range(touched, 0, ASH_HUGE_GRANULES));
		note_dirty(heap, block);
		ash_huge_advice_remember(heap, block, told_of);
		if (block->keep & ASH_KEEP_POOL)
			note_of_pool(heap, block);
		ash_packing_add(&heap->pages.packing, block);
		ash_assert_internal(ash_block_is_valid(block));
		ash_mutex_unlock(&heap->pages.lock);
	}
	ash_account_arrive(heap, held);
	return gone;
}

size_t ash_block_idle(const struct ash_heap *heap)
{
	size_t mapped = ash_hugeblock_mapped(heap), used = ash_account_in_use(heap)
							   << ASH_GRANULE_SHIFT;

	return mapped > used ? mapped - used : 0;
}

size_t ash_block_empty_bytes(const struct ash_heap *heap)
{
	return (size_t)ash_load_relaxed(&heap->pages.packing.empty) << ASH_HUGE_SHIFT;
}

/* No more than are there. */
static size_t clip(const struct ash_heap *heap, size_t bytes)
{
	size_t there = ash_block_idle(heap);

	return bytes < there ? bytes : there;
}

/* Caller holds the lock, which it releases: unmaps a block that packing has on no list any
 * more. */
static bool release_taken(struct ash_heap *heap, struct ash_hugeblock *block)
{
	if (ash_block_is_listed(&block->dense))
		ash_list_remove(&block->dense);
	return ash_block_release(heap, block);
}

unsigned ash_block_release_empty(struct ash_heap *heap, size_t bytes)
{
	unsigned gone = 0;

	for (bytes = clip(heap, bytes); (size_t)gone << ASH_HUGE_SHIFT < bytes; gone++) {
		struct ash_hugeblock *block;

		ash_mutex_lock(&heap->pages.lock);
		block = ash_packing_take_empty(&heap->pages.packing);
		if (block == NULL) {
			ash_assert_expensive(ash_account_is_sum(heap));
			ash_mutex_unlock(&heap->pages.lock);
			break;
		}
		if (!release_taken(heap, block))
			break;
	}
	return gone;
}

bool ash_block_release_idle(struct ash_heap *heap, uint32_t epoch, bool young, size_t bytes)
{
	bool limited = heap->growing.limited, left = false;
	unsigned gone = 0;

	if (!limited && !young)
		epoch -= IDLE_EPOCHS;
	for (bytes = clip(heap, bytes); (size_t)gone << ASH_HUGE_SHIFT < bytes; gone++) {
		struct ash_hugeblock *block;

		/* Each may split a mapping, and a process has 65,530 of them. */
		if (!limited && ash_load_relaxed(&heap->growing.away) >= AWAY_MOST)
			return false;
		ash_mutex_lock(&heap->pages.lock);
		block = ash_packing_take_idle(&heap->pages.packing, epoch, &left);
		if (block == NULL) {
			ash_mutex_unlock(&heap->pages.lock);
			return left;
		}
		if (!release_taken(heap, block)) /* refused: it would be again at once */
			return false;
	}
	return gone != 0 && ash_block_idle(heap) >= ASH_HUGE;
}
