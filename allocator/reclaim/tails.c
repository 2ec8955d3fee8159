#include "reclaim/tails.h"

#include "meta/window.h"
#include "os/delay.h"
#include "os/os.h"
#include "page/dirty.h"
#include "page/huge_advice.h"
#include "page/run.h"
#include "util/assert.h"
#include "util/bits.h"

#define AGE 10u /* epochs: one second */

/* Caller holds the page lock.  Blocks that came to the list since the last look are dated. */
static void date_new_ones(struct ash_list *tailed, uint32_t epoch)
{
	for (struct ash_list *n = tailed->prev; n != tailed; n = n->prev) {
		struct ash_hugeblock *block = ASH_LIST_ENTRY(n, struct ash_hugeblock, tailed);

		if (block->tails_epoch != 0)
			return;
		block->tails_epoch = epoch;
	}
}

/* Caller holds the page lock.  A run to work on, or NULL: none is old enough. */
static struct ash_run *next_run(struct ash_list *tailed, uint32_t epoch)
{
	while (!ash_list_empty(tailed)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(tailed->next, struct ash_hugeblock, tailed);
		struct ash_run *run = NULL;

		if (epoch - block->tails_epoch < AGE)
			return NULL;
		if (block->keep == 0)
			run = ash_run_tail_begin(block);
		if (run != NULL)
			return run;
		ash_list_remove(&block->tailed);
	}
	return NULL;
}

/* False where the kernel refuses. */
static bool purge_tail(const struct ash_run *run)
{
	uintptr_t start = (uintptr_t)ash_run_address(run);
	uintptr_t used = ash_align_up(start + ash_load_relaxed(&run->size), ash_os_page);
	uintptr_t end = ash_align_down(start + ((size_t)run->granules << ASH_GRANULE_SHIFT),
				       ash_os_page);

	ash_assert((ash_load_relaxed(&run->busy) & ASH_BUSY_TAIL) && used >= start);
	ash_delay();
	return used >= end || ash_os_purge((void *)used, end - used);
}

bool ash_tails_step(struct ash_heap *heap, uint32_t epoch, uint64_t most_ns)
{
	struct ash_list *tailed = &heap->pages.tailed;
	uint64_t start = ash_os_given_ns();
	bool left;

	epoch += epoch == 0; /* 0 means not dated */
	ash_mutex_lock(&heap->pages.lock);
	date_new_ones(tailed, epoch);
	for (;;) {
		struct ash_run *run = next_run(tailed, epoch);
		bool done;

		if (run == NULL)
			break;
		ash_mutex_unlock(&heap->pages.lock);
		ash_huge_advice_withdraw(ash_run_block(run));
		done = purge_tail(run);
		if (!done)
			ash_dirty_refused(heap, ash_run_block(run));
		ash_mutex_lock(&heap->pages.lock);
		ash_run_tail_end(heap, run);
		if (ash_os_given_ns() - start >= most_ns)
			break;
	}
	left = !ash_list_empty(tailed);
	ash_mutex_unlock(&heap->pages.lock);
	return left;
}
