#include "ctl/figures.h"

#include <errno.h>

#include "arena/arena.h"

uint64_t ash_ctl_epoch_at(size_t offset)
{
	uint64_t n;

	ash_epoch_read(offset, &n, sizeof(n));
	return n;
}

uint64_t ash_ctl_of_heap(const struct ash_ctl_row *row)
{
	return ash_ctl_epoch_at(row->offset & 0xffff);
}

uint64_t ash_ctl_of_own(const struct ash_arena_stats *s, const struct ash_ctl_row *row)
{
	switch ((enum own)(row->offset >> 16)) {
	case NOTHING:
		return 0;
	case ALLOCATED:
		return s->small + s->large;
	case SMALL:
		return s->small;
	case LARGE:
		return s->large;
	case ACTIVE:
		return s->active;
	case DIRTY:
		return s->dirty;
	case MUZZY:
		return s->muzzy;
	case RESIDENT:
		return s->active + s->dirty;
	case MAPPED:
		return s->mapped;
	case RETAINED:
		return s->retained;
	case METADATA:
		return s->metadata;
	case UPTIME:
		return s->uptime_ns;
	case SMALL_NMALLOC:
		return s->small_nmalloc;
	case SMALL_NDALLOC:
		return s->small_ndalloc;
	case LARGE_NMALLOC:
		return s->large_nmalloc;
	case LARGE_NDALLOC:
		return s->large_ndalloc;
	case DIRTY_NPURGE:
		return s->dirty_npurge;
	case DIRTY_NMADVISE:
		return s->dirty_nmadvise;
	case DIRTY_PURGED:
		return s->dirty_purged;
	case MUZZY_NPURGE:
		return s->muzzy_npurge;
	case MUZZY_NMADVISE:
		return s->muzzy_nmadvise;
	case MUZZY_PURGED:
		return s->muzzy_purged;
	}
	return 0;
}

struct ash_arena_stats ash_ctl_all_own(void)
{
	struct ash_arena_stats s;

	ash_epoch_read(offsetof(struct ash_snapshot_whole, arenas), &s, sizeof(s));
	return s;
}

int ash_ctl_one_own(size_t arena, struct ash_arena_stats *s)
{
	if (arena == ASH_CTL_DESTROYED && !ash_arenas_any_destroyed())
		return ENOENT;
	return ash_arena_stats((unsigned)arena, s);
}
