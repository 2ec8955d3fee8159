#include "page/large.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "os/os.h"
#include "os/relatives.h"
#include "page/mapping.h"
#include "page/run.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bits.h"

static unsigned granules_of(size_t size)
{
	return size == 0 ? 1 : (unsigned)ash_granules_of(size);
}

/* The OS pages that hold `size` bytes, but never beyond the run (pages may be larger than a
 * granule). */
static size_t usable_of(size_t size, unsigned granules)
{
	size_t pages = ash_align_up(size == 0 ? 1 : size, ash_os_page),
	       run = (size_t)granules << ASH_GRANULE_SHIFT;

	return pages < run ? pages : run;
}

size_t ash_large_usable(size_t size)
{
	if (ash_large_is_run(size))
		return usable_of(size, granules_of(size));
	size = ash_align_up(size, ash_os_page);
	return size <= PTRDIFF_MAX ? size : 0;
}

static void *run_start(struct ash_run *run, size_t size)
{
	if (run == NULL)
		return NULL;
	ash_assert(size <= (size_t)run->granules << ASH_GRANULE_SHIFT);
	ash_store_relaxed(&run->size, (uint32_t)usable_of(size, run->granules));
	return ash_run_address(run);
}

void *ash_large_alloc_growing(struct ash_heap *heap, size_t size)
{
	unsigned granules = granules_of(size);
	void *p = NULL;

	if (ash_large_is_run(size))
		p = run_start(ash_run_alloc_room(heap, granules, 2 * granules, ASH_RUN_LARGE),
			      size);
	return p != NULL ? p : ash_large_alloc(heap, size, 0, NULL);
}

void *ash_large_alloc(struct ash_heap *heap, size_t size, size_t align, bool *zeroed)
{
	if (size > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (ash_large_is_run(size) && align <= ASH_HUGE / 2) {
		unsigned granules = granules_of(size);
		unsigned align_granules =
			align <= ASH_GRANULE ? 1 : (unsigned)(align >> ASH_GRANULE_SHIFT);
		void *p = run_start(
			ash_run_alloc(heap, granules, align_granules, ASH_RUN_LARGE, zeroed),
			size);

		if (p != NULL)
			return p;
		/* There may be room for as little, where there is none for a hugeblock. */
	}
	if (zeroed != NULL)
		*zeroed = true;
	return ash_mapping_alloc(heap, size, align, zeroed != NULL);
}

void ash_large_clear(void *p, size_t usable)
{
	struct ash_run *run = ASH_LIKELY(ash_load_relaxed(&ash_relatives_forks) == 0)
				      ? NULL
				      : ash_large_run_at(p);

	/* (An arena's extent may lie in a run, and is no longer than that.) */
	if (run != NULL && usable <= ash_load_relaxed(&run->size))
		ash_run_clear(run, usable);
	else
		memset(p, 0, usable);
}

bool ash_large_free_run(struct ash_heap *heap, struct ash_run *run)
{
	return ash_run_free_large(heap, run);
}

void ash_large_free_mapping(struct ash_heap *heap, const struct ash_far *entry)
{
	ash_mapping_free(heap, entry);
}

bool ash_large_resize_run(struct ash_heap *heap, struct ash_run *run, size_t size)
{
	unsigned granules = granules_of(size);

	if (!ash_large_is_run(size) || !ash_run_resize(heap, run, granules))
		return false;
	ash_store_relaxed(&run->size, (uint32_t)usable_of(size, granules));
	return true;
}
