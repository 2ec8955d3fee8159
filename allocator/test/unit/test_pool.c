/* Hugeblocks of the hugetlb pool, staged: the machine that tests this has none. */
#include "test/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "os/thp.h"
#include "page/account.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/run.h"
#include "reclaim/pool.h"
#include "reclaim/purge.h"
#include "reclaim/tails.h"
#include "slab/bin.h"
#include "slab/slab.h"
#include "test/support/layers.h"

#define WHOLE ASH_HUGE_GRANULES

static size_t there;   /* pages left in the pool */
static unsigned asked; /* how often it was */
static int answer;     /* errno where it has not so many */
static uint32_t epoch = 1000;

static bool staged(void *address, size_t size)
{
	asked++;
	if (there < size / ASH_HUGE) {
		errno = answer;
		return false;
	}
	there -= size / ASH_HUGE;
	return ash_os_map_at(address, size);
}

static void stage(size_t pages)
{
	there = pages;
	asked = 0;
	answer = ENOMEM;
	ash_os_pool_hook = staged;
	ash_hugeblock_use_pool(&ash_heap, true);
}

static struct ash_run *take(unsigned granules)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, granules, 1, ASH_RUN_LARGE, NULL);

	assert_non_null(run);
	return run;
}

static struct ash_hugeblock *block_of(const struct ash_run *run)
{
	return ash_run_block(run);
}

/* All that is free goes, whatever its age; nothing is left. */
static void empty_heap(void)
{
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), 0);
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 0);
	assert_int_equal(ash_account_in_use(&ash_heap) + ash_account_dirty(&ash_heap) +
				 ash_account_muzzy(&ash_heap) + ash_account_kept(&ash_heap),
			 0);
}

/* As many blocks as the pool has pages, and ordinary ones beyond, counted. */
static void ordinary_blocks_beyond(void **state)
{
	uint64_t refused = ash_hugeblock_pool_refused(&ash_heap);
	struct ash_run *run[20];

	(void)state;
	stage(6);
	for (unsigned i = 0; i < 20; i++)
		run[i] = take(WHOLE);
	assert_int_equal(there, 0);
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 6 * ASH_HUGE);
	assert_true(ash_hugeblock_pool_refused(&ash_heap) > refused);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(block_of(run[i])->keep, i < 6 ? ASH_KEEP_POOL : 0);
	for (unsigned i = 0; i < 20; i++)
		ash_run_free(&ash_heap, run[i]);
	assert_int_equal(ash_account_kept(&ash_heap), 6 * WHOLE);
	assert_int_equal(ash_account_dirty(&ash_heap), 14 * WHOLE);
	empty_heap();
}

/* A kernel without such a pool is asked once; a place that is taken is no refusal of the
 * pool's. */
static void no_pool(void **state)
{
	uint64_t refused = ash_hugeblock_pool_refused(&ash_heap);
	struct ash_run *a, *b;
	uint32_t next;
	void *foreign;

	(void)state;
	stage(0);
	answer = EINVAL;
	a = take(WHOLE);
	b = take(WHOLE);
	assert_int_equal(asked, 1);
	assert_int_equal(ash_hugeblock_pool_refused(&ash_heap), refused + 1);
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 0);
	next = (uint32_t)(((a->address > b->address ? a->address : b->address) -
			   ash_window.base) >>
			  ASH_HUGE_SHIFT) +
	       1;
	/* Where no block was yet. */
	while (next < ash_window.nblocks && ash_window.blocks[next] != NULL)
		next++;
	foreign = (char *)ash_window.base + (size_t)next * ASH_HUGE;
	assert_true(ash_os_map_at(foreign, ASH_HUGE));
	stage(0);
	answer = EEXIST;
	while (ash_window.blocks[next + 1] == NULL)
		take(WHOLE);
	assert_int_equal(ash_hugeblock_pool_refused(&ash_heap), refused + 1);
	assert_null(ash_window.blocks[next]);
	ash_os_unmap(foreign, ASH_HUGE);
	for (uint32_t i = 0; i <= next + 1; i++)
		if (ash_window.blocks[i] != NULL && ash_window.blocks[i]->nused != 0)
			ash_run_free(&ash_heap, &ash_window.blocks[i]->run[0]);
	empty_heap();
}

static bool no_advice(enum ash_os_call call)
{
	if (call == ASH_OS_MADVISE)
		fail_msg("part of a page of the pool was purged");
	return false;
}

/* Nothing of a block that is in use is given back, and nothing of it counts as zero. */
static void parts_stay(void **state)
{
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_run *run, *rest;
	struct ash_bin bin;
	void *object[64];
	uint64_t holes;
	bool zeroed;

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	stage(1);
	run = take(100);
	memset(ash_run_address(run), 7, 100 * ASH_GRANULE);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	assert_int_equal(ash_bin_fill(&bin, class, 0, object + n, n), n);
	assert_ptr_equal(block_of(ash_run_of(object[0])), block_of(run));
	ash_store_relaxed(&ash_os_fault_hook, no_advice);
	assert_true(ash_run_resize(&ash_heap, run, 10));
	assert_int_equal(ash_account_kept(&ash_heap), 90);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	ash_purge_all(&ash_heap);
	ash_purge_step(&ash_heap, ash_os_clock_ns() + (uint64_t)60 * 1000000000u, UINT64_MAX);
	ash_tails_step(&ash_heap, epoch, UINT64_MAX);
	ash_tails_step(&ash_heap, epoch + 100, UINT64_MAX);
	assert_true(ash_bin_flush(&bin, class, object + 1, n - 1, false));
	assert_null(layers_detach(&bin, ash_slab_epoch + 1000, &holes));
	ash_pool_step(&ash_heap, epoch, 100);
	ash_pool_step(&ash_heap, epoch + 1000, 100);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	epoch += 2000;
	assert_int_equal(ash_hugeblock_pool(&ash_heap), ASH_HUGE);
	assert_int_equal(ash_run_address(run)[90 * ASH_GRANULE], 7);
	rest = ash_run_alloc(&ash_heap, 60, 1, ASH_RUN_LARGE, &zeroed);
	assert_ptr_equal(block_of(rest), block_of(run));
	assert_false(zeroed);
	ash_run_free(&ash_heap, rest);
	ash_run_free(&ash_heap, run);
	assert_true(ash_bin_flush(&bin, class, object, 1, false)); /* the bin keeps its slab */
}

/* A block that was free for two seconds is the pool's again, whole; one that was taken
 * meanwhile begins anew. */
static void free_blocks_go_back(void **state)
{
	struct ash_run *run[3];
	bool zeroed;

	(void)state;
	stage(3);
	for (unsigned i = 0; i < 3; i++) {
		run[i] = take(WHOLE);
		memset(ash_run_address(run[i]), 7, ASH_HUGE);
	}
	assert_false(ash_pool_step(&ash_heap, epoch, 100));
	ash_run_free(&ash_heap, run[0]);
	ash_run_free(&ash_heap, run[1]);
	assert_true(ash_pool_step(&ash_heap, epoch, 100));
	epoch += 19;
	assert_true(ash_pool_step(&ash_heap, epoch, 100));
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 3 * ASH_HUGE);
	run[1] = take(WHOLE);
	epoch += 1;
	assert_false(ash_pool_step(&ash_heap, epoch, 100));
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 2 * ASH_HUGE);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), 2 * ASH_HUGE);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	/* Its place is had again: of the pool where it has one, else ordinary, and zero. */
	there = 0;
	run[0] = ash_run_alloc(&ash_heap, WHOLE, 1, ASH_RUN_LARGE, &zeroed);
	assert_non_null(run[0]);
	assert_true(zeroed);
	assert_int_equal(block_of(run[0])->keep, 0);
	assert_int_equal(ash_run_address(run[0])[ASH_HUGE - 1], 0);
	ash_run_free(&ash_heap, run[0]);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	there = 1;
	run[0] = take(WHOLE);
	assert_int_equal(block_of(run[0])->keep, ASH_KEEP_POOL);
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 3 * ASH_HUGE);
	for (unsigned i = 0; i < 3; i++)
		ash_run_free(&ash_heap, run[i]);
	/* Or never, by option. */
	ash_pool_set_decay_ms(&ash_heap, -1);
	assert_false(ash_pool_step(&ash_heap, epoch, 100));
	assert_false(ash_pool_step(&ash_heap, epoch + 10000, 100));
	assert_int_equal(ash_hugeblock_pool(&ash_heap), 3 * ASH_HUGE);
	/* At once. */
	ash_pool_set_decay_ms(&ash_heap, 0);
	assert_true(ash_pool_step(&ash_heap, epoch, 2));
	assert_int_equal(ash_hugeblock_pool(&ash_heap), ASH_HUGE);
	assert_false(ash_pool_step(&ash_heap, epoch, 2));
	ash_pool_set_decay_ms(&ash_heap, 2000);
	empty_heap();
}

static bool refuse_unmap(enum ash_os_call call)
{
	errno = ENOMEM;
	return call == ASH_OS_MUNMAP;
}

/* Where the kernel does not unmap, nothing is lost and it is tried again. */
static void refused_unmap(void **state)
{
	struct ash_run *run;
	bool zeroed;

	(void)state;
	stage(1);
	run = take(WHOLE);
	memset(ash_run_address(run), 7, ASH_HUGE);
	ash_run_free(&ash_heap, run);
	ash_pool_step(&ash_heap, epoch, 100);
	epoch += 20;
	ash_store_relaxed(&ash_os_fault_hook, refuse_unmap);
	assert_true(ash_pool_step(&ash_heap, epoch, 100));
	assert_int_equal(ash_block_release_empty(&ash_heap, SIZE_MAX), 0);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_hugeblock_pool(&ash_heap), ASH_HUGE);
	assert_int_equal(ash_account_kept(&ash_heap), WHOLE);
	run = ash_run_alloc(&ash_heap, WHOLE, 1, ASH_RUN_LARGE, &zeroed);
	assert_false(zeroed);
	assert_int_equal(block_of(run)->keep, ASH_KEEP_POOL);
	ash_run_free(&ash_heap, run);
	ash_pool_step(&ash_heap, epoch, 100);
	epoch += 20;
	assert_false(ash_pool_step(&ash_heap, epoch, 100));
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), 0);
	empty_heap();
}

static int down(void **state)
{
	(void)state;
	ash_os_pool_hook = NULL;
	ash_hugeblock_use_pool(&ash_heap, false);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_blocks_beyond),
		cmocka_unit_test(no_pool),
		cmocka_unit_test(free_blocks_go_back),
		cmocka_unit_test(refused_unmap),
		cmocka_unit_test(parts_stay), /* last: a slab stays */
	};

	return cmocka_run_group_tests(tests, layers_up, down);
}
