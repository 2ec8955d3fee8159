#include "page/account.h"

#include "meta/base.h"
#include "meta/far_table.h"
#include "os/delay.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bits.h"

size_t ash_account_in_use(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.in_use);
}

size_t ash_account_dirty(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.dirty);
}

size_t ash_account_muzzy(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.muzzy);
}

size_t ash_account_kept(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.kept);
}

size_t ash_account_cached(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.cached);
}

void ash_account_count_arenas(struct ash_heap *heap, long bytes)
{
	size_t before = ash_add_relaxed(&heap->account.arenas, (size_t)bytes);

	ash_assert(bytes >= 0 || before >= (size_t)-bytes);
}

size_t ash_account_arenas(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.arenas);
}

void ash_account_count_holes(struct ash_heap *heap, long pages)
{
	size_t before = ash_add_relaxed(&heap->account.hole_pages, (size_t)pages);

	ash_assert(pages >= 0 || before >= (size_t)-pages);
}

size_t ash_account_hole_bytes(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->account.hole_pages) << ash_os_page_shift;
}

/* Of what has departed, this thread's; always as much as it added, or more. */
static __thread size_t departed_here;

void ash_account_depart(struct ash_heap *heap, size_t bytes)
{
	departed_here += bytes;
	ASH_COMPILER_FENCE();
	ash_add_acq_rel(&heap->account.departed, bytes);
	ash_delay();
}

void ash_account_arrive(struct ash_heap *heap, size_t bytes)
{
	size_t before;

	ash_delay();
	before = ash_sub_acq_rel(&heap->account.departed, bytes);
	ash_assert(before >= bytes);
	ASH_COMPILER_FENCE();
	departed_here -= bytes;
}

size_t ash_account_departed(const struct ash_heap *heap)
{
	return ash_load_acquire(&heap->account.departed);
}

void ash_account_after_fork(struct ash_heap *heap)
{
	ash_store_relaxed(&heap->account.departed, departed_here);
}

#define LOOKS 8

/* Without what is on its way.  (Read one by one while others work, they may not fit together.)
 */
static size_t counted(const struct ash_heap *heap)
{
	size_t held = ((ash_account_in_use(heap) + ash_account_dirty(heap) +
			ash_account_muzzy(heap) + ash_account_kept(heap))
		       << ASH_GRANULE_SHIFT) +
		      ash_far_bytes() + ash_account_cached(heap) + ash_account_arenas(heap) +
		      ash_base_mapped();
	size_t holes = ash_account_hole_bytes(heap);

	return held > holes ? held - holes : 0;
}

/* What is on its way is looked at before the counts and after them: it departs before it leaves
 * one and arrives after it came to the other, so nothing is missed.  What departs between the
 * looks may count twice: then once more. */
size_t ash_account_held(const struct ash_heap *heap)
{
	size_t before = ash_account_departed(heap), after = before, held = 0;

	for (unsigned looks = 0; looks < LOOKS && (looks == 0 || before != after); looks++) {
		before = after;
		held = counted(heap);
		after = ash_account_departed(heap);
	}
	return held + (before > after ? before : after);
}

bool ash_account_is_valid(const struct ash_heap *heap)
{
	const struct ash_account *a = &heap->account;
	size_t missing = ash_load_acquire(&heap->growing.missing);
	size_t blocks = ash_load_relaxed(&heap->growing.mapped);

	return a->dirty_low <= a->dirty &&
	       a->in_use + a->reserved + a->dirty + a->muzzy + a->kept <=
		       blocks * ASH_HUGE_GRANULES - missing &&
	       a->clock >= a->in_use && a->retaken <= a->clock &&
	       (a->dirty > 0 || ash_os_page > ASH_GRANULE ||
		ash_list_empty(&heap->pages.dirty));
}

static size_t bits(uint64_t word)
{
	return ash_bits_count(word);
}

bool ash_account_is_sum(const struct ash_heap *heap)
{
	const struct ash_account *a = &heap->account;
	size_t used = 0, idle = 0, kept = 0, muzzy = 0;

	for (const struct ash_hugeblock *block = ash_load_acquire(&heap->growing.newest);
	     block != NULL; block = block->older) {
		used += block->nused;
		for (unsigned w = 0; w < 2; w++) {
			*(block->keep != 0 ? &kept : &idle) +=
				bits(block->touched[w] & ~block->used[w]);
			muzzy += bits(block->muzzy[w]);
		}
	}
	return used == a->in_use + a->reserved && idle == a->dirty + a->muzzy &&
	       kept == a->kept && muzzy == a->muzzy;
}
