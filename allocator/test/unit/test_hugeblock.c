/* Many threads that find the heap full at the same moment. */
#include "test/support/unit.h"

#include "page/block.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/run.h"
#include "test/support/layers.h"
#include "test/support/race.h"

#define ROUNDS 50u

static pthread_barrier_t barrier;
static struct ash_run *run[RACE_MOST];

static void *want_one_granule(void *number)
{
	pthread_barrier_wait(&barrier);
	run[(uintptr_t)number] = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
	return NULL;
}

static void one_of_many_grows_the_heap(void **state)
{
	(void)state;
	assert_int_equal(pthread_barrier_init(&barrier, NULL, RACE_MOST), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		race(RACE_MOST, want_one_granule);
		assert_int_equal(ash_hugeblock_mapped(&ash_heap), ASH_HUGE);
		for (unsigned i = 0; i < RACE_MOST; i++) {
			assert_non_null(run[i]);
			ash_run_free(&ash_heap, run[i]);
		}
		ash_block_release_empty(&ash_heap, false);
		assert_int_equal(ash_hugeblock_mapped(&ash_heap), 0);
	}
	pthread_barrier_destroy(&barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_many_grows_the_heap),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
