#include "reclaim/holes.h"

#include "meta/window.h"
#include "os/os.h"
#include "page/dirty.h"
#include "reclaim/hugify.h"
#include "slab/bin.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"

#define AGE_MOST 600u /* epochs */
#define INTERVAL 20u  /* epochs between two judgements of a class */

/* Gives the pages of `holes` back, as few ranges as possible; returns those that went. */
static uint64_t purge_pages(struct ash_heap *heap, struct ash_run *slab, uint64_t holes)
{
	struct ash_hugeblock *block = ash_run_block(slab);
	char *base = ash_run_address(slab) - ash_slab_lead(slab);
	uint64_t gone = 0;
	unsigned at = 0;

	if (ash_load_relaxed(&block->keep) & ASH_KEEP_HUGE)
		ash_hugify_break(heap, block);

	while ((at = ash_bitmap_next(&holes, 64, at, true)) < 64) {
		unsigned end = ash_bitmap_next(&holes, 64, at, false);

		if (ash_os_purge(base + ((size_t)at << ash_os_page_shift),
				 (size_t)(end - at) << ash_os_page_shift))
			gone |= ash_bits_mask(at, end - at);
		at = end;
	}
	ash_assert((gone & ~holes) == 0);
	if (gone != holes)
		ash_dirty_refused(heap, block);
	return gone;
}

/* More than half of what was purged came back within an interval: wait longer next time. */
static void judge(struct ash_holes *state, unsigned class, uint32_t epoch)
{
	uint32_t refaults, purged = 0, age = 0;

	if (epoch - state->judged[class] < INTERVAL)
		return;
	state->judged[class] = epoch;
	refaults = ash_load_relaxed(&ash_slab_refaults[class]);
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		struct ash_bin *bin = &ash_shard_at(s)->bin[class];

		ash_mutex_lock(&bin->lock);
		purged += bin->holes;
		bin->holes = 0;
		age = ash_load_relaxed(&bin->hole_age);
		ash_mutex_unlock(&bin->lock);
	}
	if ((refaults - state->refaults[class]) * 2 > purged && purged > 16)
		age = age * 2 < AGE_MOST ? age * 2 : AGE_MOST;
	else if (age > ash_bin_hole_age)
		age = age * 3 / 4 > ash_bin_hole_age ? age * 3 / 4 : ash_bin_hole_age;
	state->refaults[class] = refaults;
	for (unsigned s = 0; s < ash_shard_count(); s++)
		ash_store_relaxed(&ash_shard_at(s)->bin[class].hole_age, age);
}

/* Purges holes in slabs of the bin until `bytes` are gone altogether or the CPU time is past
 * `until_ns`; true where it stopped for that. */
static bool purge_bin(struct ash_heap *heap, struct ash_bin *bin, uint32_t epoch, bool hurried,
		      size_t *bytes, uint64_t until_ns)
{
	struct ash_run *slab;
	uint64_t holes;

	while ((slab = ash_bin_detach(bin, epoch, hurried, &holes)) != NULL) {
		size_t gone;

		holes = purge_pages(heap, slab, holes);
		ash_bin_attach(bin, slab, holes);
		if (holes == 0) /* refused: not the same slab again */
			break;
		gone = (size_t)__builtin_popcountll(holes) << ash_os_page_shift;
		*bytes -= gone < *bytes ? gone : *bytes;
		if (*bytes == 0 || ash_os_thread_cpu_ns() >= until_ns)
			return true;
	}
	return false;
}

/* The CPU time at which `most_ns` will be used. */
static uint64_t deadline(uint64_t most_ns)
{
	uint64_t now_ns = ash_os_thread_cpu_ns();

	return most_ns < UINT64_MAX - now_ns ? now_ns + most_ns : UINT64_MAX;
}

bool ash_holes_is_valid(const struct ash_heap *heap)
{
	return heap->holes.class_at >= 1 && heap->holes.class_at <= ASH_CLASSES &&
	       heap->holes.shard_at < ash_shard_count();
}

bool ash_holes_step(struct ash_heap *heap, uint32_t epoch, uint64_t most_ns)
{
	struct ash_holes *at = &heap->holes;
	uint64_t until_ns = deadline(most_ns);
	unsigned bins = ash_shard_count() * (ASH_CLASSES - 1);
	size_t bytes = SIZE_MAX;

	ash_assert_internal(ash_holes_is_valid(heap));
	for (unsigned looked = 0; looked < bins; looked++) {
		struct ash_bin *bin;

		if (at->class_at >= ASH_CLASSES) {
			at->class_at = 1;
			at->shard_at = (at->shard_at + 1) % ash_shard_count();
		}
		bin = &ash_shard_at(at->shard_at)->bin[at->class_at];
		if (ash_load_relaxed(&bin->filled) != 0)
			judge(at, at->class_at, epoch);
		if (purge_bin(heap, bin, epoch, false, &bytes, until_ns))
			return true;
		at->class_at++;
	}
	return false;
}

void ash_holes_relieve(struct ash_heap *heap, uint32_t epoch, size_t bytes, uint64_t most_ns)
{
	uint64_t until_ns = deadline(most_ns);

	/* Between large objects more pages lie free in a row, for which one call suffices. */
	for (unsigned c = ASH_CLASSES - 1; c > 0; c--)
		for (unsigned s = 0; s < ash_shard_count(); s++)
			if (purge_bin(heap, &ash_shard_at(s)->bin[c], epoch, true, &bytes,
				      until_ns))
				return;
}

/* Walks through the bin once; returns the pages that went, not many more than `most`. */
static size_t walk_bin(struct ash_heap *heap, struct ash_bin *bin, size_t most)
{
	struct ash_bin_walk walk;
	struct ash_run *slab;
	uint64_t holes;
	size_t gone = 0;

	if (ash_load_relaxed(&bin->filled) == 0)
		return 0;
	ash_bin_walk_begin(bin, &walk);
	while (gone < most && (slab = ash_bin_walk_detach(bin, &walk, &holes)) != NULL) {
		holes = purge_pages(heap, slab, holes);
		gone += (size_t)__builtin_popcountll(holes);
		ash_bin_attach(bin, slab, holes);
	}
	return gone;
}

size_t ash_holes_of_any_age(struct ash_heap *heap, size_t bytes)
{
	size_t most = (bytes >> ash_os_page_shift) + ((bytes & (ash_os_page - 1)) != 0);
	size_t gone = 0;

	for (unsigned s = 0; s < ash_shard_count(); s++)
		for (unsigned c = ASH_CLASSES - 1; c > 0 && gone < most; c--)
			gone += walk_bin(heap, &ash_shard_at(s)->bin[c], most - gone);
	return gone << ash_os_page_shift;
}
