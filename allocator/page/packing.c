#include "page/packing.h"

#include "util/assert.h"
#include "util/bitmap.h"

#define LENGTHS (ASH_HUGE_GRANULES + 1)

/* Of a list, so many blocks are compared for fullness: the search stays short in heaps of
 * thousands of blocks, and lists are ordered by use, so the first ones are good ones. */
#define LOOKED_AT 16

static struct ash_list lists[LENGTHS];
static uint64_t filled[(LENGTHS + 63) / 64]; /* lists that are not empty */

void ash_packing_init(void)
{
	for (unsigned i = 0; i < LENGTHS; i++)
		ash_list_init(&lists[i]);
}

static void link_block(struct ash_hugeblock *block)
{
	block->longest = (uint16_t)ash_bitmap_longest_clear(block->used, ASH_HUGE_GRANULES);
	ash_list_push_front(&lists[block->longest], &block->link);
	ash_bitmap_set(filled, block->longest);
}

void ash_packing_add(struct ash_hugeblock *block)
{
	link_block(block);
}

void ash_packing_remove(struct ash_hugeblock *block)
{
	unsigned length = block->longest;

	ash_list_remove(&block->link);
	if (ash_list_empty(&lists[length]))
		ash_bitmap_clear(filled, length);
}

struct ash_hugeblock *ash_packing_take_empty(bool clean)
{
	struct ash_list *list = &lists[ASH_HUGE_GRANULES];
	unsigned looked = 0;

	/* From the back: empty for longest. */
	for (struct ash_list *n = list->prev; n != list && looked < LOOKED_AT;
	     n = n->prev, looked++) {
		struct ash_hugeblock *block = ASH_LIST_ENTRY(n, struct ash_hugeblock, link);

		if (clean && (block->touched[0] | block->touched[1]) != 0)
			continue;
		ash_packing_remove(block);
		return block;
	}
	return NULL;
}

void ash_packing_update(struct ash_hugeblock *block)
{
	ash_packing_remove(block);
	link_block(block);
}

struct ash_hugeblock *ash_packing_choose(unsigned granules, unsigned align, unsigned *first)
{
	for (unsigned length = granules;
	     (length = ash_bitmap_next(filled, LENGTHS, length, true)) < LENGTHS; length++) {
		struct ash_hugeblock *best = NULL;
		unsigned looked = 0;

		for (struct ash_list *n = lists[length].next;
		     n != &lists[length] && looked < LOOKED_AT; n = n->next, looked++) {
			struct ash_hugeblock *block =
				ASH_LIST_ENTRY(n, struct ash_hugeblock, link);
			unsigned at;

			if (best != NULL && block->nused <= best->nused)
				continue;
			at = ash_bitmap_find_run(block->used, ASH_HUGE_GRANULES, granules,
						 align);
			if (at == ASH_HUGE_GRANULES)
				continue; /* long enough, but not so aligned */
			best = block;
			*first = at;
		}
		if (best != NULL)
			return best;
	}
	return NULL;
}
