#include "reclaim/relief.h"

#include <errno.h>
#include <stdint.h>

#include "cache/depot.h"
#include "os/os.h"
#include "page/account.h"
#include "page/growth.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "page/mapping_cache.h"
#include "reclaim/claim.h"
#include "reclaim/holes.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"

/* When the heap grows beyond what it ever was: */
#define RELIEF_NS 400000u                  /* of purging runs and mappings, */
#define RELIEF_RUNS_NS (RELIEF_NS * 5 / 8) /* of that runs, */
#define RELIEF_HOLES_NS (RELIEF_NS / 2)    /* and of purging holes */
#define RELIEF_TRIM 128                    /* magazines out of the depot */
#define RELIEF_DIRTY ((size_t)1 << 20)     /* what may stay dirty, */
#define RELIEF_DIRTY_SHARE 8               /* or this share of the heap */

/* Gives back what takes calls of the kernel: free runs above their share, about `bytes` of
 * cached mappings, and holes. */
static void shrink(struct ash_heap *heap, size_t bytes)
{
	size_t dirty = (ash_account_in_use(heap) << ASH_GRANULE_SHIFT) / RELIEF_DIRTY_SHARE;
	uint64_t start = ash_os_thread_cpu_ns();

	ash_purge_down(heap, dirty > RELIEF_DIRTY ? dirty : RELIEF_DIRTY, RELIEF_RUNS_NS);
	/* Mappings cached for good stay by request. */
	if (heap->mappings.cache_ns != ASH_MAPPING_CACHE_FOR_GOOD)
		ash_mapping_cache_trim_for(heap, UINT64_MAX, bytes,
					   ash_stall_left(start, RELIEF_NS));
	if (heap->holes.enabled) {
		start = ash_os_thread_cpu_ns();
		ash_holes_relieve(heap, heap->rounds.epoch, bytes, RELIEF_HOLES_NS);
		ash_purge_worked(heap, ash_os_thread_cpu_ns() - start);
	}
}

/* Called when the heap is about to touch fresh memory: gives back what others can do without.
 * First magazines of the depot go home.  That needs no call of the kernel, and slabs whose last
 * objects they held serve anybody.  Then, where the heap would hold `bytes` more than ever
 * before (0 below that), calls of the kernel follow. */
static void relieve(struct ash_heap *heap, size_t bytes)
{
	struct ash_stall stall;
	int saved = errno;

	if (ash_mutex_forking)
		return;
	ash_lock_rank_assert_none();
	if (!ash_claim_try(heap))
		return;
	ash_stall_begin(&stall);
	if (ash_depot_bytes() != 0)
		ash_depot_trim(RELIEF_TRIM);
	if (bytes != 0 && ash_purge_may_work(heap))
		shrink(heap, bytes);
	ash_stall_end(heap, &stall, false);
	ash_claim_give_back(heap);
	errno = saved;
}

/* Before a hard limit refuses `bytes`: what lies idle goes; false where nothing does. */
static bool make_room(struct ash_heap *heap, size_t bytes)
{
	size_t cached = ash_account_cached(heap);

	return ash_purge_some(heap, bytes) != 0 ||
	       (cached != 0 &&
		ash_mapping_cache_trim_for(heap, UINT64_MAX, bytes, UINT64_MAX) < cached);
}

void ash_relief_init(void)
{
	ash_growth_hook = relieve;
	ash_limits_room_hook = make_room;
	ash_limits_cached_hook = ash_depot_bytes;
}
