#include "page/dirty.h"

#include "page/account.h"
#include "page/block.h"
#include "util/assert.h"
#include "util/bitmap.h"

/* Caller holds the lock.  Reserves the block's dirty or muzzy ranges; returns how many. */
static unsigned reserve_in(struct ash_heap *heap, struct ash_hugeblock *block, bool lazy,
			   struct ash_dirty_range *range, unsigned most, size_t *granules)
{
	uint64_t map[2];
	unsigned n = 0, at = 0;

	ash_block_purgeable(block, lazy, map);
	while (n < most && *granules != 0 &&
	       (at = ash_bitmap_next(map, ASH_HUGE_GRANULES, at, true)) < ASH_HUGE_GRANULES) {
		unsigned end = ash_bitmap_next(map, ASH_HUGE_GRANULES, at, false);

		range[n++] = (struct ash_dirty_range){block, (uint16_t)at, (uint16_t)(end - at),
						      false, false};
		ash_account_depart(heap, (size_t)(end - at) << ASH_GRANULE_SHIFT);
		ash_block_uncount_unneeded(heap, block, at, end - at);
		ash_bitmap_set_range(block->used, at, end - at);
		block->nused += (uint16_t)(end - at);
		heap->account.reserved += end - at;
		*granules -= end - at < *granules ? end - at : *granules;
		at = end;
	}
	if (n > 0)
		ash_block_changed(heap, block);
	return n;
}

unsigned ash_dirty_reserve(struct ash_heap *heap, bool lazy, struct ash_dirty_range *range,
			   unsigned most, size_t granules)
{
	const struct ash_list *list = lazy ? &heap->pages.muzzy : &heap->pages.dirty;
	unsigned n = 0;

	ash_mutex_lock(&heap->pages.lock);
	while (n < most && granules > 0 && !ash_list_empty(list)) {
		struct ash_hugeblock *block =
			lazy ? ASH_LIST_ENTRY(list->next, struct ash_hugeblock, lazy)
			     : ASH_LIST_ENTRY(list->next, struct ash_hugeblock, dirty);
		unsigned got = reserve_in(heap, block, lazy, range + n, most - n, &granules);

		ash_assert(got > 0); /* it is on the list for what can be had */
		n += got;
	}
	ash_mutex_unlock(&heap->pages.lock);
	ash_assert(n <= most);
	return n;
}

/* Caller holds the lock. */
static void return_range(struct ash_heap *heap, const struct ash_dirty_range *range)
{
	struct ash_hugeblock *block = range->block;
	struct ash_account *account = &heap->account;
	unsigned first = range->first, count = range->count;

	ash_assert(!(range->purged && range->lazily));
	ash_assert(account->reserved >= count && block->nused >= count);
	ash_assert_internal(ash_bitmap_count_range(block->used, first, count) == count);
	account->reserved -= count;
	ash_bitmap_clear_range(block->used, first, count);
	block->nused -= (uint16_t)count;
	if (range->purged) {
		ash_bitmap_clear_range(block->touched, first, count);
	} else if (range->lazily && block->keep == 0) {
		ash_bitmap_set_range(block->touched, first, count);
		ash_bitmap_set_range(block->muzzy, first, count);
		ash_owned_add(&account->muzzy, count);
	} else {
		ash_block_count_free(heap, block,
				     ash_bitmap_count_range(block->touched, first, count));
		if (!range->lazily)
			ash_block_keep(heap, block, block->keep | ASH_KEEP_REFUSED);
	}
	ash_block_changed(heap, block);
	ash_account_arrive(heap, (size_t)count << ASH_GRANULE_SHIFT);
}

void ash_dirty_return(struct ash_heap *heap, const struct ash_dirty_range *range, unsigned n)
{
	if (n == 0)
		return;
	ash_mutex_lock(&heap->pages.lock);
	for (unsigned i = 0; i < n; i++)
		return_range(heap, &range[i]);
	ash_assert_expensive(ash_account_is_sum(heap));
	ash_mutex_unlock(&heap->pages.lock);
}

void ash_dirty_refused(struct ash_heap *heap, struct ash_hugeblock *block)
{
	ash_mutex_lock(&heap->pages.lock);
	if (block->nused != 0)
		ash_block_keep(heap, block, block->keep | ASH_KEEP_REFUSED);
	ash_mutex_unlock(&heap->pages.lock);
}

void ash_dirty_try_refused(struct ash_heap *heap)
{
	struct ash_list *refused = &heap->pages.refused;

	ash_mutex_lock(&heap->pages.lock);
	while (!ash_list_empty(refused)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(refused->next, struct ash_hugeblock, dirty);

		ash_assert(block->keep & ASH_KEEP_REFUSED);
		ash_block_keep(heap, block, block->keep & ~(unsigned)ASH_KEEP_REFUSED);
	}
	ash_mutex_unlock(&heap->pages.lock);
}

size_t ash_dirty_low(struct ash_heap *heap)
{
	struct ash_account *account = &heap->account;
	size_t low;

	ash_mutex_lock(&heap->pages.lock);
	low = account->dirty_low;
	account->dirty_low = account->dirty;
	ash_assert(low <= account->dirty);
	ash_mutex_unlock(&heap->pages.lock);
	return low;
}

uint64_t ash_dirty_retaken(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.retaken);
}
