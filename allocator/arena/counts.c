#include "arena/arena.h"

#include <errno.h>
#include <string.h>

#include "arena/state.h"

static void read_stats(struct ash_arena *arena, struct ash_arena_stats *s)
{
	uint64_t now_ns = ash_os_coarse_clock_ns();

	ash_arena_lock(arena);
	*s = arena->counts;
	s->metadata = sizeof(*arena) + (arena->body != NULL ? sizeof(*arena->body) : 0) +
		      ash_load_relaxed(&arena->extents) * sizeof(struct ash_extent);
	ash_arena_unlock(arena);
	s->threads = ash_load_relaxed(&arena->threads);
	s->mapped = s->active + s->dirty + s->muzzy;
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
	sum->mapped += s->mapped;
	sum->metadata += s->metadata;
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
		read_stats(arena, stats);
		return 0;
	}
	for (unsigned i = ash_arenas_automatic(); i < end; i++) {
		struct ash_arena_stats one;

		arena = ash_arena_at(i);
		if (arena == NULL)
			continue;
		read_stats(arena, &one);
		add_stats(stats, &one);
	}
	return 0;
}

static void add_bin(const struct ash_arena *arena, unsigned class,
		    struct ash_arena_bin_stats *sum)
{
	const struct ash_arena_bin_stats *c = &arena->body->bin[class].counts;

	sum->nmalloc += c->nmalloc;
	sum->ndalloc += c->ndalloc;
	sum->nslabs += c->nslabs;
	sum->curregs += c->curregs;
	sum->curslabs += c->curslabs;
	sum->nonfull_slabs += c->nonfull_slabs;
}

int ash_arena_bin_stats(unsigned index, unsigned class, struct ash_arena_bin_stats *stats)
{
	unsigned first = index, end = index + 1;

	memset(stats, 0, sizeof(*stats));
	if (class == 0 || class >= ASH_CLASSES)
		return EINVAL;
	if (index == ASH_ARENAS_ALL) {
		first = ash_arenas_automatic();
		end = ash_arenas_count();
	} else if (ash_arena_at(index) == NULL) {
		return ENOENT;
	}
	for (unsigned i = first; i < end; i++) {
		struct ash_arena *arena = ash_arena_at(i);

		if (arena == NULL || ash_load_acquire(&arena->body) == NULL)
			continue;
		ash_arena_lock(arena);
		add_bin(arena, class, stats);
		ash_arena_unlock(arena);
	}
	return 0;
}
