#include "ctl/figures.h"

#include <errno.h>

#include "arena/arena.h"

bool ash_ctl_has_heap(size_t arena)
{
	return arena == 0 || ash_ctl_is_all(arena);
}

bool ash_ctl_has_own(size_t arena)
{
	return arena != 0 || ash_arena_exists(0);
}

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
	case PINNED:
		return s->pinned;
	case RESIDENT:
		return s->active + s->dirty + s->pinned;
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
	case LOCK_OPS:
		return s->lock_ops;
	case LOCK_WAITS:
		return s->lock_waits;
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
	ash_epoch(); /* the first look takes the first */
	if (arena != ASH_CTL_DESTROYED)
		return ash_arena_told((unsigned)arena, s);
	if (!ash_arenas_any_destroyed())
		return ENOENT;
	ash_epoch_read(offsetof(struct ash_snapshot_whole, destroyed), s, sizeof(*s));
	return 0;
}

int ash_ctl_sum(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	struct ash_arena_stats arenas = ash_ctl_all_own();

	(void)at, (void)in;
	out->u64 = ash_ctl_of_heap(row) + ash_ctl_of_own(&arenas, row);
	return 0;
}

int ash_ctl_figure(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	bool own = ash_ctl_has_own(at[0]);
	struct ash_arena_stats s;
	int error = 0;

	if (ash_ctl_is_all(at[0]))
		return ash_ctl_sum(row, at, out, in);
	out->u64 = at[0] == 0 ? ash_ctl_of_heap(row) : 0;
	if (own)
		error = ash_ctl_one_own(at[0], &s);
	if (own && error == 0)
		out->u64 += ash_ctl_of_own(&s, row);
	return error;
}

int ash_ctl_none(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->u64 = 0;
	return 0;
}

int ash_ctl_none_of_arena(const struct ash_ctl_row *row, const size_t *at,
			  union ash_ctl_value *out, const union ash_ctl_value *in)
{
	struct ash_arena_stats s;

	ash_ctl_none(row, at, out, in);
	return ash_ctl_has_heap(at[0]) ? 0 : ash_ctl_one_own(at[0], &s);
}
