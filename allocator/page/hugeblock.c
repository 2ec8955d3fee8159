#include "page/hugeblock.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "os/thp.h"
#include "reclaim/hugify.h"
#include "util/atomic.h"

/* Held over the system calls: growing is rare, and two threads that find the heap full want
 * the same memory. */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_GROW);
static uint32_t next;   /* first block number never tried */
static uint32_t mapped; /* blocks */
static uint32_t growths;
static bool use_pool;
static uint32_t of_pool; /* blocks */
static uint64_t refused;
static struct ash_list released = {&released, &released}; /* unmapped, to be mapped again */

#define STEP_MOST 512 /* blocks: 1 GiB */
#define RESTS_AT_ONCE 16

static void *block_address(uint32_t number)
{
	return (void *)(ash_window.base + ((uintptr_t)number << ASH_HUGE_SHIFT));
}

/* Caller holds the lock.  Maps `count` blocks from `first` on, or a single one, as pages of the
 * pool; returns how many it gave. */
static uint32_t map_of_pool(uint32_t first, uint32_t count)
{
	if (!use_pool)
		return 0;
	for (;;) {
		if (ash_os_map_pool_at(block_address(first), (size_t)count << ASH_HUGE_SHIFT,
				       ASH_HUGE_SHIFT)) {
			ash_owned_add(&of_pool, count);
			return count;
		}
		if (errno == EINVAL) /* there is no such pool: nothing to ask for again */
			use_pool = false;
		if (count == 1 || errno != ENOMEM)
			break;
		count = 1;
	}
	if (errno != EEXIST)
		ash_owned_add(&refused, 1);
	return 0;
}

/* Maps up to `count` blocks at the next place that is free; returns how many (0 = no memory),
 * in *first where, and in *keep what is to be known of them. */
static uint32_t map_blocks(uint32_t count, uint32_t *first, unsigned *keep)
{
	uint32_t got;

	*keep = 0;
	while (next < ash_window.nblocks) {
		if (count > ash_window.nblocks - next)
			count = ash_window.nblocks - next;
		if (!ash_window_open(next, count)) {
			if (count == 1)
				return 0;
			count = 1;
			continue;
		}
		got = map_of_pool(next, count);
		if (got != 0) {
			*keep = ASH_KEEP_POOL;
			*first = next;
			next += got;
			return got;
		}
		if (ash_os_map_at(block_address(next), (size_t)count << ASH_HUGE_SHIFT)) {
			ash_hugify_mapped(block_address(next), (size_t)count << ASH_HUGE_SHIFT);
			*first = next;
			next += count;
			return count;
		}
		if (count > 1)
			count = 1;
		else if (errno == EEXIST)
			next++; /* somebody else's mapping lies there: skip it */
		else
			return 0;
	}
	errno = ENOMEM;
	return 0;
}

/* Caller holds the lock.  A released block, mapped where it was; one whose place was taken by
 * somebody else meanwhile is dropped for good. */
static struct ash_hugeblock *map_again(void)
{
	while (!ash_list_empty(&released)) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(released.next, struct ash_hugeblock, link);

		bool pool = map_of_pool(block->number, 1) != 0;
		bool there = pool || ash_os_map_at(block_address(block->number), ASH_HUGE);

		if (!there && errno != EEXIST)
			return NULL;
		ash_list_remove(&block->link);
		if (there) {
			if (pool)
				ash_store_relaxed(&block->keep, (uint8_t)ASH_KEEP_POOL);
			else
				ash_hugify_mapped(block_address(block->number), ASH_HUGE);
			ash_owned_add(&mapped, 1);
			return block;
		}
	}
	return NULL;
}

bool ash_hugeblock_release(struct ash_hugeblock *block)
{
	if (!ash_os_unmap(block_address(block->number), ASH_HUGE))
		return false;
	ash_mutex_lock(&lock);
	if (block->keep & ASH_KEEP_POOL)
		ash_owned_add(&of_pool, -1u);
	ash_store_relaxed(&block->keep, (uint8_t)0);
	ash_list_push_front(&released, &block->link);
	ash_owned_add(&mapped, -1u);
	ash_mutex_unlock(&lock);
	return true;
}

/* Caller holds the lock.  A descriptor of a block without anything in it; NULL where there is
 * no memory.  What only slabs of the smallest classes have of bitmaps comes for many blocks in
 * one piece: those of its pages that are never touched are then many. */
static struct ash_hugeblock *new_descriptor(void)
{
	static struct ash_bitmap_rest *rest;
	static unsigned rests; /* blocks that `rest` is enough for */
	struct ash_hugeblock *block;

	if (rests == 0) {
		rest = ash_base_alloc(RESTS_AT_ONCE * ASH_HUGE_GRANULES * sizeof(*rest), 64);
		if (rest == NULL)
			return NULL;
		rests = RESTS_AT_ONCE;
	}
	block = ash_base_alloc(sizeof(*block), 64);
	if (block == NULL)
		return NULL;
	block->rest = rest;
	rest += ASH_HUGE_GRANULES;
	rests--;
	return block;
}

/* Caller holds the lock.  Returns how many of the `count` blocks from `first` on, which were
 * just mapped, got a descriptor and were added. */
static uint32_t describe(uint32_t first, uint32_t count, unsigned keep,
			 void (*add)(struct ash_hugeblock *block))
{
	for (uint32_t i = 0; i < count; i++) {
		struct ash_hugeblock *block = new_descriptor();

		if (block == NULL) {
			/* No metadata: give back what cannot be described.  The place is lost
			 * to the window, a few MiB of its address space. */
			ash_os_unmap(block_address(first + i), (size_t)(count - i)
								       << ASH_HUGE_SHIFT);
			if (keep & ASH_KEEP_POOL)
				ash_owned_add(&of_pool, i - count);
			return i;
		}
		block->number = first + i;
		block->keep = (uint8_t)keep;
		ash_store_release(&ash_window.blocks[first + i], block);
		add(block);
	}
	return count;
}

/* Caller holds the lock. */
static bool grow(void (*add)(struct ash_hugeblock *block))
{
	struct ash_hugeblock *again = map_again();
	uint32_t want = mapped / 8, got, first = 0;
	unsigned keep;

	if (again != NULL) {
		add(again);
		return true;
	}
	if (want < 1)
		want = 1;
	if (want > STEP_MOST)
		want = STEP_MOST;
	got = map_blocks(want, &first, &keep);
	got = describe(first, got, keep, add);
	ash_owned_add(&mapped, got);
	if (got == 0)
		errno = ENOMEM;
	return got > 0;
}

bool ash_hugeblock_grow(uint32_t seen, void (*add)(struct ash_hugeblock *block))
{
	bool grown = true;

	ash_mutex_lock(&lock);
	if (growths == seen) {
		grown = grow(add);
		if (grown)
			ash_owned_add(&growths, 1);
	}
	ash_mutex_unlock(&lock);
	return grown;
}

uint32_t ash_hugeblock_growths(void)
{
	return ash_load_relaxed(&growths);
}

size_t ash_hugeblock_mapped(void)
{
	return (size_t)ash_load_relaxed(&mapped) << ASH_HUGE_SHIFT;
}

void ash_hugeblock_use_pool(bool use)
{
	use_pool = use;
}

size_t ash_hugeblock_pool(void)
{
	return (size_t)ash_load_relaxed(&of_pool) << ASH_HUGE_SHIFT;
}

uint64_t ash_hugeblock_pool_refused(void)
{
	return ash_load_relaxed(&refused);
}

struct ash_mutex *ash_hugeblock_mutex(void)
{
	return &lock;
}
