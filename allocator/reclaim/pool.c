#include "reclaim/pool.h"

#include "page/block.h"
#include "page/packing.h"
#include "util/assert.h"
#include "util/epoch.h"

void ash_pool_set_decay_ms(struct ash_heap *heap, int64_t ms)
{
	heap->pool.for_good = ms < 0;
	if (!heap->pool.for_good)
		heap->pool.age = ash_epochs_of_ms((uint64_t)ms);
}

/* Caller holds the page lock.  The block that has been free for longest, off its lists, where
 * that is long enough; else NULL. */
static struct ash_hugeblock *take_due(struct ash_pages *pages, uint32_t epoch)
{
	struct ash_hugeblock *block;

	if (ash_list_empty(&pages->pool))
		return NULL;
	block = ASH_LIST_ENTRY(pages->pool.next, struct ash_hugeblock, dense);
	ash_assert(block->nused == 0 && (block->keep & ASH_KEEP_POOL));
	if ((int32_t)(block->dense_epoch - epoch) > 0)
		return NULL;
	ash_list_remove(&block->dense);
	ash_packing_remove(&pages->packing, block);
	return block;
}

bool ash_pool_step(struct ash_heap *heap, uint32_t epoch, unsigned most)
{
	struct ash_pages *pages = &heap->pages;
	bool left;

	if (heap->pool.for_good)
		return false;
	ash_mutex_lock(&pages->lock);
	ash_block_date_new(&pages->pool, epoch + heap->pool.age);
	while (most-- > 0) {
		struct ash_hugeblock *block = take_due(pages, epoch);
		bool gone;

		if (block == NULL)
			break;
		gone = ash_block_release(heap, block);
		ash_mutex_lock(&pages->lock);
		if (!gone)
			break;
	}
	left = !ash_list_empty(&pages->pool);
	ash_mutex_unlock(&pages->lock);
	return left;
}
