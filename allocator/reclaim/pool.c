#include "reclaim/pool.h"

#include "os/mutex.h"
#include "page/block.h"
#include "reclaim/decay.h"
#include "page/packing.h"
#include "page/run.h"

static bool for_good;
static uint32_t age = 20; /* epochs */

void ash_pool_set_decay_ms(int64_t ms)
{
	for_good = ms < 0;
	if (!for_good)
		age = ash_epochs_of_ms((uint64_t)ms);
}

/* Caller holds the page lock.  The block that has been free for longest, off its lists, where
 * that is long enough; else NULL. */
static struct ash_hugeblock *take_due(uint32_t epoch)
{
	struct ash_hugeblock *block;

	if (ash_list_empty(&ash_pool_blocks))
		return NULL;
	block = ASH_LIST_ENTRY(ash_pool_blocks.next, struct ash_hugeblock, dense);
	if ((int32_t)(block->dense_epoch - epoch) > 0)
		return NULL;
	ash_list_remove(&block->dense);
	ash_packing_remove(block);
	return block;
}

bool ash_pool_step(uint32_t epoch, unsigned most)
{
	struct ash_mutex *lock = ash_page_mutex();
	bool left;

	if (for_good)
		return false;
	ash_mutex_lock(lock);
	ash_block_date_new(&ash_pool_blocks, epoch + age);
	while (most-- > 0) {
		struct ash_hugeblock *block = take_due(epoch);
		bool gone;

		if (block == NULL)
			break;
		gone = ash_block_release(block);
		ash_mutex_lock(lock);
		if (!gone)
			break;
	}
	left = !ash_list_empty(&ash_pool_blocks);
	ash_mutex_unlock(lock);
	return left;
}
