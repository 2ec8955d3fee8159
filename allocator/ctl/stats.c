/* Statistics, as they were when `epoch` was last written. */
#include <errno.h>

#include "ctl/row.h"
#include "front/front.h"
#include "meta/far_table.h"
#include "os/os.h"
#include "page/account.h"
#include "stats/epoch.h"
#include "util/atomic.h"

#define SUM(field) offsetof(struct ash_snapshot_whole, sums.field)

static uint64_t read_at(size_t offset)
{
	uint64_t n;

	ash_epoch_read(offset, &n, sizeof(n));
	return n;
}

static int sum(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	(void)at, (void)in;
	out->u64 = read_at(row->offset);
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
	(void)row, (void)at, (void)in;
	out->z = (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) + ash_far_bytes();
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

/* --- of one arena: the heap ------------------------------------------------------------------
 */

static bool is_heap(size_t arena)
{
	return arena == 0 || ash_ctl_is_all(arena);
}

static int of_arena(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	return is_heap(at[0]) ? sum(row, at, out, in) : ENOENT;
}

static int none_of_arena(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	return is_heap(at[0]) ? none(row, at, out, in) : ENOENT;
}

static int pages(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	int error = of_arena(row, at, out, in);

	out->u64 /= ash_os_page;
	return error;
}

static int threads(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (!is_heap(at[0]))
		return ENOENT;
	ash_epoch_read(SUM(threads), &out->u, sizeof(out->u));
	return 0;
}

static int decay_ms(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	(void)in;
	if (!is_heap(at[0]))
		return ENOENT;
	out->zd = (ssize_t)ash_load_relaxed(row->offset == 0 ? &ash_heap.purge.dirty_ms
							     : &ash_heap.purge.muzzy_ms);
	return 0;
}

static int dss(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	(void)row, (void)in;
	out->s = "disabled";
	return is_heap(at[0]) ? 0 : ENOENT;
}

static int small(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	uint64_t cached = read_at(SUM(cached));
	int error = of_arena(row, at, out, in);

	out->u64 = out->u64 > cached ? out->u64 - cached : 0;
	return error;
}

static int of_bin(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)in;
	if (!is_heap(at[0]))
		return ENOENT;
	out->u64 = read_at(offsetof(struct ash_snapshot_whole, bin) +
			   (at[1] + 1) * sizeof(struct ash_snapshot_bin) + row->offset);
	return 0;
}

static int nonfull(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (!is_heap(at[0]))
		return ENOENT;
	out->u64 = read_at(offsetof(struct ash_snapshot_whole, census.class) +
			   (at[1] + 1) * sizeof(struct ash_census_class) +
			   offsetof(struct ash_census_class, nonfull));
	return 0;
}

static int lextents(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (!is_heap(at[0]))
		return ENOENT;
	out->u64 = read_at(offsetof(struct ash_snapshot_whole, census.larges) +
			   at[1] * sizeof(uint64_t));
	return 0;
}

/* clang-format off */
#define ARENA "stats.arenas.<arena>."
#define STAT(name, call, offset, about) {"stats." name, ASH_CTL_SIZE, ASH_CTL_READ, 0, offset, call, about}
#define COUNTS(name, call, offset, about) {"stats." name, ASH_CTL_U64, ASH_CTL_READ, 0, offset, call, about}
#define OF_ARENA(name, type, call, offset, about) {ARENA name, type, ASH_CTL_READ, 0, offset, call, about}
#define BIN(name, type, field, about) \
	{ARENA "bins.<bin>." name, type, ASH_CTL_READ, 0, offsetof(struct ash_snapshot_bin, field), of_bin, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	STAT("allocated", sum, SUM(allocated),
	     "Usable bytes that the program holds; exact where no thread is in a call."),
	STAT("active", sum, SUM(active),
	     "Bytes of the pages that these lie in, as far as slabs "
	     "were carved and not given back."),
	STAT("metadata", sum, SUM(metadata), "Bytes mapped for the library's own records."),
	STAT("metadata_thp", none, 0, "0: no huge pages are made of these."),
	STAT("resident", sum, SUM(resident),
	     "active, metadata in use, and free pages that were not given back; without muzzy "
	     "ones."),
	STAT("mapped", sum, SUM(addresses),
	     "The same with pages that were never touched, and muzzy "
	     "ones."),
	STAT("retained", sum, SUM(retained), "Addresses kept beside that, without memory."),
	STAT("pinned", none, 0, "0: no extent is pinned."),
	STAT("zero_reallocs", zero_reallocs, 0, "Calls realloc(p, 0), up to this moment."),
	STAT("background_thread.num_threads", background, 0, "0 or 1."),
	COUNTS("background_thread.num_runs", sum, SUM(background_runs), "Its rounds, ever."),
	OF_ARENA("nthreads", ASH_CTL_UNSIGNED, threads, 0, "Threads that have a cache."),
	OF_ARENA("dss", ASH_CTL_STRING, dss, 0, "disabled."),
	OF_ARENA("dirty_decay_ms", ASH_CTL_SSIZE, decay_ms, 0,
		 "As arena.<arena>.dirty_decay_ms."),
	OF_ARENA("muzzy_decay_ms", ASH_CTL_SSIZE, decay_ms, 1,
		 "As arena.<arena>.muzzy_decay_ms."),
	OF_ARENA("pactive", ASH_CTL_SIZE, pages, SUM(active), "stats.active in pages."),
	OF_ARENA("pdirty", ASH_CTL_SIZE, pages, SUM(dirty), "Free pages that may hold memory."),
	OF_ARENA("pmuzzy", ASH_CTL_SIZE, pages, SUM(muzzy),
		 "Free pages that were given back lazily: resident until the kernel takes "
		 "them."),
	OF_ARENA("mapped", ASH_CTL_SIZE, of_arena, SUM(addresses), "As stats.mapped."),
	OF_ARENA("retained", ASH_CTL_SIZE, of_arena, SUM(retained), "As stats.retained."),
	OF_ARENA("pinned", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("dirty_purged", ASH_CTL_U64, pages, SUM(purged), "Pages given back, ever."),
	OF_ARENA("base", ASH_CTL_SIZE, of_arena, SUM(metadata), "As stats.metadata."),
	OF_ARENA("internal", ASH_CTL_SIZE, none_of_arena, 0,
		 "0: the library allocates nothing for itself among the program's objects."),
	OF_ARENA("metadata_thp", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("tcache_bytes", ASH_CTL_SIZE, of_arena, SUM(cached),
		 "Bytes of free objects in threads' caches and the depot between them."),
	OF_ARENA("tcache_stashed_bytes", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("resident", ASH_CTL_SIZE, of_arena, SUM(resident), "As stats.resident."),
	OF_ARENA("abandoned_vm", ASH_CTL_SIZE, none_of_arena, 0, "0."),
	OF_ARENA("small.allocated", ASH_CTL_SIZE, small, SUM(small),
		 "Of stats.allocated, in slabs."),
	OF_ARENA("small.nmalloc", ASH_CTL_U64, of_arena, SUM(small_nmalloc),
		 "Objects that left slabs, for the program or for caches, ever."),
	OF_ARENA("small.ndalloc", ASH_CTL_U64, of_arena, SUM(small_ndalloc), "That came back."),
	OF_ARENA("small.nrequests", ASH_CTL_U64, of_arena, SUM(small_nmalloc),
		 "The same as nmalloc: what a cache serves again is not counted."),
	OF_ARENA("large.allocated", ASH_CTL_SIZE, of_arena, SUM(large),
		 "The rest of stats.allocated."),
	OF_ARENA("large.nmalloc", ASH_CTL_U64, of_arena, SUM(large_nmalloc),
		 "Large objects, ever."),
	OF_ARENA("large.ndalloc", ASH_CTL_U64, of_arena, SUM(large_ndalloc),
		 "That were freed."),
	OF_ARENA("large.nrequests", ASH_CTL_U64, of_arena, SUM(large_nmalloc), "As nmalloc."),
	BIN("nmalloc", ASH_CTL_U64, nmalloc, "Objects that left slabs, ever."),
	BIN("ndalloc", ASH_CTL_U64, ndalloc, "That came back."),
	BIN("nrequests", ASH_CTL_U64, nmalloc, "The same as nmalloc, as above."),
	BIN("curregs", ASH_CTL_SIZE, curregs, "Out of slabs now, in caches, too."),
	BIN("nslabs", ASH_CTL_U64, nslabs, "Slabs made, ever."),
	BIN("curslabs", ASH_CTL_SIZE, curslabs, "Slabs there are."),
	{ARENA "bins.<bin>.nonfull_slabs", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, nonfull,
	 "Of these, with free places."},
	{ARENA "lextents.<lextent>.curlextents", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, lextents,
	 "Large objects of these sizes."},
	{"approximate_stats.active", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, active_now,
	 "Bytes of runs and mappings in use, up to this moment, without an epoch."},
};
const struct ash_ctl_table ash_ctl_stats = ASH_CTL_TABLE(rows);
