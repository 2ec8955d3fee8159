#include "page/packing.h"

#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"
#include "util/bits.h"

#define LENGTHS ASH_PACKING_LENGTHS

/* Of a list, so many blocks are compared for fullness: the search stays short in heaps of
 * thousands of blocks, and lists are ordered by use, so the first ones are good ones. */
#define LOOKED_AT 16
#define IDLE_LOOKED_AT 64

static struct ash_hugeblock *entry(struct ash_list *link)
{
	return ASH_LIST_ENTRY(link, struct ash_hugeblock, link);
}

static void link_block(struct ash_packing *packing, struct ash_hugeblock *block)
{
	block->longest = (uint16_t)ash_bitmap_longest_clear(block->used, ASH_HUGE_GRANULES);
	ash_list_push_front(&packing->list[block->longest], &block->link);
	ash_bitmap_set(packing->filled, block->longest);
	if (block->longest == ASH_HUGE_GRANULES)
		ash_owned_add(&packing->empty, 1);
}

static void unlink_block(struct ash_packing *packing, struct ash_hugeblock *block)
{
	unsigned length = block->longest;

	ash_assert(length < LENGTHS && block->link.next != &block->link);
	ash_assert(ash_bitmap_test(packing->filled, length));
	ash_list_remove(&block->link);
	if (ash_list_empty(&packing->list[length]))
		ash_bitmap_clear(packing->filled, length);
	if (length == ASH_HUGE_GRANULES)
		ash_owned_add(&packing->empty, -1u);
}

bool ash_packing_is_valid(const struct ash_packing *packing)
{
	for (unsigned i = 0; i < LENGTHS; i++) {
		struct ash_list *first = packing->list[i].next;
		bool empty = first == &packing->list[i];

		if (ash_bitmap_test(packing->filled, i) == empty)
			return false;
		if (!empty && (entry(first)->longest != i || first->prev != &packing->list[i]))
			return false;
	}
	return ash_list_empty(&packing->list[ASH_HUGE_GRANULES]) == (packing->empty == 0);
}

void ash_packing_add(struct ash_packing *packing, struct ash_hugeblock *block)
{
	link_block(packing, block);
	ash_assert_internal(ash_packing_is_valid(packing));
}

void ash_packing_remove(struct ash_packing *packing, struct ash_hugeblock *block)
{
	unlink_block(packing, block);
	ash_assert_internal(ash_packing_is_valid(packing));
}

struct ash_hugeblock *ash_packing_take_empty(struct ash_packing *packing)
{
	struct ash_list *list = &packing->list[ASH_HUGE_GRANULES];
	struct ash_hugeblock *block = entry(list->prev); /* the back: empty for longest */

	if (ash_list_empty(list))
		return NULL;
	ash_packing_remove(packing, block);
	ash_assert(block->nused == 0);
	return block;
}

struct ash_hugeblock *ash_packing_take_idle(struct ash_packing *packing, uint32_t epoch,
					    bool *younger)
{
	struct ash_list *list = &packing->list[ASH_HUGE_GRANULES];
	unsigned looked = 0;

	*younger = false;
	/* (What is to be purged yet may lie before it.) */
	for (struct ash_list *n = list->prev; n != list && looked < IDLE_LOOKED_AT;
	     n = n->prev, looked++) {
		struct ash_hugeblock *block = entry(n);

		if ((block->touched[0] | block->touched[1]) != 0)
			continue;
		*younger = (int32_t)(block->dense_epoch - epoch) > 0;
		if (*younger)
			break;
		ash_packing_remove(packing, block);
		ash_assert(block->nused == 0);
		return block;
	}
	return NULL;
}

void ash_packing_update(struct ash_packing *packing, struct ash_hugeblock *block)
{
	unlink_block(packing, block);
	link_block(packing, block);
	ash_assert_internal(ash_packing_is_valid(packing));
}

/* Free granules that hold memory. */
static unsigned idle(const struct ash_hugeblock *block)
{
	return ash_bits_count(block->touched[0] & ~block->used[0]) +
	       ash_bits_count(block->touched[1] & ~block->used[1]);
}

/* Of blocks with gaps of one length the fuller one; of two alike that which holds more that is
 * free, so that what was purged rests. */
static bool is_better(const struct ash_hugeblock *block, const struct ash_hugeblock *best)
{
	return best == NULL || block->nused > best->nused ||
	       (block->nused == best->nused && idle(block) > idle(best));
}

struct ash_hugeblock *ash_packing_choose(const struct ash_packing *packing, unsigned granules,
					 unsigned align, unsigned *first)
{
	ash_assert(granules > 0 && granules <= ASH_HUGE_GRANULES);
	ash_assert(align > 0 && (align & (align - 1)) == 0);
	for (unsigned length = granules;
	     (length = ash_bitmap_next(packing->filled, LENGTHS, length, true)) < LENGTHS;
	     length++) {
		struct ash_hugeblock *best = NULL;
		unsigned looked = 0;

		for (struct ash_list *n = packing->list[length].next;
		     n != &packing->list[length] && looked < LOOKED_AT; n = n->next, looked++) {
			struct ash_hugeblock *block = entry(n);
			unsigned at;

			if (!is_better(block, best))
				continue;
			at = ash_bitmap_find_run(block->used, ASH_HUGE_GRANULES, granules,
						 align);
			if (at == ASH_HUGE_GRANULES)
				continue; /* long enough, but not so aligned */
			ash_assert(at % align == 0 && at + granules <= ASH_HUGE_GRANULES);
			best = block;
			*first = at;
		}
		if (best != NULL)
			return best;
	}
	return NULL;
}
