#include "test/support/unit.h"

#include <string.h>

#include "os/mutex.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/large.h"
#include "page/run.h"
#include "reclaim/purge.h"
#include "reclaim/tails.h"
#include "test/support/layers.h"
#include "test/support/race.h"
#include "test/support/resident.h"

/* Memory beyond a large allocation's size, which lay there from before, goes after a second. */
static void tails_go_back(void **state)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, 3, 1, ASH_RUN_LARGE, NULL);
	char *at = ash_run_address(run);
	size_t used = 2 * ASH_GRANULE + ash_os_page, all = 3 * ASH_GRANULE;

	(void)state;
	if (ash_os_page >= ASH_GRANULE)
		skip();
	memset(at, 1, all);
	ash_run_free(&ash_heap, run);
	assert_ptr_equal(ash_run_alloc(&ash_heap, 3, 1, ASH_RUN_LARGE, NULL), run);
	run->size = (uint32_t)used;
	memset(at, 2, used);
	assert_true(ash_tails_step(&ash_heap, 50, UINT64_MAX));
	assert_true(ash_tails_step(&ash_heap, 59, UINT64_MAX));
	assert_int_equal(resident(at, all), all / ash_os_page);
	assert_false(ash_tails_step(&ash_heap, 60, UINT64_MAX));
	assert_int_equal(resident(at, all), used / ash_os_page);
	assert_int_equal(at[used - 1], 2);
	/* Shrunk in place. */
	assert_true(ash_run_resize(&ash_heap, run, 3));
	run->size = (uint32_t)(used - ash_os_page);
	assert_true(ash_tails_step(&ash_heap, 70, UINT64_MAX));
	assert_false(ash_tails_step(&ash_heap, 80, UINT64_MAX));
	assert_int_equal(resident(at, all), used / ash_os_page - 1);
	/* Freed while the kernel works on it: nobody gets it before. */
	assert_true(ash_run_resize(&ash_heap, run, 3));
	ash_mutex_lock(&ash_heap.pages.lock);
	assert_ptr_equal(ash_run_tail_begin(ash_run_block(run)), run);
	ash_mutex_unlock(&ash_heap.pages.lock);
	assert_false(ash_run_resize(&ash_heap, run, 2));
	assert_true(ash_run_free_large(&ash_heap, run));
	assert_false(ash_run_free_large(&ash_heap, run));
	assert_int_equal(ash_account_in_use(&ash_heap), 3);
	ash_mutex_lock(&ash_heap.pages.lock);
	ash_run_tail_end(&ash_heap, run);
	ash_mutex_unlock(&ash_heap.pages.lock);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
	/* A run that is gone before its second has passed needs nothing. */
	assert_false(ash_tails_step(&ash_heap, 200, UINT64_MAX) &&
		     ash_tails_step(&ash_heap, 300, UINT64_MAX));
	ash_purge_all(&ash_heap);
}

/* Number 0 purges tails, the others make and change what has them: what they write behind the
 * old end of a run is not taken for its tail. */
static uint32_t changing;

static void *change_tails(void *number)
{
	size_t small = 2 * ASH_GRANULE + ash_os_page, large = 3 * ASH_GRANULE;

	if (number == 0) {
		for (uint32_t epoch = 1000; ash_load_relaxed(&changing) != 0; epoch += 20)
			ash_tails_step(&ash_heap, epoch, UINT64_MAX);
		return NULL;
	}
	for (unsigned round = 0; round < 10000; round++) {
		char *p = ash_large_alloc(&ash_heap, large, 0, NULL),
		     mine = (char)(uintptr_t)number;

		p[large - 1] = mine;
		ash_delay();
		race_check(p[large - 1] == mine);
		for (unsigned i = 0; i < 2; i++) {
			if (!ash_large_resize_run(&ash_heap, ash_run_of(p), small) ||
			    !ash_large_resize_run(&ash_heap, ash_run_of(p), large))
				break; /* the tail is just being purged */
			p[large - 1] = mine;
			ash_delay();
			race_check(p[large - 1] == mine);
		}
		ash_large_free_run(&ash_heap, ash_run_of(p));
	}
	ash_sub_relaxed(&changing, 1);
	return NULL;
}

static void tails_of_runs_that_change(void **state)
{
	(void)state;
	if (ash_os_page >= ASH_GRANULE)
		skip();
	changing = 3;
	race(4, change_tails);
	assert_int_equal(race_wrong, 0);
	ash_purge_all(&ash_heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails_go_back),
		cmocka_unit_test(tails_of_runs_that_change),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
