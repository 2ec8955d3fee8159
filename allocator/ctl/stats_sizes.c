/* Statistics by size: of slabs, of large objects, and of what is free. */
#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "ctl/figures.h"
#include "meta/large_size.h"
#include "meta/page_size.h"

#define BIN_BOTH(heap, own)                                                                  \
	(offsetof(struct ash_snapshot_bin, heap) | offsetof(struct ash_arena_bin_stats, own) \
							   << 16)

int ash_ctl_own_bin(size_t arena, unsigned class, size_t offset, uint64_t *n)
{
	struct ash_arena_bin_stats s;
	int error = 0;

	ash_epoch(); /* the first look takes the first */
	if (ash_ctl_is_all(arena))
		ash_epoch_read(offsetof(struct ash_snapshot_whole, arenas_bin) +
				       class * sizeof(s),
			       &s, sizeof(s));
	else
		error = ash_arena_bin_told((unsigned)arena, class, &s);
	if (error == 0)
		memcpy(n, (const char *)&s + offset, sizeof(*n));
	return error;
}

/* The heap's figure, at `heap` of the last epoch's, and that of arenas of the program's own, at
 * `own` of a bin's: of what the row's arena names. */
static int heap_and_own(const size_t *at, size_t heap, size_t own, union ash_ctl_value *out)
{
	uint64_t others = 0;
	int error = 0;

	out->u64 = ash_ctl_has_heap(at[0]) ? ash_ctl_epoch_at(heap) : 0;
	if (ash_ctl_has_own(at[0]))
		error = ash_ctl_own_bin(at[0], (unsigned)at[1] + 1, own, &others);
	out->u64 += others;
	return error;
}

static int of_bin(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	(void)in;
	return heap_and_own(at,
			    offsetof(struct ash_snapshot_whole, bin) +
				    (at[1] + 1) * sizeof(struct ash_snapshot_bin) +
				    (row->offset & 0xffff),
			    row->offset >> 16, out);
}

static int nonfull(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)row, (void)in;
	return heap_and_own(at,
			    offsetof(struct ash_snapshot_whole, census.class) +
				    (at[1] + 1) * sizeof(struct ash_census_class) +
				    offsetof(struct ash_census_class, nonfull),
			    offsetof(struct ash_arena_bin_stats, nonfull_slabs), out);
}

static int bin_waits(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		     const union ash_ctl_value *in)
{
	(void)row, (void)in;
	if (!ash_ctl_has_heap(at[0]))
		return ENOENT;
	out->u64 = ash_ctl_epoch_at(offsetof(struct ash_snapshot_whole, bin) +
				    (at[1] + 1) * sizeof(struct ash_snapshot_bin) +
				    offsetof(struct ash_snapshot_bin, waits));
	return 0;
}

/* What came and went of a size in arenas of the program's own: of all, or of one. */
static int own_larges(size_t arena, unsigned size, struct ash_large_count *n)
{
	ash_epoch(); /* the first look takes the first */
	if (!ash_ctl_is_all(arena))
		return ash_arena_larges_told((unsigned)arena, size, n);
	ash_epoch_read(offsetof(struct ash_snapshot_whole, arenas_larges) + size * sizeof(*n),
		       n, sizeof(*n));
	return 0;
}

/* A row's `offset`. */
enum lextents { CAME, WENT, THERE };

static int lextents(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	struct ash_large_count heap = {0, 0}, own = {0, 0};
	uint64_t there = 0;
	int error = 0;

	(void)in;
	if (ash_ctl_has_heap(at[0])) {
		ash_epoch_read(offsetof(struct ash_snapshot_whole, larges) +
				       at[1] * sizeof(heap),
			       &heap, sizeof(heap));
		there = ash_ctl_epoch_at(offsetof(struct ash_snapshot_whole, census.larges) +
					 at[1] * sizeof(uint64_t));
	}
	if (ash_ctl_has_own(at[0]))
		error = own_larges(at[0], (unsigned)at[1], &own);
	switch ((enum lextents)row->offset) {
	case CAME:
		out->u64 = heap.nmalloc + own.nmalloc;
		break;
	case WENT:
		out->u64 = heap.ndalloc + own.ndalloc;
		break;
	case THERE:
		out->u64 = there + own.nmalloc - own.ndalloc;
	}
	return error;
}

/* --- what is free ------------------------------------------------------------------------- */

/* A row's `offset`: a kind, and whether its bytes are wanted or their number. */
#define FREE(kind, bytes) ((size_t)(kind) << 1 | (bytes))

static uint64_t pick(const struct ash_arena_extent_stats *s, const struct ash_ctl_row *row)
{
	size_t kind = row->offset >> 1;

	return (row->offset & 1) != 0 ? s->bytes[kind] : s->count[kind];
}

/* Free runs of the heap; it has none that are pinned. */
static uint64_t free_runs(const struct ash_ctl_row *row, size_t length)
{
	struct ash_census_runs runs;
	size_t kind = row->offset >> 1;

	if (length >= ASH_CENSUS_LENGTHS || kind >= ASH_CENSUS_FREE_KINDS)
		return 0;
	ash_epoch_read(offsetof(struct ash_snapshot_whole, census.runs) + length * sizeof(runs),
		       &runs, sizeof(runs));
	return (row->offset & 1) != 0 ? runs.bytes[kind] : runs.count[kind];
}

/* Whether the extents of an arena's bucket are counted by this length. */
static bool is_bucket_of(unsigned bucket, unsigned length)
{
	size_t least = ash_arena_bucket_least(bucket);

	return ash_page_size(length) <= least &&
	       (length + 1 == ash_page_sizes() || least < ash_page_size(length + 1));
}

/* Free extents of all arenas of the program's own, or of one. */
static int free_extents(const struct ash_ctl_row *row, size_t arena, unsigned length,
			uint64_t *n)
{
	int error = 0;

	ash_epoch();
	for (unsigned b = 0; b < ASH_EXTENT_BUCKETS && error == 0; b++) {
		struct ash_arena_extent_stats s;

		if (!is_bucket_of(b, length))
			continue;
		if (ash_ctl_is_all(arena))
			ash_epoch_read(offsetof(struct ash_snapshot_whole, arenas_extents) +
					       b * sizeof(s),
				       &s, sizeof(s));
		else
			error = ash_arena_extents_told((unsigned)arena, b, &s);
		if (error == 0)
			*n += pick(&s, row);
	}
	return error;
}

static int extents(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	(void)in;
	if (ash_ctl_has_heap(at[0]))
		out->u64 = free_runs(row, at[1]);
	else if (at[0] == ASH_CTL_DESTROYED ? !ash_arenas_any_destroyed()
					    : !ash_arena_exists((unsigned)at[0]))
		return ENOENT;
	if (!ash_ctl_has_own(at[0]))
		return 0;
	return free_extents(row, at[0], (unsigned)at[1], &out->u64);
}

/* clang-format off */
#define BIN(name, type, field, about) \
	{ASH_CTL_OF_ARENA "bins.<bin>." name, type, ASH_CTL_READ, 0, field, of_bin, about}
#define LEXTENT(name, type, which, about) \
	{ASH_CTL_OF_ARENA "lextents.<lextent>." name, type, ASH_CTL_READ, 0, which, lextents, \
	 about}
#define EXTENT(name, kind, bytes, about) \
	{ASH_CTL_OF_ARENA "extents.<extent>." name, ASH_CTL_SIZE, ASH_CTL_READ, 0, \
	 FREE(kind, bytes), extents, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	BIN("nmalloc", ASH_CTL_U64, BIN_BOTH(nmalloc, nmalloc),
	    "Objects that left slabs, ever."),
	BIN("ndalloc", ASH_CTL_U64, BIN_BOTH(ndalloc, ndalloc), "That came back."),
	BIN("nrequests", ASH_CTL_U64, BIN_BOTH(nmalloc, nmalloc),
	    "The same as nmalloc, as above."),
	BIN("curregs", ASH_CTL_SIZE, BIN_BOTH(curregs, curregs),
	    "Out of slabs now, in caches, too."),
	BIN("nfills", ASH_CTL_U64, BIN_BOTH(nfills, nfills),
	    "Calls that took some of them, one or many, ever."),
	BIN("nflushes", ASH_CTL_U64, BIN_BOTH(nflushes, nflushes), "That gave some back."),
	BIN("nslabs", ASH_CTL_U64, BIN_BOTH(nslabs, nslabs), "Slabs made, ever."),
	BIN("nreslabs", ASH_CTL_U64, BIN_BOTH(nreslabs, nreslabs),
	    "Times that the last free place of one was taken, so that others served."),
	BIN("curslabs", ASH_CTL_SIZE, BIN_BOTH(curslabs, curslabs), "Slabs there are."),
	{ASH_CTL_OF_ARENA "bins.<bin>.nonfull_slabs", ASH_CTL_SIZE, ASH_CTL_READ, 0, 0, nonfull,
	 "Of these, with free places."},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.num_wait", ASH_CTL_U64, ASH_CTL_READ, 0, 0,
	 bin_waits, "Calls that found the lock of such a bin of the heap taken, and waited."},
	LEXTENT("nmalloc", ASH_CTL_U64, CAME,
		"Large objects of these sizes, ever; one that becomes another size where it is "
		"comes and goes."),
	LEXTENT("ndalloc", ASH_CTL_U64, WENT, "That were freed."),
	LEXTENT("nrequests", ASH_CTL_U64, CAME, "As nmalloc."),
	LEXTENT("curlextents", ASH_CTL_SIZE, THERE, "Those that there are."),
	EXTENT("ndirty", ASH_FREE_DIRTY, 0,
	       "Free runs of the heap's blocks, or extents of an arena of one's own, that are "
	       "dirty, by "
	       "their length: 1 to 4 pages, then four for each doubling; from there up to the "
	       "next. "
	       "(What is kept for a huge page is not among them; those of arenas count as 2 "
	       "GiB at most.)"),
	EXTENT("dirty_bytes", ASH_FREE_DIRTY, 1, "Their bytes."),
	EXTENT("nmuzzy", ASH_FREE_MUZZY, 0, "The same that the kernel may take."),
	EXTENT("muzzy_bytes", ASH_FREE_MUZZY, 1, "Their bytes."),
	EXTENT("nretained", ASH_FREE_RETAINED, 0, "The same without memory."),
	EXTENT("retained_bytes", ASH_FREE_RETAINED, 1, "Their bytes."),
	EXTENT("npinned", ASH_FREE_PINNED, 0, "The same whose memory stays by their hooks."),
	EXTENT("pinned_bytes", ASH_FREE_PINNED, 1, "Their bytes."),
};
const struct ash_ctl_table ash_ctl_stats_sizes = ASH_CTL_TABLE(rows);

static_assert((unsigned)ASH_FREE_DIRTY == (unsigned)ASH_CENSUS_DIRTY &&
		      (unsigned)ASH_FREE_MUZZY == (unsigned)ASH_CENSUS_MUZZY &&
		      (unsigned)ASH_FREE_RETAINED == (unsigned)ASH_CENSUS_CLEAN,
	      "kinds of what is free have one number");
