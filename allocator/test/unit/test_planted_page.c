/* One field of a structure is made wrong, in a process of its own, and the next change of the
 * structure is its end: the predicate that debug builds ask sees it.  The list of what is
 * planted stands in ../README.md. */
#include "test/support/planted.h"

#include "page/hugeblock.h"
#include "page/mapping.h"
#include "page/mapping_tail.h"
#include "page/run.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "test/support/give_mapping.h"
#include "test/support/layers.h"
#include "util/bitmap.h"

#define MIB ((size_t)1 << 20)

static struct ash_run *run; /* of 10 granules, in the one block there is, half of it mapped */

static int with_a_run(void **state)
{
	if (layers_up(state) != 0)
		return -1;
	run = ash_run_alloc(&ash_heap, 10, 1, ASH_RUN_LARGE, NULL);
	return run != NULL ? 0 : -1;
}

static void grow_run(void)
{
	ash_run_resize(&ash_heap, run, 12);
}

static void count_twice(void)
{
	ash_heap.account.in_use += ash_hugeblock_mapped(&ash_heap) >> ASH_GRANULE_SHIFT;
}

static void account(void **state)
{
	(void)state;
	planted_expect(count_twice, grow_run, "ash_account_is_valid");
}

static void raise_low(void)
{
	ash_heap.account.dirty_low = ash_heap.account.dirty + 100;
}

static void shrink_run(void)
{
	ash_run_resize(&ash_heap, run, 9);
}

static void account_of_what_was_least(void **state)
{
	(void)state;
	planted_expect(raise_low, shrink_run, "ash_account_is_valid");
}

static void mark_empty_list(void)
{
	ash_bitmap_set(ash_heap.pages.packing.filled, 1);
}

static void packing(void **state)
{
	(void)state;
	planted_expect(mark_empty_list, grow_run, "ash_packing_is_valid");
}

static void miscount_block(void)
{
	ash_run_block(run)->nused++;
}

static void block(void **state)
{
	(void)state;
	planted_expect(miscount_block, grow_run, "ash_block_is_valid");
}

/* A granule in use counts as one that the kernel may take. */
static void leave_used_granule(void)
{
	ash_bitmap_set(ash_run_block(run)->muzzy, run->index);
}

static void block_of_muzzy_granules(void **state)
{
	(void)state;
	planted_expect(leave_used_granule, grow_run, "ash_block_is_valid");
}

static void miss_less(void)
{
	ash_run_block(run)->missing--;
}

static void block_of_missing_granules(void **state)
{
	(void)state;
	planted_expect(miss_less, grow_run, "ash_block_is_valid");
}

static void invent_pool(void)
{
	ash_heap.growing.of_pool = ash_heap.growing.mapped + 2;
}

static void grow_heap(void)
{
	ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
}

static void growing(void **state)
{
	(void)state;
	planted_expect(invent_pool, grow_heap, "ash_hugeblock_is_valid");
}

static void miss_more(void)
{
	ash_heap.growing.missing++;
}

static void growing_of_missing(void **state)
{
	(void)state;
	planted_expect(miss_more, grow_heap, "ash_hugeblock_is_valid");
}

static void lose_place(void)
{
	ash_block_set(ash_run_block(run)->address, &ash_block_elsewhere);
}

static void growing_of_places(void **state)
{
	(void)state;
	planted_expect(lose_place, grow_heap, "ash_hugeblock_places_are_valid");
}

static void miscount_cache(void)
{
	ash_heap.account.cached += ash_os_page;
}

static void use_cache(void)
{
	give_mapping(ash_mapping_alloc(&ash_heap, 2 * MIB, 16, false));
}

static void mapping_cache(void **state)
{
	(void)state;
	planted_expect(miscount_cache, use_cache, "ash_mapping_cache_is_valid");
}

static void note_twice(void)
{
	ash_heap.mappings.tail[3].address = ash_heap.mappings.tail[7].address = 64 * MIB;
	ash_heap.mappings.have_tails = true;
}

static void note_end(void)
{
	ash_mapping_tail_note(&ash_heap, 128 * MIB);
}

static void mapping_ends(void **state)
{
	(void)state;
	planted_expect(note_twice, note_end, "ash_mapping_tail_is_valid");
}

static void begin_window_late(void)
{
	ash_heap.purge.dirty.window_ns = ash_heap.purge.dirty.last_ns + 1;
}

static void account_of_time(void)
{
	ash_purge_worked(&ash_heap, 1);
}

static void decay(void **state)
{
	(void)state;
	planted_expect(begin_window_late, account_of_time, "ash_decay_is_valid");
}

static void forget_advised(void)
{
	ash_heap.hugify.advised = 1; /* whose block is NULL */
}

/* (The advice is not withdrawn of a block that the entry does not call huge.) */
static void look_for_dense(void)
{
	ash_heap.advice.allowed = true;
	ash_hugify_step(&ash_heap, 10, 1);
}

static void hugify(void **state)
{
	(void)state;
	planted_expect(forget_advised, look_for_dense, "ash_hugify_is_valid");
}

static void skip_for_ever(void)
{
	ash_heap.huge_growth.skip = UINT32_MAX;
}

static void begin_block(void)
{
	ash_heap.advice.allowed = true;
	ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
}

static void huge_growth(void **state)
{
	(void)state;
	planted_expect(skip_for_ever, begin_block, "ash_huge_growth_is_valid");
}

/* Walks of all blocks: in the builds that have them. */
static void lose_granule(void)
{
	ash_heap.account.in_use--;
}

static void purge_all(void)
{
	ash_run_free(&ash_heap, ash_run_alloc(&ash_heap, 5, 1, ASH_RUN_SLAB, NULL));
	ash_purge_all(&ash_heap);
}

static void sum_over_blocks(void **state)
{
	(void)state;
	planted_expect(lose_granule, purge_all, "ash_account_is_sum");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANTED(2, account),
		PLANTED(2, account_of_what_was_least),
		PLANTED(2, packing),
		PLANTED(2, block),
		PLANTED(2, block_of_missing_granules),
		PLANTED(2, block_of_muzzy_granules),
		PLANTED(2, growing),
		PLANTED(2, growing_of_missing),
		PLANTED(3, growing_of_places),
		PLANTED(2, mapping_cache),
		PLANTED(2, mapping_ends),
		PLANTED(2, decay),
		PLANTED(2, hugify),
		PLANTED(2, huge_growth),
		PLANTED(3, sum_over_blocks),
	};

	return planted_run(tests, sizeof(tests) / sizeof(tests[0]), with_a_run);
}
