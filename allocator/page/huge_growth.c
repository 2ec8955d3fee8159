#include "page/huge_growth.h"

#include <errno.h>

#include "os/os.h"
#include "page/account.h"
#include "page/block.h"
#include "page/growth.h"
#include "page/huge_advice.h"
#include "page/limits.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"
#include "util/bits.h"

/* So many blocks must have been filled so far (1/256 granules) when the next but one was begun;
 * one that was not takes back what one that was has given. */
#define FILLED_BEFORE 3
#define FILLED (ASH_HUGE_GRANULES * 7 / 8 * 256)
/* Of a block's granules so many must have been in use: where slabs are of a length that leaves
 * its end to nobody, a huge page holds the end, too, up to a tenth of the heap. */
#define USED (ASH_HUGE_GRANULES * 31 / 32)
/* What objects fill is known where several share a page, and believed up to a page and a
 * quarter, as SQLite's have.  Larger ones may be buffers of which the program touches the
 * beginning: of a block, so much of them counts. */
#define SMALL_QUARTERS 5u /* of a page */
#define LARGE_MOST (ASH_HUGE_GRANULES / 4 * 256)
/* A huge page is this part of the heap at most: so much may lie untouched. */
#define SHARE 16
#define STOPPED 10u /* epochs without a change of the rising block: the heap does not grow */
/* After a refusal so many blocks are not tried; twice as many after the next, and so on. */
#define SKIP_FIRST 4u
#define SKIP_MOST 1024u
/* The same where the kernel is slow.  A huge page that the host has to find memory for costs
 * what ten others spare, and one in 128 a twentieth of what the faults do. */
#define SLOW_SKIP_FIRST 8u
#define SLOW_SKIP_MOST 128u
/* To clear 2 MiB takes no machine less, a fault for 4 KiB hardly ever more. */
#define HUGE_NS 25000u

bool ash_huge_growth_is_valid(const struct ash_heap *heap)
{
	const struct ash_huge_growth *growth = &heap->huge_growth;
	const struct ash_hugeblock *block = growth->rising;

	if (growth->skip > SKIP_MOST || growth->pause > SKIP_MOST)
		return false;
	if (block == NULL)
		return growth->state == ASH_RISING_NONE;
	return growth->state != ASH_RISING_NONE && block == growth->begun[0] &&
	       block->nused != 0 && block->nused <= growth->most &&
	       (growth->state != ASH_RISING_HUGE || (block->keep & ASH_KEEP_HUGE));
}

static void set_rising(struct ash_huge_growth *growth, struct ash_hugeblock *block,
		       enum ash_rising state)
{
	ash_store_relaxed(&growth->rising, block);
	growth->state = state;
}

/* 1/256 granules of the slab that were carved, without what was given back since. */
ASH_RACY static unsigned carved(const struct ash_hugeblock *block, const struct ash_run *slab)
{
	unsigned regions = slab->regions, all, gone = 0;

	if (regions == 0) /* it is just being made */
		return 0;
	all = slab->granules * 256u * slab->bump / regions;
	if (slab->collapses == block->collapses)
		gone = (unsigned)(ash_bits_count(slab->purged)
				  << (ash_os_page_shift + 8 - ASH_GRANULE_SHIFT));
	return all > gone ? all - gone : 0;
}

/* Whether the block is full of objects that the program has touched, or will.  Reads the slabs'
 * fields without the locks of their bins, and so roughly. */
ASH_RACY static bool is_filled(const struct ash_hugeblock *block)
{
	unsigned small = 0, large = 0; /* 1/256 granules */

	if (block->nused < USED)
		return false;
	for (unsigned i = 0; i < ASH_HUGE_GRANULES;) {
		const struct ash_run *run = &block->run[i];
		unsigned state = ash_load_relaxed(&run->state), granules = run->granules;

		if (state == ASH_RUN_FREE || state == ASH_RUN_INNER || granules == 0) {
			i++;
			continue;
		}
		if (state != ASH_RUN_SLAB)
			large += granules * 256;
		else if (run->size <= SMALL_QUARTERS << (ash_os_page_shift - 2))
			small += carved(block, run);
		else
			large += carved(block, run);
		i += granules;
	}
	return small + (large < LARGE_MOST ? large : LARGE_MOST) >= FILLED;
}

/* Bounds of the program or the machine under which nothing is taken in advance. */
static bool may_hold_more(struct ash_heap *heap)
{
	size_t soft = ash_load_relaxed(&heap->limits.soft);

	return ash_limits_room(heap) >= ASH_HUGE && !ash_load_relaxed(&heap->limits.pressure) &&
	       (soft == ASH_NO_LIMIT || ash_account_held(heap) + ASH_HUGE <= soft);
}

/* Nobody waits for it to be filled any more: what is free in it may go. */
static void drop(struct ash_heap *heap)
{
	struct ash_hugeblock *block = heap->huge_growth.rising;

	if (block == NULL)
		return;
	set_rising(&heap->huge_growth, NULL, ASH_RISING_NONE);
	ash_block_keep(heap, block, block->keep & ~(unsigned)ASH_KEEP_HUGE);
	ash_block_changed(heap, block);
}

bool ash_huge_growth_begin(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_huge_growth *growth = &heap->huge_growth;
	bool filled;

	/* (Where the kernel makes huge pages of what is touched first there is nothing to do.)
	 */
	if (!growth->enabled || growth->cannot || !heap->advice.allowed ||
	    heap->advice.everywhere)
		return false;
	ash_assert_internal(ash_huge_growth_is_valid(heap));
	filled = growth->begun[1] != NULL && is_filled(growth->begun[1]);
	drop(heap);
	growth->begun[1] = growth->begun[0];
	growth->begun[0] = block;
	if (filled && growth->filled < FILLED_BEFORE)
		growth->filled++;
	else if (!filled && growth->filled > 0)
		growth->filled--;
	if (growth->filled < FILLED_BEFORE ||
	    heap->account.in_use < SHARE * ASH_HUGE_GRANULES || block->missing != 0 ||
	    (block->keep & ASH_KEEP_POOL) || !may_hold_more(heap))
		return false;
	if (growth->skip > 0) {
		growth->skip--;
		return false;
	}
	if (!ash_huge_advice_may_begin(heap, block))
		return false;
	growth->most = block->nused;
	growth->seen = 0;
	set_rising(growth, block, ASH_RISING_IN_WORK);
	ash_assert_internal(ash_huge_growth_is_valid(heap));
	return true;
}

/* Caller holds the page lock.  The next blocks wait, `first` of them, and at each further time
 * twice as many, up to `most`. */
static void pause_for_blocks(struct ash_huge_growth *growth, uint32_t first, uint32_t most)
{
	uint32_t pause = growth->pause == 0 ? first : growth->pause * 2;

	growth->pause = growth->skip = pause < most ? pause : most;
}

/* Caller holds the page lock.  A huge page was had, in so long.  One that takes longer than the
 * faults that it spares is no gain: the host has to find memory for it.  One alone may have
 * lost its CPU to others meanwhile, which the clock of CPU time would tell, by a system call
 * that nobody asks of malloc; two in a row hardly ever. */
static void weigh(struct ash_huge_growth *growth, uint64_t ns)
{
	bool slow = ns >= growth->slow_ns;

	if (slow && growth->was_slow) {
		pause_for_blocks(growth, SLOW_SKIP_FIRST, SLOW_SKIP_MOST);
		ash_owned_add(&growth->slowed, 1);
	} else {
		growth->pause = 0;
	}
	growth->was_slow = slow;
}

/* Caller holds the page lock.  The block was touched, which took so long. */
static void settle(struct ash_heap *heap, struct ash_hugeblock *block, bool made, uint64_t ns)
{
	struct ash_huge_growth *growth = &heap->huge_growth;
	bool rises = block == growth->rising;

	ash_owned_add(made ? &growth->made : &growth->refused, 1);
	if (!made) {
		pause_for_blocks(growth, SKIP_FIRST, SKIP_MOST);
		if (rises)
			drop(heap);
		return;
	}
	weigh(growth, ns);
	ash_growth_note(heap, (ASH_HUGE_GRANULES -
			       ash_bitmap_count_range(block->touched, 0, ASH_HUGE_GRANULES))
				      << ASH_GRANULE_SHIFT);
	if (rises)
		growth->state = ASH_RISING_HUGE;
	ash_block_become_huge(heap, block, rises || block->nused >= heap->pages.bounds.broken);
}

void ash_huge_growth_make(struct ash_heap *heap, struct ash_hugeblock *block, char *own)
{
	/* Under a hard limit the whole of it counts as held meanwhile. */
	size_t more = ash_limits_room(heap) == ASH_NO_LIMIT ? 0 : ASH_HUGE;
	int saved = errno;
	bool advised, made, cannot;
	uint64_t ns;

	ash_account_depart(heap, more);
	advised = ash_huge_advice_give(block);
	cannot = !advised && errno == EINVAL;
	ns = ash_os_clock_ns();
	*(volatile char *)own = 0;
	ns = ash_os_clock_ns() - ns;
	made = advised && ns >= HUGE_NS;
	if (!made)
		ash_huge_advice_withdraw(block);
	ash_mutex_lock(&heap->pages.lock);
	if (cannot)
		heap->huge_growth.cannot = true;
	settle(heap, block, made, ns);
	ash_assert_internal(ash_huge_growth_is_valid(heap));
	ash_mutex_unlock(&heap->pages.lock);
	ash_account_arrive(heap, more);
	errno = saved;
}

void ash_huge_growth_age(struct ash_heap *heap, uint32_t epoch)
{
	struct ash_huge_growth *growth = &heap->huge_growth;

	if (ash_load_relaxed(&growth->rising) == NULL)
		return;
	ash_mutex_lock(&heap->pages.lock);
	/* (Whoever is at work settles it.) */
	if (growth->rising != NULL && growth->state != ASH_RISING_IN_WORK) {
		if (growth->seen != growth->rising->nused) {
			growth->seen = growth->rising->nused;
			growth->seen_epoch = epoch;
		} else if (epoch - growth->seen_epoch >= STOPPED) {
			drop(heap);
		}
	}
	ash_mutex_unlock(&heap->pages.lock);
}
