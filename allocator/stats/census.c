#include "stats/census.h"

#include "meta/far_table.h"
#include "os/os.h"
#include "page/heap.h"
#include "util/bits.h"

/* 32 KiB << (i + 1) / 4 and its quarters: 5/4, 6/4, 7/4 and 8/4 of it. */
size_t ash_census_size(unsigned i)
{
	return ((size_t)ASH_SMALL_MAX / 4 * (5 + i % 4)) << (i / 4);
}

unsigned ash_census_index(size_t bytes)
{
	unsigned lo = 0, hi = ASH_LARGE_SIZES - 1;

	while (lo < hi) {
		unsigned middle = (lo + hi) / 2;

		if (ash_census_size(middle) < bytes)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static void count_large(struct ash_census *census, size_t usable)
{
	census->large += usable;
	census->larges[ash_census_index(usable)]++;
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

static void count_mapping(const struct ash_far *entry, void *argument)
{
	count_large(argument, entry->usable);
}

void ash_census_take(struct ash_census *census)
{
	*census = (struct ash_census){0};
	for (const struct ash_hugeblock *block = ash_load_acquire(&ash_heap.growing.newest);
	     block != NULL; block = block->older)
		count_block(census, block);
	ash_far_each(count_mapping, census);
}
