#include "page/huge_growth.h"

#include <errno.h>

#include "os/os.h"
#include "os/relatives.h"
#include "os/thp.h"
#include "page/account.h"
#include "page/block.h"
#include "page/growth.h"
#include "page/limits.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"

/* So many blocks in a row must have been filled so far (1/256 granules) when the next but one
 * was begun. */
#define FILLED_BEFORE 3
#define FILLED (ASH_HUGE_GRANULES * 7 / 8 * 256)
/* What objects fill is known where several share a page, and believed where one has up to two
 * pages.  Larger ones may be buffers of which the program touches the beginning: of a block, so
 * much of them counts. */
#define SMALL_PAGES 2
#define LARGE_MOST (ASH_HUGE_GRANULES / 4 * 256)
/* Granules of a huge page that may lie untouched, of so many in use; a huge page is made when
 * no more than that are left to be taken.  Where less than half of it may, none is: faulting
 * for the other half and then collapsing costs as much as faulting for all. */
#define SHARE 16
#define LEAST (ASH_HUGE_GRANULES / 2)
#define STOPPED 10u /* epochs without a change of the rising block: the heap does not grow */
/* After a refusal, or one that took long since the kernel compacted memory for it, so many
 * blocks are not tried; twice as many after the next, and so on. */
#define SKIP_FIRST 4u
#define SKIP_MOST 1024u
#define SLOW_NS 4000000u /* of CPU time; it takes some 0.2 ms, and spares 0.7 ms of faults */

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

/* Whether the block is full of objects that the program has touched, or will.  Reads the slabs'
 * fields without the locks of their bins, and so roughly. */
ASH_RACY static bool is_filled(const struct ash_hugeblock *block)
{
	unsigned small = 0, large = 0; /* 1/256 granules */

	if (block->nused * 256u < FILLED || block->sparse)
		return false;
	for (unsigned i = 0; i < ASH_HUGE_GRANULES;) {
		const struct ash_run *run = &block->run[i];
		unsigned state = ash_load_relaxed(&run->state), granules = run->granules;
		unsigned regions = run->regions, carved = run->bump;

		if (state == ASH_RUN_FREE || state == ASH_RUN_INNER || granules == 0) {
			i++;
			continue;
		}
		if (state != ASH_RUN_SLAB)
			large += granules * 256;
		else if (regions != 0) /* else it is just being made */
			*(run->size <= SMALL_PAGES << ash_os_page_shift ? &small : &large) +=
				granules * 256 * carved / regions;
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

/* Nobody waits for it to be filled any more. */
static void drop(struct ash_heap *heap)
{
	struct ash_hugeblock *block = heap->huge_growth.rising;

	if (block == NULL)
		return;
	set_rising(&heap->huge_growth, NULL, ASH_RISING_NONE);
	ash_block_changed(heap, block); /* and falls apart where it is less than half used */
}

/* A block is begun: whether it will be filled, too. */
static void begin(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_huge_growth *growth = &heap->huge_growth;
	size_t untouched = heap->account.in_use / SHARE;
	bool filled = growth->begun[1] != NULL && is_filled(growth->begun[1]);

	drop(heap);
	growth->begun[1] = growth->begun[0];
	growth->begun[0] = block;
	growth->filled = !filled                          ? 0
			 : growth->filled < FILLED_BEFORE ? growth->filled + 1
							  : FILLED_BEFORE;
	if (growth->filled < FILLED_BEFORE || untouched < LEAST || block->missing != 0 ||
	    (block->keep & ASH_KEEP_POOL))
		return;
	if (growth->skip > 0) {
		growth->skip--;
		return;
	}
	growth->at =
		untouched < ASH_HUGE_GRANULES ? (uint16_t)(ASH_HUGE_GRANULES - untouched) : 0;
	growth->most = block->nused;
	growth->seen = 0;
	set_rising(growth, block, ASH_RISING_SMALL);
}

bool ash_huge_growth_look(struct ash_heap *heap, struct ash_hugeblock *block, bool fresh)
{
	struct ash_huge_growth *growth = &heap->huge_growth;
	bool due = false;

	/* (Where the kernel makes huge pages of what is touched first there is nothing to do.)
	 */
	if (!growth->enabled || growth->cannot || !heap->advice.allowed ||
	    heap->advice.everywhere)
		return false;
	if (fresh)
		begin(heap, block);
	if (block == growth->rising && growth->state == ASH_RISING_SMALL &&
	    block->nused >= growth->at) {
		/* What a fork shares is left alone, also where the relative has ended. */
		due = block->filled_fork == ash_load_relaxed(&ash_relatives_forks) &&
		      may_hold_more(heap);
		if (due)
			growth->state = ASH_RISING_IN_WORK;
		else
			drop(heap);
	}
	ash_assert_internal(ash_huge_growth_is_valid(heap));
	return due;
}

/* Caller holds the page lock.  The kernel was asked. */
static void settle(struct ash_heap *heap, struct ash_hugeblock *block, bool made, bool slow)
{
	struct ash_huge_growth *growth = &heap->huge_growth;
	bool rises = block == growth->rising && growth->state == ASH_RISING_IN_WORK;

	if (made && !slow) {
		growth->pause = 0;
	} else {
		growth->pause = growth->pause * 2 < SKIP_FIRST  ? SKIP_FIRST
				: growth->pause * 2 < SKIP_MOST ? growth->pause * 2
								: SKIP_MOST;
		growth->skip = growth->pause;
	}
	ash_owned_add(made ? &growth->made : &growth->refused, 1);
	if (!made) {
		if (rises)
			drop(heap);
		return;
	}
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
	void *address = (void *)block->address;
	int saved = errno;
	uint64_t start;
	bool made, cannot, slow;

	ash_account_depart(heap, more);
	*(volatile char *)own = 0; /* the kernel collapses nothing that has no page at all */
	start = ash_os_thread_cpu_ns();
	made = ash_os_collapse(address, ASH_HUGE);
	cannot = !made && errno == EINVAL && !ash_os_can_collapse(address);
	slow = ash_os_thread_cpu_ns() - start > SLOW_NS;
	ash_mutex_lock(&heap->pages.lock);
	if (cannot)
		heap->huge_growth.cannot = true;
	settle(heap, block, made, slow);
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
