#include "arena/arena.h"

#include <errno.h>
#include <string.h>

#include "arena/free_extents.h"
#include "arena/state.h"
#include "meta/base.h"
#include "util/assert.h"

/* Under the lock. */
static void read_stats(const struct ash_arena *arena, uint64_t now_ns,
		       struct ash_arena_stats *s)
{
	*s = arena->counts;
	s->metadata = sizeof(*arena) + (arena->body != NULL ? sizeof(*arena->body) : 0) +
		      (arena->by_size != NULL ? sizeof(*arena->by_size) : 0) +
		      ash_load_relaxed(&arena->extents) * sizeof(struct ash_extent);
	s->threads = ash_load_relaxed(&arena->threads);
	s->mapped = s->active + s->dirty + s->muzzy + s->pinned;
	s->uptime_ns = now_ns > arena->born_ns ? now_ns - arena->born_ns : 0;
}

static void add_stats(struct ash_arena_stats *sum, const struct ash_arena_stats *s)
{
	ash_arena_add_ever(sum, s);
	sum->threads += s->threads;
	if (sum->uptime_ns < s->uptime_ns)
		sum->uptime_ns = s->uptime_ns;
	sum->small += s->small;
	sum->large += s->large;
	sum->active += s->active;
	sum->dirty += s->dirty;
	sum->muzzy += s->muzzy;
	sum->retained += s->retained;
	sum->pinned += s->pinned;
	sum->mapped += s->mapped;
	sum->metadata += s->metadata;
}

static void read_now(struct ash_arena *arena, struct ash_arena_stats *s)
{
	uint64_t now_ns = ash_os_coarse_clock_ns();

	ash_arena_lock(arena);
	read_stats(arena, now_ns, s);
	ash_arena_unlock(arena);
}

int ash_arena_stats(unsigned index, struct ash_arena_stats *stats)
{
	struct ash_arena *arena;
	unsigned end = ash_arenas_count();

	memset(stats, 0, sizeof(*stats));
	if (index == ASH_ARENAS_DESTROYED) {
		ash_arenas_destroyed(stats);
		return 0;
	}
	if (index != ASH_ARENAS_ALL) {
		arena = ash_arena_at(index);
		if (arena == NULL)
			return ENOENT;
		read_now(arena, stats);
		return 0;
	}
	for (unsigned i = ash_arenas_first(); i < end; i++) {
		struct ash_arena_stats one;

		arena = ash_arena_at(i);
		if (arena == NULL)
			continue;
		read_now(arena, &one);
		add_stats(stats, &one);
	}
	return 0;
}

/* --- noted -------------------------------------------------------------------------------- */

void ash_arenas_prepare_to_take(void)
{
	unsigned end = ash_arenas_count();

	ash_lock_rank_assert_none();
	for (unsigned i = ash_arenas_first(); i < end; i++) {
		struct ash_arena *arena = ash_arena_at(i);
		struct ash_arena_told *made;

		if (arena == NULL || ash_load_acquire(&arena->body) == NULL ||
		    ash_load_acquire(&arena->by_size) != NULL)
			continue;
		made = ash_base_alloc(sizeof(*made), ASH_CACHE_LINE);
		ash_arena_lock(arena);
		/* (Of two threads at once the second one's is left over.) */
		if (made != NULL && arena->by_size == NULL)
			ash_store_release(&arena->by_size, made);
		arena->untold = arena->by_size == NULL;
		ash_arena_unlock(arena);
	}
}

/* Under the lock, as the next. */
static void take_bins(struct ash_arena *arena, struct ash_arena_bin_stats bins[])
{
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_arena_bin_stats *b = &arena->body->bin[c].counts;

		if (arena->by_size != NULL)
			arena->by_size->bin[c] = *b;
		bins[c].nmalloc += b->nmalloc;
		bins[c].ndalloc += b->ndalloc;
		bins[c].nslabs += b->nslabs;
		bins[c].nfills += b->nfills;
		bins[c].nflushes += b->nflushes;
		bins[c].nreslabs += b->nreslabs;
		bins[c].curregs += b->curregs;
		bins[c].curslabs += b->curslabs;
		bins[c].nonfull_slabs += b->nonfull_slabs;
	}
}

static void take_larges(struct ash_arena *arena, struct ash_large_count larges[])
{
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		const struct ash_large_count *n = &arena->body->larges[i];

		if (arena->by_size != NULL)
			arena->by_size->larges[i] = *n;
		larges[i].nmalloc += n->nmalloc;
		larges[i].ndalloc += n->ndalloc;
	}
}

static void take_extents(struct ash_arena *arena, struct ash_arena_extent_stats extents[])
{
	for (unsigned k = 0; k < ASH_EXTENT_KINDS; k++) {
		const struct ash_free_extents *f = &arena->body->free[k];

		for (unsigned b = 0; b < ASH_EXTENT_BUCKETS; b++) {
			if (arena->by_size != NULL) {
				arena->by_size->extents[b].count[k] = f->in_bucket[b];
				arena->by_size->extents[b].bytes[k] = f->bytes_in[b];
			}
			extents[b].count[k] += f->in_bucket[b];
			extents[b].bytes[k] += f->bytes_in[b];
		}
	}
}

unsigned ash_arenas_take(struct ash_arena_stats *sum, struct ash_arena_bin_stats bins[],
			 struct ash_large_count larges[],
			 struct ash_arena_extent_stats extents[])
{
	uint64_t now_ns = ash_os_coarse_clock_ns();
	unsigned end = ash_arenas_count(), there = 0;

	memset(sum, 0, sizeof(*sum));
	memset(bins, 0, ASH_CLASSES * sizeof(*bins));
	memset(larges, 0, ASH_LARGE_SIZES * sizeof(*larges));
	memset(extents, 0, ASH_EXTENT_BUCKETS * sizeof(*extents));
	for (unsigned i = ash_arenas_first(); i < end; i++) {
		struct ash_arena *arena = ash_arena_at(i);

		if (arena == NULL)
			continue;
		there++;
		ash_arena_lock(arena);
		/* One that began to allocate a moment ago is told of the next time. */
		if (arena->body == NULL || arena->by_size != NULL || arena->untold) {
			read_stats(arena, now_ns, &arena->told);
			add_stats(sum, &arena->told);
			if (arena->body != NULL) {
				take_bins(arena, bins);
				take_larges(arena, larges);
				take_extents(arena, extents);
			}
		}
		ash_arena_unlock(arena);
	}
	return there;
}

/* The arena of the number, locked, for what is noted of it; else an error. */
static int lock_told(unsigned index, bool by_size, struct ash_arena **arena)
{
	*arena = ash_arena_at(index);
	if (*arena == NULL)
		return ENOENT;
	ash_arena_lock(*arena);
	if (!by_size || !(*arena)->untold)
		return 0;
	ash_arena_unlock(*arena);
	return EAGAIN;
}

int ash_arena_told(unsigned index, struct ash_arena_stats *stats)
{
	struct ash_arena *arena;
	int error = lock_told(index, false, &arena);

	if (error != 0)
		return error;
	*stats = arena->told;
	ash_arena_unlock(arena);
	return 0;
}

int ash_arena_bin_told(unsigned index, unsigned class, struct ash_arena_bin_stats *stats)
{
	struct ash_arena *arena;
	int error;

	ash_assert(class > 0 && class < ASH_CLASSES);
	if (index == ASH_ARENAS_DESTROYED)
		return ash_arenas_destroyed_bin(class, stats);
	error = lock_told(index, true, &arena);
	if (error != 0)
		return error;
	*stats = arena->by_size != NULL ? arena->by_size->bin[class]
					: (struct ash_arena_bin_stats){0};
	ash_arena_unlock(arena);
	return 0;
}

int ash_arena_larges_told(unsigned index, unsigned size, struct ash_large_count *stats)
{
	struct ash_arena *arena;
	int error;

	ash_assert(size < ASH_LARGE_SIZES);
	if (index == ASH_ARENAS_DESTROYED)
		return ash_arenas_destroyed_larges(size, stats);
	error = lock_told(index, true, &arena);
	if (error != 0)
		return error;
	*stats = arena->by_size != NULL ? arena->by_size->larges[size]
					: (struct ash_large_count){0, 0};
	ash_arena_unlock(arena);
	return 0;
}

int ash_arena_extents_told(unsigned index, unsigned bucket,
			   struct ash_arena_extent_stats *stats)
{
	struct ash_arena *arena;
	int error;

	ash_assert(bucket < ASH_EXTENT_BUCKETS);
	*stats = (struct ash_arena_extent_stats){{0}, {0}};
	if (index == ASH_ARENAS_DESTROYED)
		return ash_arenas_any_destroyed() ? 0 : ENOENT;
	error = lock_told(index, true, &arena);
	if (error != 0)
		return error;
	if (arena->by_size != NULL)
		*stats = arena->by_size->extents[bucket];
	ash_arena_unlock(arena);
	return 0;
}

size_t ash_arena_bucket_least(unsigned bucket)
{
	return ash_free_extents_least(bucket);
}
