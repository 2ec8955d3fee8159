/* Statistics of one arena: the heap, all, or one of the program's own. */
#include <errno.h>

#include "arena/arena.h"
#include "ctl/figures.h"
#include "front/bounds.h"
#include "os/os.h"

/* What arenas of the program's own add to the heap's of this number: nothing, one's or all's.
 */
static uint64_t added(const struct ash_ctl_row *row, size_t arena)
{
	struct ash_arena_stats s;

	if (ash_ctl_is_all(arena))
		s = ash_ctl_all_own();
	else if (!ash_ctl_has_own(arena) || ash_ctl_one_own(arena, &s) != 0)
		return 0;
	return ash_ctl_of_own(&s, row);
}

/* As it is told of the others, and of all of them together; the heap has none of it. */
static int of_own_or_none(const struct ash_ctl_row *row, const size_t *at,
			  union ash_ctl_value *out, const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_figure(row, at, out, in);
	out->u64 = added(row, at[0]);
	return 0;
}

/* Of all it is the heap's: what the others have is a part of it. */
static int base(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_figure(row, at, out, in);
	out->u64 = ash_ctl_of_heap(row);
	return 0;
}

static int of_heap(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	return ash_ctl_has_heap(at[0]) ? base(row, at, out, in) : ENOENT;
}

static int pages(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	int error = ash_ctl_figure(row, at, out, in);

	out->u64 /= ash_os_page;
	return error;
}

/* Bytes of the heap, pages of the others. */
static int purged(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_figure(row, at, out, in);
	out->u64 = ash_ctl_of_heap(row) / ash_os_page + added(row, at[0]);
	return 0;
}

static int threads(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	struct ash_arena_stats s;
	int error;

	(void)row, (void)in;
	if (ash_ctl_has_heap(at[0])) {
		ash_epoch_read(SUM(threads), &out->u, sizeof(out->u));
		return 0;
	}
	error = ash_ctl_one_own(at[0], &s);
	if (error == 0)
		out->u = s.threads;
	return error;
}

static int decay_ms(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	enum ash_arena_decay which = (enum ash_arena_decay)row->offset;
	int64_t ms = 0;
	int error;

	(void)in;
	if (ash_ctl_has_heap(at[0])) {
		out->zd = (ssize_t)ash_bounds_decay_ms(which);
		return 0;
	}
	error = ash_arena_decay_ms((unsigned)at[0], which, &ms);
	out->zd = (ssize_t)ms;
	return error;
}

static int dss(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	int error = ash_ctl_none_of_arena(row, at, out, in);

	out->s = "disabled";
	return error;
}

/* Of the heap, what caches hold is not allocated. */
static int small(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	uint64_t cached = ash_ctl_has_heap(at[0]) ? ash_ctl_epoch_at(SUM(cached)) : 0;
	int error = ash_ctl_figure(row, at, out, in);

	out->u64 = out->u64 > cached ? out->u64 - cached : 0;
	return error;
}

/* The heap's sum, and of arenas a field of all bins. */
#define SUM_OF_BINS(field, own) (SUM(field) | offsetof(struct ash_arena_bin_stats, own) << 16)

static int over_bins(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		     const union ash_ctl_value *in)
{
	bool own = ash_ctl_has_own(at[0]);
	int error = 0;

	(void)in;
	if (ash_ctl_has_heap(at[0]))
		out->u64 = ash_ctl_of_heap(row);
	for (unsigned c = 1; own && c < ASH_CLASSES && error == 0; c++) {
		uint64_t n = 0;

		error = ash_ctl_own_bin(at[0], c, row->offset >> 16, &n);
		out->u64 += n;
	}
	return error;
}

/* clang-format off */
#define OF_ARENA(name, type, call, offset, about) \
	{ASH_CTL_OF_ARENA name, type, ASH_CTL_READ, 0, offset, call, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	OF_ARENA("nthreads", ASH_CTL_UNSIGNED, threads, 0,
		 "Threads that have a cache; of an arena of one's own, that are bound to it."),
	OF_ARENA("uptime", ASH_CTL_U64, base, BOTH(uptime_ns, UPTIME),
		 "Nanoseconds since it was made; of all, since the heap was."),
	OF_ARENA("dss", ASH_CTL_STRING, dss, 0, "disabled."),
	OF_ARENA("dirty_decay_ms", ASH_CTL_SSIZE, decay_ms, ASH_DECAY_DIRTY,
		 "As arena.<arena>.dirty_decay_ms."),
	OF_ARENA("muzzy_decay_ms", ASH_CTL_SSIZE, decay_ms, ASH_DECAY_MUZZY,
		 "As arena.<arena>.muzzy_decay_ms."),
	OF_ARENA("pactive", ASH_CTL_SIZE, pages, BOTH(active, ACTIVE),
		 "stats.active in pages."),
	OF_ARENA("pdirty", ASH_CTL_SIZE, pages, BOTH(dirty, DIRTY),
		 "Free pages that may hold memory."),
	OF_ARENA("pmuzzy", ASH_CTL_SIZE, pages, BOTH(muzzy, MUZZY),
		 "Free pages that were given back lazily: resident until the kernel takes "
		 "them."),
	OF_ARENA("mapped", ASH_CTL_SIZE, ash_ctl_figure, BOTH(addresses, MAPPED),
		 "As stats.mapped."),
	OF_ARENA("retained", ASH_CTL_SIZE, ash_ctl_figure, BOTH(retained, RETAINED),
		 "As stats.retained."),
	OF_ARENA("pinned", ASH_CTL_SIZE, of_own_or_none, OWN(PINNED), "As stats.pinned."),
	OF_ARENA("dirty_npurge", ASH_CTL_U64, ash_ctl_figure, BOTH(dirty_passes, DIRTY_NPURGE),
		 "Times that pages were given back; of the heap, free runs of hugeblocks."),
	OF_ARENA("dirty_nmadvise", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(dirty_ranges, DIRTY_NMADVISE), "Calls for it; of the heap, likewise."),
	OF_ARENA("dirty_purged", ASH_CTL_U64, purged, BOTH(dirty_purged, DIRTY_PURGED),
		 "Pages given back, ever."),
	OF_ARENA("muzzy_npurge", ASH_CTL_U64, ash_ctl_figure, BOTH(muzzy_passes, MUZZY_NPURGE),
		 "As dirty_npurge, for pages that were muzzy."),
	OF_ARENA("muzzy_nmadvise", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(muzzy_ranges, MUZZY_NMADVISE), "As dirty_nmadvise, for these."),
	OF_ARENA("muzzy_purged", ASH_CTL_U64, purged, BOTH(muzzy_purged, MUZZY_PURGED),
		 "These pages, ever."),
	OF_ARENA("base", ASH_CTL_SIZE, base, BOTH(metadata, METADATA),
		 "As stats.metadata; of an arena of one's own, its records among these."),
	OF_ARENA("internal", ASH_CTL_SIZE, ash_ctl_none_of_arena, 0,
		 "0: the library allocates nothing for itself among the program's objects."),
	OF_ARENA("metadata_edata", ASH_CTL_SIZE, of_heap, SUM(descriptors),
		 "As stats.metadata_edata; of the heap and of all."),
	OF_ARENA("metadata_rtree", ASH_CTL_SIZE, of_heap, SUM(maps),
		 "As stats.metadata_rtree; of the heap and of all."),
	OF_ARENA("metadata_thp", ASH_CTL_SIZE, ash_ctl_none_of_arena, 0, "0."),
	OF_ARENA("tcache_bytes", ASH_CTL_SIZE, ash_ctl_figure, SUM(cached),
		 "Bytes of free objects in threads' caches and the depot between them."),
	OF_ARENA("tcache_stashed_bytes", ASH_CTL_SIZE, ash_ctl_none_of_arena, 0,
		 "0: nothing is stashed."),
	OF_ARENA("resident", ASH_CTL_SIZE, ash_ctl_figure, BOTH(resident, RESIDENT),
		 "As stats.resident."),
	OF_ARENA("abandoned_vm", ASH_CTL_SIZE, ash_ctl_none_of_arena, 0,
		 "0: no addresses are abandoned."),
	OF_ARENA("small.allocated", ASH_CTL_SIZE, small, BOTH(small, SMALL),
		 "Of stats.allocated, in slabs."),
	OF_ARENA("small.nmalloc", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(small_nmalloc, SMALL_NMALLOC),
		 "Objects that left slabs, for the program or for caches, ever."),
	OF_ARENA("small.ndalloc", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(small_ndalloc, SMALL_NDALLOC), "That came back."),
	OF_ARENA("small.nrequests", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(small_nmalloc, SMALL_NMALLOC),
		 "The same as nmalloc: what a cache serves again is not counted."),
	OF_ARENA("small.nfills", ASH_CTL_U64, over_bins, SUM_OF_BINS(small_nfills, nfills),
		 "Calls that took objects out of slabs, one or many."),
	OF_ARENA("small.nflushes", ASH_CTL_U64, over_bins,
		 SUM_OF_BINS(small_nflushes, nflushes),
		 "Calls that gave objects of one class back to slabs."),
	OF_ARENA("large.allocated", ASH_CTL_SIZE, ash_ctl_figure, BOTH(large, LARGE),
		 "The rest of stats.allocated."),
	OF_ARENA("large.nmalloc", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(large_nmalloc, LARGE_NMALLOC),
		 "Large objects, ever: the sum of lextents.*.nmalloc."),
	OF_ARENA("large.ndalloc", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(large_ndalloc, LARGE_NDALLOC), "That were freed."),
	OF_ARENA("large.nrequests", ASH_CTL_U64, ash_ctl_figure,
		 BOTH(large_nmalloc, LARGE_NMALLOC), "As nmalloc."),
	OF_ARENA("large.nfills", ASH_CTL_U64, ash_ctl_none_of_arena, 0,
		 "0: no cache holds large objects."),
	OF_ARENA("large.nflushes", ASH_CTL_U64, ash_ctl_none_of_arena, 0, "0, as above."),
};
const struct ash_ctl_table ash_ctl_stats_arena = ASH_CTL_TABLE(rows);
