#include "page/hugeblock.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/window.h"
#include "os/os.h"
#include "os/thp.h"
#include "page/huge_advice.h"
#include "util/assert.h"
#include "util/atomic.h"

#define STEP_MOST 512 /* blocks: 1 GiB */
#define EXTENSIONS_AT_ONCE 16

void *ash_hugeblock_address(uint32_t number)
{
	ash_assert(number < ash_window.nblocks);
	return (void *)(ash_window.base + ((uintptr_t)number << ASH_HUGE_SHIFT));
}

/* Caller holds the lock.  Maps `count` blocks from `first` on, or a single one, as pages of the
 * pool; returns how many it gave. */
static uint32_t map_of_pool(struct ash_growing *growing, uint32_t first, uint32_t count)
{
	if (!growing->use_pool)
		return 0;
	for (;;) {
		if (ash_os_map_pool_at(ash_hugeblock_address(first),
				       (size_t)count << ASH_HUGE_SHIFT, ASH_HUGE_SHIFT)) {
			ash_owned_add(&growing->of_pool, count);
			return count;
		}
		if (errno == EINVAL) /* there is no such pool: nothing to ask for again */
			growing->use_pool = false;
		if (count == 1 || errno != ENOMEM)
			break;
		count = 1;
	}
	if (errno != EEXIST)
		ash_owned_add(&growing->refused, 1);
	return 0;
}

/* Maps up to `count` blocks at the next place that is free; returns how many (0 = no memory),
 * in *first where, and in *keep what is to be known of them. */
static uint32_t map_blocks(struct ash_heap *heap, uint32_t count, uint32_t *first,
			   unsigned *keep)
{
	struct ash_growing *growing = &heap->growing;
	uint32_t got;

	*keep = 0;
	while (growing->next < ash_window.nblocks) {
		if (count > ash_window.nblocks - growing->next)
			count = ash_window.nblocks - growing->next;
		if (!ash_window_open(growing->next, count)) {
			if (count == 1)
				return 0;
			count = 1;
			continue;
		}
		got = map_of_pool(growing, growing->next, count);
		if (got != 0) {
			*keep = ASH_KEEP_POOL;
			*first = growing->next;
			growing->next += got;
			return got;
		}
		if (ash_os_map_at(ash_hugeblock_address(growing->next),
				  (size_t)count << ASH_HUGE_SHIFT)) {
			ash_huge_advice_mapped(heap, ash_hugeblock_address(growing->next),
					       (size_t)count << ASH_HUGE_SHIFT);
			*first = growing->next;
			growing->next += count;
			return count;
		}
		if (count > 1)
			count = 1;
		else if (errno == EEXIST)
			growing->next++; /* somebody else's mapping lies there: skip it */
		else
			return 0;
	}
	errno = ENOMEM;
	return 0;
}

/* Caller holds the lock.  A released block, mapped where it was; one whose place was taken by
 * somebody else meanwhile is dropped for good. */
static struct ash_hugeblock *map_again(struct ash_heap *heap)
{
	struct ash_growing *growing = &heap->growing;

	while (!ash_list_empty(&growing->released)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(growing->released.next, struct ash_hugeblock, link);

		bool pool = map_of_pool(growing, block->number, 1) != 0;
		bool there =
			pool || ash_os_map_at(ash_hugeblock_address(block->number), ASH_HUGE);

		if (!there && errno != EEXIST)
			return NULL;
		ash_list_remove(&block->link);
		if (there) {
			if (pool)
				ash_store_relaxed(&block->keep, (uint8_t)ASH_KEEP_POOL);
			else
				ash_huge_advice_mapped(
					heap, ash_hugeblock_address(block->number), ASH_HUGE);
			ash_owned_add(&growing->mapped, 1);
			return block;
		}
	}
	return NULL;
}

bool ash_hugeblock_is_valid(const struct ash_heap *heap)
{
	const struct ash_growing *growing = &heap->growing;

	return growing->of_pool <= growing->mapped && growing->mapped <= growing->next &&
	       growing->next <= ash_window.nblocks &&
	       (ash_list_empty(&growing->released) || growing->mapped < growing->next);
}

bool ash_hugeblock_release(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_growing *growing = &heap->growing;

	ash_assert(block->nused == 0 && (block->touched[0] | block->touched[1]) == 0);
	if (!ash_os_unmap(ash_hugeblock_address(block->number), ASH_HUGE))
		return false;
	ash_mutex_lock(&growing->lock);
	if (block->keep & ASH_KEEP_POOL)
		ash_owned_add(&growing->of_pool, -1u);
	ash_store_relaxed(&block->keep, (uint8_t)0);
	ash_list_push_front(&growing->released, &block->link);
	ash_owned_add(&growing->mapped, -1u);
	ash_assert_internal(ash_hugeblock_is_valid(heap));
	ash_mutex_unlock(&growing->lock);
	return true;
}

/* Caller holds the lock.  A descriptor for an empty block; NULL where there is no memory.  The
 * words of bitmaps that only slabs of the smallest classes need come for many blocks in one
 * piece, so that whole pages of them are never touched. */
static struct ash_hugeblock *new_descriptor(struct ash_growing *growing)
{
	struct ash_hugeblock *block;

	if (growing->extensions == 0) {
		size_t one = ASH_HUGE_GRANULES * sizeof(*growing->extension);

		growing->extension = ash_base_alloc(EXTENSIONS_AT_ONCE * one, 64);
		if (growing->extension == NULL)
			return NULL;
		growing->extensions = EXTENSIONS_AT_ONCE;
	}
	block = ash_base_alloc(sizeof(*block), 64);
	if (block == NULL)
		return NULL;
	block->extension = growing->extension;
	growing->extension += ASH_HUGE_GRANULES;
	growing->extensions--;
	return block;
}

/* Caller holds the lock.  Returns how many of the `count` blocks from `first` on, which were
 * just mapped, got a descriptor and were added. */
static uint32_t describe(struct ash_heap *heap, uint32_t first, uint32_t count, unsigned keep,
			 void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;

	for (uint32_t i = 0; i < count; i++) {
		struct ash_hugeblock *block = new_descriptor(growing);

		if (block == NULL) {
			/* No metadata: give back what cannot be described.  Whoever asks in
			 * vain again and again must not use the window up: the place is
			 * tried again. */
			if (ash_os_unmap(ash_hugeblock_address(first + i),
					 (size_t)(count - i) << ASH_HUGE_SHIFT))
				growing->next = first + i;
			if (keep & ASH_KEEP_POOL)
				ash_owned_add(&growing->of_pool, i - count);
			return i;
		}
		block->number = first + i;
		block->keep = (uint8_t)keep;
		ash_owned_add(&growing->mapped, 1); /* before anything can be taken from it */
		ash_store_release(&ash_window.blocks[first + i], block);
		add(heap, block);
	}
	return count;
}

/* Caller holds the lock. */
static bool grow(struct ash_heap *heap,
		 void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	struct ash_hugeblock *again = map_again(heap);
	uint32_t want = growing->mapped / 8, got, first = 0;
	unsigned keep;

	if (again != NULL) {
		add(heap, again);
		return true;
	}
	if (want < 1)
		want = 1;
	if (want > STEP_MOST)
		want = STEP_MOST;
	got = map_blocks(heap, want, &first, &keep);
	got = describe(heap, first, got, keep, add);
	if (got == 0)
		errno = ENOMEM;
	return got > 0;
}

bool ash_hugeblock_grow(struct ash_heap *heap, uint32_t seen,
			void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	bool grown = true;

	ash_mutex_lock(&growing->lock);
	if (growing->growths == seen) {
		grown = grow(heap, add);
		if (grown)
			ash_owned_add(&growing->growths, 1);
	}
	ash_assert_internal(ash_hugeblock_is_valid(heap));
	ash_mutex_unlock(&growing->lock);
	return grown;
}

uint32_t ash_hugeblock_end(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->growing.next);
}

uint32_t ash_hugeblock_growths(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->growing.growths);
}

size_t ash_hugeblock_mapped(const struct ash_heap *heap)
{
	return (size_t)ash_load_relaxed(&heap->growing.mapped) << ASH_HUGE_SHIFT;
}

void ash_hugeblock_use_pool(struct ash_heap *heap, bool use)
{
	heap->growing.use_pool = use;
}

size_t ash_hugeblock_pool(const struct ash_heap *heap)
{
	return (size_t)ash_load_relaxed(&heap->growing.of_pool) << ASH_HUGE_SHIFT;
}

uint64_t ash_hugeblock_pool_refused(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->growing.refused);
}
