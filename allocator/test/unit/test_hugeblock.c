/* Where hugeblocks go: many threads that find the heap full at the same moment, and places that
 * somebody else has taken, what they cost and that they are found again. */
#include "test/support/unit.h"

#include <errno.h>
#include <stdbool.h>

#include "meta/annex.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/run.h"
#include "test/support/addresses.h"
#include "test/support/layers.h"
#include "test/support/race.h"

#define ROUNDS 50u
#define MOST 2000
#define CALLS_MOST 50 /* to the kernel, in one growth */

static pthread_barrier_t barrier;
static struct ash_run *run[MOST];
static unsigned runs;

static unsigned calls, most_calls;

static bool count_call(enum ash_os_call call)
{
	calls += call == ASH_OS_MMAP || call == ASH_OS_MUNMAP || call == ASH_OS_MPROTECT;
	return false;
}

/* `n` blocks, by runs that fill one each. */
static void take(unsigned n)
{
	ash_store_relaxed(&ash_os_fault_hook, count_call);
	for (; n > 0; n--) {
		calls = 0;
		assert_true(runs < MOST);
		run[runs] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
		assert_non_null(run[runs]);
		*ash_run_address(run[runs]) = 1;
		if (calls > most_calls)
			most_calls = calls;
		runs++;
	}
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

/* All blocks, and all that others took. */
static void give_all(void)
{
	while (runs > 0)
		ash_run_free(&ash_heap, run[--runs]);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), 0);
	addresses_give(1);
	most_calls = 0;
}

static unsigned count_in_window(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < runs; i++)
		n += ash_window_holds(ash_run_address(run[i]));
	return n;
}

static void take_window(void)
{
	size_t length = ash_window.length;

	assert_true(addresses_take(ash_window.base, ash_window.base + length) > 0);
}

/* From here on the first block is whole, as it is when the heap has outgrown half of it
 * (test_first_block.c has the time before). */
static int up(void **state)
{
	int result = layers_up(state);

	if (result == 0) {
		take(1);
		give_all();
	}
	return result;
}

static void *want_one_granule(void *number)
{
	pthread_barrier_wait(&barrier);
	run[(uintptr_t)number] = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
	return NULL;
}

static void race_to_grow(void)
{
	race(RACE_MOST, want_one_granule);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), ASH_HUGE);
	for (unsigned i = 0; i < RACE_MOST; i++) {
		assert_non_null(run[i]);
		ash_run_free(&ash_heap, run[i]);
	}
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), 0);
}

static void one_of_many_grows_the_heap(void **state)
{
	(void)state;
	assert_int_equal(pthread_barrier_init(&barrier, NULL, RACE_MOST), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* (Other rounds than the first find the place of the only block taken.) */
		if (round == ROUNDS / 2)
			take_window();
		race_to_grow();
	}
	addresses_give(1);
	pthread_barrier_destroy(&barrier);
}

/* A window that is somebody else's as a whole: blocks lie elsewhere, and are found there. */
static void whole_window_is_taken(void **state)
{
	char *p;

	(void)state;
	take_window();
	take(100);
	assert_int_equal(count_in_window(), 0);
	assert_in_range(most_calls, 1, CALLS_MOST);
	for (unsigned i = 0; i < runs; i++) {
		p = ash_run_address(run[i]);
		assert_ptr_equal(ash_run_of(p), run[i]);
		assert_ptr_equal(ash_run_of(p + ASH_HUGE - 1), run[i]);
		assert_ptr_equal(ash_block_at(p + ASH_GRANULE), ash_run_block(run[i]));
		/* The map of free's fast path does not reach there. */
		assert_true(ash_window_unit(p) >= ash_window_limit);
	}
	assert_null(ash_run_of((void *)((uintptr_t)1 << 48)));
	assert_null(ash_run_of((void *)UINTPTR_MAX));
	give_all();
}

/* When it comes free the heap comes back: after how many more blocks depends on where the
 * search was, but not after many. */
static void window_comes_free(void **state)
{
	(void)state;
	take_window();
	take(100);
	addresses_give(1);
	take(100);
	assert_true(count_in_window() > 0);
	assert_in_range(most_calls, 1, CALLS_MOST);
	give_all();
}

/* A quarter of it, somewhere. */
static void part_of_window_comes_free(void **state)
{
	size_t quarter = ash_window.length / 4;
	unsigned before;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		take_window();
		take(20);
		before = count_in_window();
		munmap((void *)(ash_window.base + i * quarter), quarter);
		for (unsigned tries = 0; tries < 100 && count_in_window() == before; tries++)
			take(1);
		assert_true(count_in_window() > before);
		assert_in_range(most_calls, 1, CALLS_MOST);
		munmap((void *)ash_window.base, ash_window.length);
		for (unsigned n = 0; n < runs; n++) /* what that unmapped of ours */
			if (ash_window_holds(ash_run_address(run[n])))
				assert_true(ash_os_map_at(ash_run_address(run[n]), ASH_HUGE));
		give_all();
	}
}

/* Long rows of taken places are got across, and every other place that is free serves. */
static void rows_and_stripes(void **state)
{
	uintptr_t end = ash_window.base + ash_window.length;

	(void)state;
	addresses_take(ash_window.base, end - ash_window.length / 8);
	take(300);
	assert_true(count_in_window() > 0);
	assert_in_range(most_calls, 1, CALLS_MOST);
	give_all();
	for (uintptr_t at = ash_window.base; at < end; at += 2 * ASH_HUGE)
		addresses_map(at, ASH_HUGE);
	take(300);
	assert_true(count_in_window() > 100);
	assert_in_range(most_calls, 1, CALLS_MOST);
	give_all();
}

/* Places of blocks that were released are somebody else's when the heap grows again: their
 * descriptors serve for other places, and what is looked up at the old ones is free. */
static void released_places_are_taken(void **state)
{
	uint32_t made;
	char *old = NULL;

	(void)state;
	take(500);
	made = ash_heap.growing.made;
	for (unsigned i = 0; i < runs; i++)
		if (ash_window_holds(ash_run_address(run[i])))
			old = ash_run_address(run[i]);
	assert_non_null(old);
	give_all();
	take_window();
	take(400);
	assert_int_equal(count_in_window(), 0);
	assert_in_range(most_calls, 1, CALLS_MOST);
	assert_int_equal(ash_heap.growing.made, made);
	assert_non_null(ash_run_of(old));
	assert_int_equal(ash_run_of(old)->state, ASH_RUN_FREE);
	give_all();
	take(400);
	assert_int_equal(ash_heap.growing.made, made);
	give_all();
}

/* More blocks than the window has. */
static void heap_outgrows_the_window(void **state)
{
	uintptr_t end = ash_window.base + ash_window.length;

	(void)state;
	addresses_take(ash_window.base + ash_window.length / 64, end);
	take(1000);
	assert_true(count_in_window() > 0 && count_in_window() < 1000);
	assert_in_range(most_calls, 1, CALLS_MOST);
	give_all();
}

static bool kernel_has_none;

static bool count_and_refuse(enum ash_os_call call)
{
	count_call(call);
	if (call != ASH_OS_MMAP || !kernel_has_none)
		return false;
	errno = ENOMEM;
	return true;
}

static struct ash_run *ask_for_block(void)
{
	return ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
}

/* What was refused once is asked for by one call each time, wherever the last block came from,
 * and had by the first request when the kernel has some. */
static void refusals(void)
{
	struct ash_run *had;

	ash_store_relaxed(&ash_os_fault_hook, count_and_refuse);
	kernel_has_none = true;
	assert_null(ask_for_block());
	calls = 0;
	for (unsigned i = 0; i < 5000; i++)
		assert_null(ask_for_block());
	assert_in_range(calls, 5000, 5050);
	kernel_has_none = false;
	calls = 0;
	had = ask_for_block();
	assert_non_null(had);
	assert_in_range(calls, 1, CALLS_MOST);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	run[runs++] = had;
	take(20);
}

static void refusals_take_one_call(void **state)
{
	(void)state;
	refusals(); /* before there is any */
	take(100);
	refusals(); /* in the window */
	give_all();
	refusals(); /* where a block was released */
	give_all();
	take_window();
	take(50);
	assert_int_equal(count_in_window(), 0);
	refusals(); /* elsewhere */
	give_all();
	take(50);
	refusals(); /* where it may be either */
	give_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_many_grows_the_heap),
		cmocka_unit_test(whole_window_is_taken),
		cmocka_unit_test(window_comes_free),
		cmocka_unit_test(part_of_window_comes_free),
		cmocka_unit_test(rows_and_stripes),
		cmocka_unit_test(released_places_are_taken),
		cmocka_unit_test(heap_outgrows_the_window),
		cmocka_unit_test(refusals_take_one_call),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
