/* Statistics, as they were when `epoch` was last written; those of one arena of the program's
 * own are as they are. */
#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "ctl/figures.h"
#include "ctl/row.h"
#include "front/bounds.h"
#include "front/front.h"
#include "meta/far_table.h"
#include "os/os.h"
#include "page/account.h"
#include "stats/epoch.h"
#include "util/atomic.h"

static int sum(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	struct ash_arena_stats arenas = ash_ctl_all_own();

	(void)at, (void)in;
	out->u64 = ash_ctl_of_heap(row) + ash_ctl_of_own(&arenas, row);
	return 0;
}

/* None by design: there is no such thing here. */
static int none(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->u64 = 0;
	return 0;
}

static int zero_reallocs(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->u64 = ash_load_relaxed(&ash_realloc_zeroed);
	return 0;
}

static int active_now(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	struct ash_arena_stats arenas;

	(void)row, (void)at, (void)in;
	ash_arena_stats(ASH_ARENAS_ALL, &arenas);
	out->z = (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) + ash_far_bytes() +
		 arenas.active;
	return 0;
}

static int background(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		      const union ash_ctl_value *in)
{
	bool running;

	(void)row, (void)at, (void)in;
	ash_epoch_read(SUM(background), &running, sizeof(running));
	out->z = running;
	return 0;
}

/* --- of one arena: the heap, all, or one of the program's own ----------------------------- */

static int of_arena(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	struct ash_arena_stats s;
	int error = 0;

	if (ash_ctl_is_all(at[0]))
		return sum(row, at, out, in);
	if (at[0] == 0) {
		out->u64 = ash_ctl_of_heap(row);
		return 0;
	}
	error = ash_ctl_one_own(at[0], &s);
	if (error == 0)
		out->u64 = ash_ctl_of_own(&s, row);
	return error;
}

/* As it is told of none but these. */
static int of_own(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	return at[0] == 0 || ash_ctl_is_all(at[0]) ? ENOENT : of_arena(row, at, out, in);
}

/* Of the heap in bytes, of which the others' are a part. */
static int base(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	const size_t heap = 0;

	return of_arena(row, ash_ctl_is_all(at[0]) ? &heap : at, out, in);
}

static int none_of_arena(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	struct ash_arena_stats s;

	none(row, at, out, in);
	return at[0] == 0 || ash_ctl_is_all(at[0]) ? 0 : ash_ctl_one_own(at[0], &s);
}

static int pages(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	int error = of_arena(row, at, out, in);

	out->u64 /= ash_os_page;
	return error;
}

/* Bytes of the heap, pages of the others. */
static int purged(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	struct ash_arena_stats arenas;
	const size_t heap = 0;

	if (at[0] != 0 && !ash_ctl_is_all(at[0]))
		return of_arena(row, at, out, in);
	arenas = ash_ctl_all_own();
	pages(row, &heap, out, in);
	if (at[0] != 0)
		out->u64 += ash_ctl_of_own(&arenas, row);
	return 0;
}

static int threads(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	struct ash_arena_stats s;
	int error;

	(void)row, (void)in;
	if (at[0] == 0 || ash_ctl_is_all(at[0])) {
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
	if (at[0] == 0 || ash_ctl_is_all(at[0])) {
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
	int error = none_of_arena(row, at, out, in);

	out->s = "disabled";
	return error;
}

/* Of the heap, what caches hold is not allocated. */
static int small(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	uint64_t cached =
		at[0] == 0 || ash_ctl_is_all(at[0]) ? ash_ctl_epoch_at(SUM(cached)) : 0;
	int error = of_arena(row, at, out, in);

	out->u64 = out->u64 > cached ? out->u64 - cached : 0;
	return error;
}

#define BIN_BOTH(heap, own)                                                                  \
	(offsetof(struct ash_snapshot_bin, heap) | offsetof(struct ash_arena_bin_stats, own) \
							   << 16)

/* The field of a bin of arenas of the program's own: of all, or of one. */
static int own_bin(size_t arena, unsigned class, size_t offset, uint64_t *n)
{
	struct ash_arena_bin_stats s;
	int error = 0;

	if (ash_ctl_is_all(arena))
		ash_epoch_read(offsetof(struct ash_snapshot_whole, arenas_bin) +
				       class * sizeof(s),
			       &s, sizeof(s));
	else
		error = ash_arena_bin_stats((unsigned)arena, class, &s);
	if (error == 0)
		memcpy(n, (const char *)&s + offset, sizeof(*n));
	return error;
}

static int of_bin(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	unsigned class = (unsigned)at[1] + 1;
	uint64_t heap = 0, others = 0;
	int error = 0;

	(void)in;
	if (at[0] == 0 || ash_ctl_is_all(at[0]))
		heap = ash_ctl_epoch_at(offsetof(struct ash_snapshot_whole, bin) +
					class * sizeof(struct ash_snapshot_bin) +
					(row->offset & 0xffff));
	if (at[0] != 0)
		error = own_bin(at[0], class, row->offset >> 16, &others);
	out->u64 = heap + others;
	return error;
}

static int nonfull(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	unsigned class = (unsigned)at[1] + 1;
	uint64_t heap = 0, others = 0;
	int error = 0;

	(void)row, (void)in;
	if (at[0] == 0 || ash_ctl_is_all(at[0]))
		heap = ash_ctl_epoch_at(offsetof(struct ash_snapshot_whole, census.class) +
					class * sizeof(struct ash_census_class) +
					offsetof(struct ash_census_class, nonfull));
	if (at[0] != 0)
		error = own_bin(at[0], class,
				offsetof(struct ash_arena_bin_stats, nonfull_slabs), &others);
	out->u64 = heap + others;
	return error;
}

static int lextents(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (at[0] != 0 && !ash_ctl_is_all(at[0]))
		return ENOENT;
	out->u64 = ash_ctl_epoch_at(offsetof(struct ash_snapshot_whole, census.larges) +
				    at[1] * sizeof(uint64_t));
	return 0;
}

/* clang-format off */
#define ARENA "stats.arenas.<arena>."
#define STAT(name, call, offset, about) {"stats." name, ASH_CTL_SIZE, ASH_CTL_READ, 0, offset, call, about}
#define COUNTS(name, call, offset, about) {"stats." name, ASH_CTL_U64, ASH_CTL_READ, 0, offset, call, about}
#define OF_ARENA(name, type, call, offset, about) {ARENA name, type, ASH_CTL_READ, 0, offset, call, about}
#define BIN(name, type, field, about) \
	{ARENA "bins.<bin>." name, type, ASH_CTL_READ, 0, field, of_bin, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	STAT("allocated", sum, BOTH(allocated, ALLOCATED),
	     "Usable bytes that the program holds; exact where no thread is in a call."),
	STAT("active", sum, BOTH(active, ACTIVE),
	     "Bytes of the pages that these lie in, as far as slabs "
	     "were carved and not given back."),
	STAT("metadata", sum, SUM(metadata), "Bytes mapped for the library's own records."),
	STAT("metadata_thp", none, 0, "0: no huge pages are made of these."),
	STAT("resident", sum, BOTH(resident, RESIDENT),
	     "active, metadata in use, and free pages that were not given back; without muzzy "
	     "ones."),
	STAT("mapped", sum, BOTH(addresses, MAPPED),
	     "The same with pages that were never touched, and muzzy "
	     "ones."),
	STAT("retained", sum, BOTH(retained, RETAINED),
	     "Addresses kept beside that, without memory."),
	STAT("pinned", none, 0, "0: no extent is pinned."),
	STAT("zero_reallocs", zero_reallocs, 0, "Calls realloc(p, 0), up to this moment."),
	STAT("background_thread.num_threads", background, 0, "0 or 1."),
	COUNTS("background_thread.num_runs", sum, SUM(background_runs), "Its rounds, ever."),
	OF_ARENA("nthreads", ASH_CTL_UNSIGNED, threads, 0,
		 "Threads that have a cache; of an arena of one's own, that are bound to it."),
	OF_ARENA("uptime", ASH_CTL_U64, of_own, OWN(UPTIME),
		 "Nanoseconds since an arena of one's own was made."),
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
	OF_ARENA("mapped", ASH_CTL_SIZE, of_arena, BOTH(addresses, MAPPED), "As stats.mapped."),
	OF_ARENA("retained", ASH_CTL_SIZE, of_arena, BOTH(retained, RETAINED),
		 "As stats.retained."),
	OF_ARENA("pinned", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("dirty_npurge", ASH_CTL_U64, of_own, OWN(DIRTY_NPURGE),
		 "Times that pages were given back, of an arena of one's own."),
	OF_ARENA("dirty_nmadvise", ASH_CTL_U64, of_own, OWN(DIRTY_NMADVISE),
		 "Calls for it, of such an arena."),
	OF_ARENA("dirty_purged", ASH_CTL_U64, purged, BOTH(purged, DIRTY_PURGED),
		 "Pages given back, ever."),
	OF_ARENA("muzzy_npurge", ASH_CTL_U64, of_own, OWN(MUZZY_NPURGE),
		 "As dirty_npurge, for pages that were muzzy."),
	OF_ARENA("muzzy_nmadvise", ASH_CTL_U64, of_own, OWN(MUZZY_NMADVISE),
		 "As dirty_nmadvise, for these."),
	OF_ARENA("muzzy_purged", ASH_CTL_U64, of_own, OWN(MUZZY_PURGED),
		 "These pages, ever, of such an arena."),
	OF_ARENA("base", ASH_CTL_SIZE, base, BOTH(metadata, METADATA),
		 "As stats.metadata; of an arena of one's own, its records among these."),
	OF_ARENA("internal", ASH_CTL_SIZE, none_of_arena, 0,
		 "0: the library allocates nothing for itself among the program's objects."),
	OF_ARENA("metadata_thp", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("tcache_bytes", ASH_CTL_SIZE, of_arena, SUM(cached),
		 "Bytes of free objects in threads' caches and the depot between them."),
	OF_ARENA("tcache_stashed_bytes", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("resident", ASH_CTL_SIZE, of_arena, BOTH(resident, RESIDENT),
		 "As stats.resident."),
	OF_ARENA("abandoned_vm", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("small.allocated", ASH_CTL_SIZE, small, BOTH(small, SMALL),
		 "Of stats.allocated, in slabs."),
	OF_ARENA("small.nmalloc", ASH_CTL_U64, of_arena, BOTH(small_nmalloc, SMALL_NMALLOC),
		 "Objects that left slabs, for the program or for caches, ever."),
	OF_ARENA("small.ndalloc", ASH_CTL_U64, of_arena, BOTH(small_ndalloc, SMALL_NDALLOC),
		 "That came back."),
	OF_ARENA("small.nrequests", ASH_CTL_U64, of_arena, BOTH(small_nmalloc, SMALL_NMALLOC),
		 "The same as nmalloc: what a cache serves again is not counted."),
	OF_ARENA("large.allocated", ASH_CTL_SIZE, of_arena, BOTH(large, LARGE),
		 "The rest of stats.allocated."),
	OF_ARENA("large.nmalloc", ASH_CTL_U64, of_arena, BOTH(large_nmalloc, LARGE_NMALLOC),
		 "Large objects, ever."),
	OF_ARENA("large.ndalloc", ASH_CTL_U64, of_arena, BOTH(large_ndalloc, LARGE_NDALLOC),
		 "That were freed."),
	OF_ARENA("large.nrequests", ASH_CTL_U64, of_arena, BOTH(large_nmalloc, LARGE_NMALLOC),
		 "As nmalloc."),
	BIN("nmalloc", ASH_CTL_U64, BIN_BOTH(nmalloc, nmalloc),
	    "Objects that left slabs, ever."),
	BIN("ndalloc", ASH_CTL_U64, BIN_BOTH(ndalloc, ndalloc), "That came back."),
	BIN("nrequests", ASH_CTL_U64, BIN_BOTH(nmalloc, nmalloc),
	    "The same as nmalloc, as above."),
	BIN("curregs", ASH_CTL_SIZE, BIN_BOTH(curregs, curregs),
	    "Out of slabs now, in caches, too."),
	BIN("nslabs", ASH_CTL_U64, BIN_BOTH(nslabs, nslabs), "Slabs made, ever."),
	BIN("curslabs", ASH_CTL_SIZE, BIN_BOTH(curslabs, curslabs), "Slabs there are."),
	{ARENA "bins.<bin>.nonfull_slabs", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, nonfull,
	 "Of these, with free places."},
	{ARENA "lextents.<lextent>.curlextents", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, lextents,
	 "Large objects of these sizes, of the heap."},
	{"approximate_stats.active", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, active_now,
	 "Bytes of runs and mappings in use, up to this moment, without an epoch."},
};
const struct ash_ctl_table ash_ctl_stats = ASH_CTL_TABLE(rows);
