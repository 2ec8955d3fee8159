#include "stats/census.h"

#include "meta/far_table.h"
#include "os/os.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "util/bits.h"

static void count_large(struct ash_census *census, size_t usable)
{
	census->large += usable;
	census->larges[ash_large_size_above(usable)]++;
}

/* Pages of the slab that were given back, among the first `pages`; none any more where its
 * block became a huge page since. */
ASH_RACY static size_t gone_bytes(const struct ash_hugeblock *block, const struct ash_run *slab,
				  size_t pages)
{
	uint64_t purged = pages < 64 ? slab->purged & ~(UINT64_MAX << pages) : slab->purged;

	if (slab->collapses != block->collapses)
		return 0;
	return (size_t)__builtin_popcountll(purged) << ash_os_page_shift;
}

/* Slabs are carved from their start, so what lies behind was not touched for them. */
ASH_RACY static size_t carved_bytes(const struct ash_run *slab)
{
	size_t carved = ash_align_up((size_t)slab->bump * slab->size, ash_os_page);
	size_t whole = (size_t)slab->granules << ASH_GRANULE_SHIFT;

	return carved < whole ? carved : whole;
}

ASH_RACY static void count_run(struct ash_census *census, const struct ash_hugeblock *block,
			       const struct ash_run *run)
{
	size_t whole = (size_t)run->granules << ASH_GRANULE_SHIFT, holds, gone = 0;
	unsigned class = run->class;

	if (ash_load_relaxed(&run->state) == ASH_RUN_LARGE) {
		holds = run->size;
		count_large(census, holds);
	} else if (class > 0 && class < ASH_CLASSES) {
		holds = carved_bytes(run);
		holds -= gone_bytes(block, run, holds >> ash_os_page_shift);
		gone = gone_bytes(block, run, 64);
		census->slab_pages += holds;
		census->class[class].slabs++;
		census->class[class].nonfull += run->nfree > 0;
	} else {
		return;
	}
	if ((block->keep & (ASH_KEEP_HUGE | ASH_KEEP_POOL)) != 0 && whole > holds + gone)
		census->slack += whole - holds - gone;
}

ASH_RACY static void count_block(struct ash_census *census, const struct ash_hugeblock *block)
{
	for (unsigned i = 0; i < ASH_HUGE_GRANULES;) {
		const struct ash_run *run = &block->run[i];
		unsigned state = ash_load_relaxed(&run->state), granules = run->granules;

		if (state != ASH_RUN_SLAB && state != ASH_RUN_LARGE) {
			i++;
			continue;
		}
		count_run(census, block, run);
		i += granules > 0 ? granules : 1;
	}
}

ASH_RACY static bool bit(const uint64_t bits[2], unsigned i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

/* What free granule i is; ASH_CENSUS_FREE_KINDS where it is not, or its memory is kept. */
ASH_RACY static unsigned free_kind(const struct ash_hugeblock *block, unsigned i)
{
	if (bit(block->used, i))
		return ASH_CENSUS_FREE_KINDS;
	if (!bit(block->touched, i))
		return ASH_CENSUS_CLEAN;
	if (block->keep != 0)
		return ASH_CENSUS_FREE_KINDS;
	return bit(block->muzzy, i) ? ASH_CENSUS_MUZZY : ASH_CENSUS_DIRTY;
}

static void add_free(struct ash_census *census, unsigned kind, size_t granules)
{
	size_t bytes = granules << ASH_GRANULE_SHIFT;
	struct ash_census_runs *runs = &census->runs[ash_page_size_below(bytes)];

	runs->count[kind]++;
	runs->bytes[kind] += bytes;
}

ASH_RACY static void count_free(struct ash_census *census, const struct ash_hugeblock *block)
{
	unsigned begin = 0, kind = free_kind(block, 0);

	for (unsigned i = 1; i <= ASH_HUGE_GRANULES; i++) {
		unsigned next =
			i < ASH_HUGE_GRANULES ? free_kind(block, i) : ASH_CENSUS_FREE_KINDS + 1;

		if (next == kind)
			continue;
		if (kind < ASH_CENSUS_FREE_KINDS)
			add_free(census, kind, i - begin);
		begin = i;
		kind = next;
	}
}

static void add_block(struct ash_census_blocks *sum, size_t active, size_t dirty)
{
	sum->count++;
	sum->active += active;
	sum->dirty += dirty;
}

/* Not where the block is empty and nothing tells whether it is mapped. */
ASH_RACY static void count_hugeblock(struct ash_census *census,
				     const struct ash_hugeblock *block)
{
	bool huge = (block->keep & (ASH_KEEP_HUGE | ASH_KEEP_POOL)) != 0;
	struct ash_census_blocks *sum;
	size_t active = 0, dirty = 0, missing = block->missing, longest;

	for (unsigned w = 0; w < 2; w++) {
		active += (size_t)__builtin_popcountll(block->used[w]);
		dirty += (size_t)__builtin_popcountll(block->touched[w] & ~block->used[w]);
	}
	active -= missing < active ? missing : active;
	if (active + dirty + missing == 0 && !huge)
		return;
	count_free(census, block);
	longest = (size_t)block->longest << ASH_GRANULE_SHIFT;
	if (longest > ASH_HUGE)
		longest = ASH_HUGE;
	sum = active == 0                   ? census->empty
	      : active == ASH_HUGE_GRANULES ? census->full
					    : census->nonfull[ash_page_size_below(longest)];
	active <<= ASH_GRANULE_SHIFT;
	dirty <<= ASH_GRANULE_SHIFT;
	add_block(&sum[huge], active, dirty);
	add_block(&census->blocks[huge], active, dirty);
}

/* Of the blocks that are mapped, those that nothing was seen of: nobody ever wrote to them, or
 * all of their memory went. */
static void count_clean_blocks(struct ash_census *census, size_t mapped)
{
	size_t seen = census->blocks[0].count + census->blocks[1].count;

	for (; seen < mapped; seen++) {
		add_block(&census->empty[0], 0, 0);
		add_block(&census->blocks[0], 0, 0);
		add_free(census, ASH_CENSUS_CLEAN, ASH_HUGE_GRANULES);
	}
}

static void count_mapping(const struct ash_far *entry, void *argument)
{
	count_large(argument, entry->usable);
}

void ash_census_take(struct ash_census *census)
{
	*census = (struct ash_census){0};
	for (const struct ash_hugeblock *block = ash_load_acquire(&ash_heap.growing.newest);
	     block != NULL; block = block->older) {
		count_block(census, block);
		count_hugeblock(census, block);
	}
	count_clean_blocks(census, ash_load_relaxed(&ash_heap.growing.mapped));
	ash_far_each(count_mapping, census);
}
