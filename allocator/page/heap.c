#include "page/heap.h"

#include "os/os.h"

#define MIB ((size_t)1 << 20)

#define EMPTY(list)              \
	{                        \
		&(list), &(list) \
	}

static struct ash_cached cached_mappings[ASH_CACHED_SLOTS];

struct ash_heap ash_heap = {
	.limits = {.hard = ASH_NO_LIMIT, .soft = ASH_NO_LIMIT, .dirty_max = ASH_NO_LIMIT},
	.pages = {.lock = ASH_MUTEX_INIT(ASH_RANK_PAGE),
		  .dirty = EMPTY(ash_heap.pages.dirty),
		  .muzzy = EMPTY(ash_heap.pages.muzzy),
		  .refused = EMPTY(ash_heap.pages.refused),
		  .dense = EMPTY(ash_heap.pages.dense),
		  .shared = EMPTY(ash_heap.pages.shared),
		  .tailed = EMPTY(ash_heap.pages.tailed),
		  .pool = EMPTY(ash_heap.pages.pool),
		  .bounds = {.dense = ASH_HUGE_GRANULES * 7 / 8,
			     .dense_no_more = ASH_HUGE_GRANULES * 3 / 4,
			     .broken = ASH_HUGE_GRANULES / 2}},
	.growing = {.lock = ASH_MUTEX_INIT(ASH_RANK_GROW),
		    .released = EMPTY(ash_heap.growing.released),
		    .homeless = EMPTY(ash_heap.growing.homeless)},
	.mappings = {.lock = ASH_MUTEX_INIT(ASH_RANK_MAPPINGS),
		     .tail_lock = ASH_MUTEX_INIT(ASH_RANK_TAIL),
		     .cache = cached_mappings,
		     .cache_ns = 1000000000,
		     .cache_least = 32 * MIB,
		     .retained.gaps_most = 16384},
	.huge_growth = {.slow_ns = 2000000, .enabled = true},
	.advice = {.blocks_most = 8192},
	.rounds = {.active_threads = 1, .background = true},
	.purge = {.dirty_ms = ASH_DECAY_MS},
	.hugify = {.credit_ns = ASH_HUGIFY_CREDIT_FIRST, .age = 1000 / ASH_EPOCH_MS},
	.pool = {.age = ASH_DECAY_MS / ASH_EPOCH_MS},
	.holes = {.aged = {.class_at = 1}, .rich = {.class_at = 1}, .enabled = true},
	.drain = {.step = MIB, .reserve_most = SIZE_MAX, .enabled = true},
	.page_last = 4095,
};

void ash_heap_init(struct ash_heap *heap)
{
	for (unsigned i = 0; i < ASH_PACKING_LENGTHS; i++)
		ash_list_init(&heap->pages.packing.list[i]);
	heap->page_last = (ash_os_page < ASH_GRANULE ? ash_os_page : ASH_GRANULE) - 1;
}

void ash_heap_each_mutex(struct ash_heap *heap, void (*fn)(struct ash_mutex *mutex))
{
	fn(&heap->growing.lock);
	fn(&heap->mappings.tail_lock);
	fn(&heap->pages.lock);
	fn(&heap->mappings.lock);
}
