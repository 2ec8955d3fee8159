/* Hugeblocks, by jemalloc's names for its allocator of huge pages. */
#include <errno.h>

#include "ctl/figures.h"
#include "os/os.h"

#define BLOCKS(field) offsetof(struct ash_snapshot_whole, census.field)
#define OF(field) offsetof(struct ash_census_blocks, field)
#define ALL_FIELDS (2 * sizeof(struct ash_census_blocks))

/* As it lies in the snapshot: a number, or bytes that are told in pages. */
static size_t field_at(size_t offset, size_t field)
{
	size_t n = (size_t)ash_ctl_epoch_at(offset + field);

	return field == OF(count) ? n : n / ash_os_page;
}

/* A row's `offset`: of which blocks, and what. */
#define FIGURE(blocks, huge, field) \
	((BLOCKS(blocks) + (huge) * sizeof(struct ash_census_blocks)) | OF(field) << 32)

static int figure(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		  const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_none_of_arena(row, at, out, in);
	out->z = field_at(row->offset & UINT32_MAX, row->offset >> 32);
	return 0;
}

static int both(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_none_of_arena(row, at, out, in);
	out->z = field_at(BLOCKS(blocks[0]), row->offset) +
		 field_at(BLOCKS(blocks[1]), row->offset);
	return 0;
}

static int nonfull(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		   const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_none_of_arena(row, at, out, in);
	if (at[1] < ASH_CENSUS_LENGTHS)
		out->z = field_at((row->offset & UINT32_MAX) + at[1] * ALL_FIELDS,
				  row->offset >> 32);
	return 0;
}

static int ever(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		const union ash_ctl_value *in)
{
	if (!ash_ctl_has_heap(at[0]))
		return ash_ctl_none_of_arena(row, at, out, in);
	out->u64 = ash_ctl_epoch_at(row->offset);
	return 0;
}

/* clang-format off */
#define HPA(name, type, call, offset, about) \
	{ASH_CTL_OF_ARENA "hpa_shard." name, type, ASH_CTL_READ, 0, offset, call, about}
#define KINDS(name, blocks, call, which) \
	HPA(name ".npageslabs_nonhuge", ASH_CTL_SIZE, call, FIGURE(blocks, 0, count), \
	    which ", of small pages."), \
	HPA(name ".npageslabs_huge", ASH_CTL_SIZE, call, FIGURE(blocks, 1, count), \
	    "The same, of huge pages."), \
	HPA(name ".nactive_nonhuge", ASH_CTL_SIZE, call, FIGURE(blocks, 0, active), \
	    "Pages in use of the former,"), \
	HPA(name ".nactive_huge", ASH_CTL_SIZE, call, FIGURE(blocks, 1, active), \
	    "and of the latter."), \
	HPA(name ".ndirty_nonhuge", ASH_CTL_SIZE, call, FIGURE(blocks, 0, dirty), \
	    "Free pages with memory of the former,"), \
	HPA(name ".ndirty_huge", ASH_CTL_SIZE, call, FIGURE(blocks, 1, dirty), \
	    "and of the latter.")
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	HPA("npageslabs", ASH_CTL_SIZE, both, OF(count),
	    "Hugeblocks, all of the heap; 0, as all of these, of arenas of one's own, which "
	    "have "
	    "none."),
	HPA("nactive", ASH_CTL_SIZE, both, OF(active), "Pages of runs in use in them."),
	HPA("ndirty", ASH_CTL_SIZE, both, OF(dirty),
	    "Free pages in them that hold memory, kept ones, too."),
	HPA("npurge_passes", ASH_CTL_U64, ever, SUM(purge_passes),
	    "Times that free runs of hugeblocks were given back, some at once."),
	HPA("npurges", ASH_CTL_U64, ever, SUM(purge_ranges),
	    "Runs that were given back then, each by a system call."),
	HPA("nhugifies", ASH_CTL_U64, ever, SUM(huge_made),
	    "Times that one was made a huge page."),
	HPA("nhugify_failures", ASH_CTL_U64, ever, SUM(huge_refused),
	    "Times that the kernel did not make one."),
	HPA("ndehugifies", ASH_CTL_U64, ever, SUM(huge_broken),
	    "Times that one was told to be a huge page no longer, so that its free pages go."),
	KINDS("slabs", blocks, figure, "Hugeblocks"),
	KINDS("full_slabs", full, figure, "Those without a free granule"),
	KINDS("empty_slabs", empty, figure, "Those that are free as a whole"),
	KINDS("nonfull_slabs.<length>", nonfull[0], nonfull,
	      "The others by their longest free run, in lengths as those of extents"),
};
const struct ash_ctl_table ash_ctl_stats_blocks = ASH_CTL_TABLE(rows);
