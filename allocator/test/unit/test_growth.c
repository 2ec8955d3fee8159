#include "test/support/unit.h"

#include "page/block.h"
#include "page/growth.h"
#include "page/heap.h"
#include "page/mapping.h"
#include "page/run.h"
#include "test/support/give_mapping.h"
#include "test/support/layers.h"

static unsigned growths, touches;

static bool count_growth(struct ash_heap *heap, size_t bytes)
{
	assert_ptr_equal(heap, &ash_heap);
	assert_true(bytes == 0 || bytes >= 2 * ASH_GROWTH_STEP);
	growths += bytes != 0;
	touches += bytes == 0;
	return false;
}

static bool count_and_go_on(struct ash_heap *heap, size_t bytes)
{
	count_growth(heap, bytes);
	return true;
}

/* So many calls come of the first that so many blocks bring. */
static unsigned told(bool (*hook)(struct ash_heap *heap, size_t bytes), struct ash_run *run[],
		     unsigned blocks)
{
	growths = touches = 0;
	ash_growth_hook = hook;
	for (unsigned i = 0; i < blocks; i++)
		run[i] =
			ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES / 4, 1, ASH_RUN_LARGE, NULL);
	ash_growth_hook = NULL;
	return growths;
}

/* Whoever has more to do than a call may take is told again after a quarter of a step. */
static void what_was_cut_short_goes_on(void **state)
{
	enum { RUNS = 400 }; /* of half a MiB, a step at most of so small a heap */
	static struct ash_run *run[2][RUNS];
	unsigned steps, parts;

	(void)state;
	run[0][0] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	ash_run_free(&ash_heap, run[0][0]);
	steps = told(count_growth, run[0], RUNS);
	parts = told(count_and_go_on, run[1], RUNS);
	/* (The heap grows from 200 to 400 MiB meanwhile, and so do its steps, to 6 MiB.) */
	assert_in_range(steps, 40, RUNS);
	assert_true(parts > 80);
	for (unsigned i = 0; i < 2 * RUNS; i++)
		ash_run_free(&ash_heap, run[i / RUNS][i % RUNS]);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	ash_heap.growth = (struct ash_growth){0};
	growths = touches = 0;
}

/* Whoever could give memory back hears of it when the peak rises, and only then. */
static void growth_by_runs_is_told(void **state)
{
	static struct ash_run *run[200];
	unsigned peak;

	(void)state;
	ash_growth_hook = count_growth;
	for (unsigned i = 0; i < 200; i++)
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	peak = growths;
	assert_true(peak >= 10 && peak <= 400);
	for (unsigned i = 0; i < 200; i++)
		ash_run_free(&ash_heap, run[i]);
	touches = 0;
	for (unsigned i = 0; i < 200; i++) /* the same memory again */
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	assert_int_equal(touches, 0);
	for (unsigned i = 0; i < 200; i++)
		ash_run_free(&ash_heap, run[i]);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	for (unsigned i = 0; i < 199; i++)
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	assert_true(growths <= peak + 1);
	/* What is fresh is told of below the peak, too, by half a MiB and by the 64th. */
	assert_true(touches >= 20 && touches <= 400);
	ash_growth_hook = NULL;
	for (unsigned i = 0; i < 199; i++)
		ash_run_free(&ash_heap, run[i]);
}

/* The same of mappings, which are counted with the runs; what the cache gives is not fresh. */
static void growth_by_mappings_is_told(void **state)
{
	size_t size = (size_t)24 << 20;
	struct ash_far entry;
	void *p;

	(void)state;
	ash_growth_hook = count_growth;
	p = ash_mapping_alloc(&ash_heap, size, 16, false);
	assert_int_equal(growths, 1);
	for (unsigned i = 0; i < 10; i++) {
		give_mapping(p);
		p = ash_mapping_alloc(&ash_heap, size, 16, false);
	}
	assert_int_equal(growths, 1);
	assert_int_equal(touches, 0);
	assert_true(ash_far_detach(p, &entry));
	p = ash_mapping_resize(&ash_heap, &entry, size + size / 4);
	assert_non_null(p);
	assert_int_equal(growths, 2);
	/* Zeroed memory is touched anew, below the peak. */
	give_mapping(p);
	p = ash_mapping_alloc(&ash_heap, size, 16, true);
	assert_int_equal(growths, 2);
	assert_int_equal(touches, 1);
	ash_growth_hook = NULL;
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	growths = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_cut_short_goes_on),
		cmocka_unit_test(growth_by_mappings_is_told),
		cmocka_unit_test(growth_by_runs_is_told),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
