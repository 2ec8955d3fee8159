#include "stats/snapshot.h"

#include "arena/arena.h"
#include "cache/depot.h"
#include "cache/larges.h"
#include "cache/thread.h"
#include "meta/base.h"
#include "meta/far_table.h"
#include "page/account.h"
#include "os/background.h"
#include "os/os.h"
#include "page/hugeblock.h"
#include "page/mapping_retained.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"
#include "util/bits.h"

static void count_bin(struct ash_snapshot_bin *sum, struct ash_bin *bin)
{
	ash_mutex_lock(&bin->lock);
	sum->nmalloc += bin->taken;
	sum->ndalloc += bin->taken - bin->regions_out;
	sum->curregs += bin->regions_out;
	sum->nslabs += bin->made;
	sum->curslabs += bin->nslabs;
	sum->nfills += bin->fills;
	sum->nflushes += bin->flushes;
	sum->nreslabs += bin->used_up;
	sum->waits += bin->waits;
	ash_mutex_unlock(&bin->lock);
}

/* One class, over all shards. */
static void count_class(struct ash_snapshot *s, unsigned c, struct ash_snapshot_bin *sum)
{
	*sum = (struct ash_snapshot_bin){0};
	for (unsigned i = 0; i < ash_shard_count(); i++)
		if (c < ash_shard_at(i)->classes)
			count_bin(sum, &ash_shard_at(i)->bin[c]);
	s->small += sum->curregs * ash_class_size(c);
	s->small_nmalloc += sum->nmalloc;
	s->small_ndalloc += sum->ndalloc;
	s->small_nfills += sum->nfills;
	s->small_nflushes += sum->nflushes;
	s->slabs += (sum->curslabs * ash_size_classes[c].granules) << ASH_GRANULE_SHIFT;
}

/* (What is muzzy is counted last.) */
static void count_purges(struct ash_snapshot *s)
{
	s->muzzy_purged = ash_load_relaxed(&ash_heap.purge.muzzy_given_back);
	s->muzzy_passes = ash_load_relaxed(&ash_heap.purge.muzzy_passes);
	s->muzzy_ranges = ash_load_relaxed(&ash_heap.purge.muzzy_ranges);
	s->purged = ash_purge_bytes(&ash_heap);
	s->purge_passes = ash_load_relaxed(&ash_heap.purge.passes);
	s->purge_ranges = ash_load_relaxed(&ash_heap.purge.ranges);
	s->dirty_purged = s->purged > s->muzzy_purged ? s->purged - s->muzzy_purged : 0;
	s->dirty_passes =
		s->purge_passes > s->muzzy_passes ? s->purge_passes - s->muzzy_passes : 0;
	s->dirty_ranges =
		s->purge_ranges > s->muzzy_ranges ? s->purge_ranges - s->muzzy_ranges : 0;
}

static void count_sums(struct ash_snapshot *s)
{
	size_t waiting; /* in threads' run caches: of no use to the program, and not purged */

	s->cached = ash_thread_cached_bytes() + ash_depot_bytes();
	if (s->cached > s->small) /* moved while we counted */
		s->cached = s->small;
	waiting = ash_thread_waiting_bytes();
	s->runs = ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT;
	s->runs -= waiting < s->runs ? waiting : s->runs;
	s->heap = ash_hugeblock_mapped(&ash_heap);
	ash_far_totals(&s->mappings, &s->mapped);
	s->metadata = ash_base_mapped();
	s->descriptors = ash_base_used_for(ASH_BASE_DESCRIPTORS);
	s->maps = ash_base_used_for(ASH_BASE_MAPS);
	s->dirty = (ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT) + waiting;
	s->muzzy = ash_account_muzzy(&ash_heap) << ASH_GRANULE_SHIFT;
	s->kept = ash_account_kept(&ash_heap) << ASH_GRANULE_SHIFT;
	s->kept_mappings = ash_account_cached(&ash_heap);
	s->holes = ash_account_hole_bytes(&ash_heap);
	s->held = ash_account_held(&ash_heap);
	count_purges(s);
	ash_stall_read(&ash_heap, &s->stalls);
	for (unsigned cause = 0; cause < ASH_OS_STALL_CAUSES; cause++)
		ash_os_stall_read((enum ash_os_stall_cause)cause, &s->stalled[cause]);
	s->huge_made =
		ash_hugify_count(&ash_heap) + ash_load_relaxed(&ash_heap.huge_growth.made);
	s->huge_refused = ash_load_relaxed(&ash_heap.hugify.refused) +
			  ash_load_relaxed(&ash_heap.huge_growth.refused);
	s->huge_slowed = ash_load_relaxed(&ash_heap.huge_growth.slowed);
	s->huge_broken = ash_load_relaxed(&ash_heap.pages.broken_up);
	s->pool = ash_hugeblock_pool(&ash_heap);
	s->pool_refused = ash_hugeblock_pool_refused(&ash_heap);
	s->pressed = ash_rounds_pressed();
	s->threads = ash_thread_count();
	s->shards = ash_shard_count_by_cpu();
	s->background_runs = ash_load_relaxed(&ash_heap.rounds.runs);
	s->background_interval_ns = ash_rounds_interval_ns();
	s->background = ash_background_running();
	s->uptime_ns = ash_os_coarse_clock_ns() - ash_heap.born_ns;
}

static void count_larges(struct ash_snapshot *s, struct ash_large_count sum)
{
	s->large_nmalloc = sum.nmalloc;
	s->large_ndalloc = sum.ndalloc;
}

static struct ash_large_count sum_of(const struct ash_large_count larges[ASH_LARGE_SIZES])
{
	struct ash_large_count sum = {0, 0};

	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		sum.nmalloc += larges[i].nmalloc;
		sum.ndalloc += larges[i].ndalloc;
	}
	return sum;
}

static void at_least(size_t *n, size_t least)
{
	if (*n < least)
		*n = least;
}

/* What was counted at different moments is made to fit. */
static void count_by_jemallocs_names(struct ash_snapshot *s, const struct ash_census *census)
{
	size_t used = s->runs + s->dirty + s->muzzy + s->kept;

	s->large = census->large;
	s->allocated = s->small - s->cached + s->large;
	s->active = census->slab_pages + s->large;
	at_least(&s->active, ash_align_up(s->allocated, ash_os_page));
	s->resident = s->active + census->slack + s->dirty + s->kept + s->kept_mappings +
		      ash_base_used();
	s->clean = s->heap > used ? s->heap - used : 0;
	s->addresses = s->heap - s->clean + s->mapped + s->kept_mappings + s->metadata;
	at_least(&s->addresses, s->resident);
	s->retained = s->clean + ash_mapping_retained_bytes(&ash_heap);
}

/* What is in use of them. */
static void count_arenas(struct ash_snapshot *s, const struct ash_arena_stats *a)
{
	s->small += a->small;
	s->large_of_arenas = a->large;
	s->mapped_of_arenas = a->mapped;
}

void ash_snapshot_take(struct ash_snapshot *s)
{
	struct ash_arena_stats arenas;

	*s = (struct ash_snapshot){0};
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_snapshot_bin bin;

		count_class(s, c, &bin);
	}
	count_sums(s);
	count_larges(s, ash_larges_sum());
	ash_arena_stats(ASH_ARENAS_ALL, &arenas);
	count_arenas(s, &arenas);
}

void ash_snapshot_take_whole(struct ash_snapshot_whole *whole)
{
	whole->sums = (struct ash_snapshot){0};
	whole->bin[0] = (struct ash_snapshot_bin){0}; /* no class */
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		count_class(&whole->sums, c, &whole->bin[c]);
	count_sums(&whole->sums);
	ash_larges_read(whole->larges);
	count_larges(&whole->sums, sum_of(whole->larges));
	ash_census_take(&whole->census);
	count_by_jemallocs_names(&whole->sums, &whole->census);
	whole->arenas_count = ash_arenas_take(&whole->arenas, whole->arenas_bin,
					      whole->arenas_larges, whole->arenas_extents);
	ash_arenas_take_destroyed(&whole->destroyed);
	for (unsigned rank = 0; rank < ASH_RANKS; rank++)
		ash_mutex_read_waits((enum ash_lock_rank)rank, &whole->locks[rank]);
}

void ash_snapshot_add_arenas(struct ash_snapshot_whole *whole)
{
	const struct ash_arena_stats *a = &whole->arenas;
	struct ash_snapshot *s = &whole->sums;

	s->allocated += a->small + a->large;
	s->active += a->active;
	s->resident += a->active + a->dirty + a->pinned;
	s->addresses += a->mapped;
	s->retained += a->retained;
	s->dirty += a->dirty;
	s->muzzy += a->muzzy;
	count_arenas(s, a);
	s->large += a->large;
	s->small_nmalloc += a->small_nmalloc;
	s->small_ndalloc += a->small_ndalloc;
	s->large_nmalloc += a->large_nmalloc;
	s->large_ndalloc += a->large_ndalloc;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_arena_bin_stats *from = &whole->arenas_bin[c];
		struct ash_snapshot_bin *to = &whole->bin[c];

		to->nmalloc += from->nmalloc;
		to->ndalloc += from->ndalloc;
		to->curregs += from->curregs;
		to->nslabs += from->nslabs;
		to->curslabs += from->curslabs;
		to->nfills += from->nfills;
		to->nflushes += from->nflushes;
		to->nreslabs += from->nreslabs;
		whole->census.class[c].slabs += from->curslabs;
		whole->census.class[c].nonfull += from->nonfull_slabs;
	}
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		const struct ash_large_count *from = &whole->arenas_larges[i];

		whole->larges[i].nmalloc += from->nmalloc;
		whole->larges[i].ndalloc += from->ndalloc;
		whole->census.larges[i] += from->nmalloc - from->ndalloc;
	}
}

size_t ash_snapshot_in_use(const struct ash_snapshot *s)
{
	size_t large = s->runs > s->slabs ? s->runs - s->slabs : 0;

	return s->small - s->cached + large + s->large_of_arenas;
}
