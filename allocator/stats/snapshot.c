#include "stats/snapshot.h"

#include "cache/depot.h"
#include "cache/thread.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "page/account.h"
#include "page/hugeblock.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"

static void count_bins(struct ash_snapshot *s)
{
	for (unsigned i = 0; i < ash_shard_count(); i++) {
		for (unsigned c = 1; c < ash_shard_at(i)->classes; c++) {
			struct ash_bin *bin = &ash_shard_at(i)->bin[c];

			ash_mutex_lock(&bin->lock);
			s->small += bin->regions_out * ash_class_size(c);
			s->slabs += ((size_t)bin->nslabs * ash_size_classes[c].granules)
				    << ASH_GRANULE_SHIFT;
			ash_mutex_unlock(&bin->lock);
		}
	}
}

void ash_snapshot_take(struct ash_snapshot *s)
{
	*s = (struct ash_snapshot){0};
	count_bins(s);
	s->cached = ash_thread_cached_bytes() + ash_depot_bytes();
	if (s->cached > s->small) /* moved while we counted */
		s->cached = s->small;
	s->runs = ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT;
	s->heap = ash_hugeblock_mapped(&ash_heap);
	ash_far_totals(&s->mappings, &s->mapped);
	s->metadata = ash_base_mapped();
	s->dirty = ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT;
	s->muzzy = ash_account_muzzy(&ash_heap) << ASH_GRANULE_SHIFT;
	s->kept_mappings = ash_account_cached(&ash_heap);
	s->holes = ash_account_hole_bytes(&ash_heap);
	s->held = ash_account_held(&ash_heap);
	s->purged = ash_purge_bytes(&ash_heap);
	ash_stall_read(&ash_heap, &s->stalls);
	s->huge_made = ash_hugify_count(&ash_heap);
	s->pool = ash_hugeblock_pool(&ash_heap);
	s->pool_refused = ash_hugeblock_pool_refused(&ash_heap);
	s->pressed = ash_rounds_pressed();
	s->threads = ash_thread_count();
	s->shards = ash_shard_count_by_cpu();
}

size_t ash_snapshot_in_use(const struct ash_snapshot *s)
{
	size_t large = s->runs > s->slabs ? s->runs - s->slabs : 0;

	return s->small - s->cached + large;
}
