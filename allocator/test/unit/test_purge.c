#include "test/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/mutex.h"
#include "page/account.h"
#include "page/dirty.h"
#include "page/heap.h"
#include "page/run.h"
#include "reclaim/drain.h"
#include "reclaim/purge.h"
#include "slab/bin.h"
#include "slab/shard.h"
#include "test/support/layers.h"
#include "test/support/resident.h"

/* As on a kernel with pages of 64 KiB: granules go back only with all others of their page. */
static void pages_larger_than_granules(void **state)
{
	size_t page = ash_os_page;
	unsigned shift = ash_os_page_shift;
	struct ash_run *run[16], *whole;

	(void)state;
	ash_os_page = (size_t)64 << 10;
	ash_os_page_shift = 16;
	ash_purge_all(&ash_heap);
	whole = ash_run_alloc(&ash_heap, 16, 16, ASH_RUN_LARGE, NULL);
	assert_true(ash_run_resize(&ash_heap, whole, 4));
	for (unsigned i = 4; i < 16; i++) {
		run[i] = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), (int)i, ASH_GRANULE);
	}
	/* Of the second and third page two granules each, of the fourth all. */
	for (unsigned i = 4; i < 16; i++)
		if (i >= 12 || i % 4 < 2)
			ash_run_free(&ash_heap, run[i]);
	size_t before = ash_account_dirty(&ash_heap);
	struct ash_dirty_range range[8];
	unsigned n = ash_dirty_reserve(&ash_heap, false, range, 8, 1000);

	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(range[i].first % 4, 0);
		assert_int_equal(range[i].count % 4, 0);
		range[i].purged = true;
	}
	assert_true(n >= 1);
	ash_dirty_return(&ash_heap, range, n);
	assert_true(ash_account_dirty(&ash_heap) <= before - 4);
	ash_purge_all(&ash_heap); /* ends, though granules are left that cannot go */
	for (unsigned i = 4; i < 12; i++)
		if (i % 4 >= 2) {
			assert_int_equal(ash_run_address(run[i])[ASH_GRANULE - 1], i);
			ash_run_free(&ash_heap, run[i]);
		}
	ash_run_free(&ash_heap, whole);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	ash_os_page = page;
	ash_os_page_shift = shift;
}

static void free_runs_go_back(void **state)
{
	struct ash_run *run[20], *again;
	char *at[20];
	bool zeroed;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		run[i] = ash_run_alloc(&ash_heap, 40, 1, ASH_RUN_LARGE, NULL);
		at[i] = ash_run_address(run[i]);
		memset(at[i], 1, 40 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 20; i += 2)
		ash_run_free(&ash_heap, run[i]);
	assert_int_equal(ash_account_dirty(&ash_heap), 10 * 40);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(resident(at[i], 40 * ASH_GRANULE),
				 i % 2 == 0 ? 0 : 40 * ASH_GRANULE / ash_os_page);
	/* What was purged is known to be zero, and is. */
	again = ash_run_alloc(&ash_heap, 40, 1, ASH_RUN_LARGE, &zeroed);
	assert_true(zeroed);
	for (size_t i = 0; i < 40 * ASH_GRANULE; i++)
		if (ash_run_address(again)[i] != 0)
			fail_msg("byte %zu of a purged run", i);
	ash_run_free(&ash_heap, again);
	for (unsigned i = 1; i < 20; i += 2)
		ash_run_free(&ash_heap, run[i]);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

static bool refuse_madvise(enum ash_os_call call)
{
	errno = EINVAL;
	return call == ASH_OS_MADVISE;
}

/* Locked memory: the kernel refuses; nothing is lost and nothing is believed to be zero. */
static void refused_purge(void **state)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, NULL), *again;
	bool zeroed;

	(void)state;
	memset(ash_run_address(run), 1, 8 * ASH_GRANULE);
	ash_run_free(&ash_heap, run);
	ash_store_relaxed(&ash_os_fault_hook, refuse_madvise);
	ash_purge_all(&ash_heap);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	/* It is kept, and nobody goes on trying. */
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(ash_account_kept(&ash_heap), 8);
	assert_false(ash_purge_wanted(&ash_heap));
	again = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, &zeroed);
	assert_ptr_equal(again, run);
	assert_false(zeroed);
	ash_run_free(&ash_heap, again);
	assert_int_equal(ash_account_kept(&ash_heap), 8);
	ash_dirty_try_refused(&ash_heap);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 8);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
}

static unsigned refusals;

static bool refuse_some(enum ash_os_call call)
{
	if (call != ASH_OS_MADVISE || refusals == 0)
		return false;
	refusals--;
	errno = EINVAL;
	return true;
}

/* Three blocks full of memory, freed. */
static void three_blocks(struct ash_run *run[3])
{
	ash_purge_all(&ash_heap);
	for (unsigned i = 0; i < 3; i++) {
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, ASH_HUGE_GRANULES,
				       ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, ASH_HUGE);
	}
	for (unsigned i = 0; i < 3; i++)
		ash_run_free(&ash_heap, run[i]);
	assert_int_equal(ash_account_dirty(&ash_heap), 3 * ASH_HUGE_GRANULES);
}

static void check_one_waits(void)
{
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(ash_account_kept(&ash_heap), ASH_HUGE_GRANULES);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
}

/* What the kernel refuses of one block does not keep others from going: in a pass over all, in
 * one batch, and where the program locked a page. */
static void one_refused_block(void **state)
{
	struct ash_run *run[3];
	char *page;

	(void)state;
	three_blocks(run);
	ash_store_relaxed(&ash_os_fault_hook, refuse_some);
	refusals = 1;
	assert_int_equal(ash_purge_all(&ash_heap), 2 * ASH_HUGE);
	check_one_waits();
	three_blocks(run);
	refusals = 1;
	assert_int_equal(ash_purge_some(&ash_heap, ASH_HUGE), ASH_HUGE);
	assert_int_equal(ash_purge_up_to(&ash_heap, ASH_HUGE), ASH_HUGE);
	check_one_waits();
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	three_blocks(run);
	page = ash_run_address(run[0]) + 5 * ash_os_page;
	/* (By the system call: the sanitizers' mlock does nothing.) */
	if (syscall(SYS_mlock, page, ash_os_page) != 0)
		skip();
	assert_int_equal(ash_purge_all(&ash_heap), 2 * ASH_HUGE);
	syscall(SYS_munlock, page, ash_os_page);
	check_one_waits();
}

/* Lazily given back: no longer dirty, not known to be zero, and gone for good when asked for.
 */
static void muzzy_runs(void **state)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL), *again,
		       *gap[16];
	char *at = ash_run_address(run);
	struct ash_dirty_range range[4];
	bool zeroed;
	unsigned n, gaps;

	(void)state;
	ash_purge_all(&ash_heap);
	memset(at, 1, 64 * ASH_GRANULE);
	ash_run_free(&ash_heap, run);
	assert_int_equal(ash_account_dirty(&ash_heap), 64);
	n = ash_dirty_reserve(&ash_heap, false, range, 4, 64);
	assert_int_equal(n, 1);
	range[0].lazily = ash_os_purge_lazily(at, (size_t)range[0].count << ASH_GRANULE_SHIFT);
	assert_true(range[0].lazily);
	ash_dirty_return(&ash_heap, range, n);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(ash_account_muzzy(&ash_heap), 64);
	assert_int_equal(ash_dirty_reserve(&ash_heap, false, range, 4, 64), 0);
	/* A part is taken again. */
	for (n = 0; (again = ash_run_alloc(&ash_heap, 16, 1, ASH_RUN_LARGE, &zeroed)) != run;
	     n++) {
		assert_in_range(n, 0, 15); /* shorter gaps that other tests left come first */
		gap[n] = again;
	}
	assert_false(zeroed);
	gaps = n;
	assert_int_equal(ash_account_muzzy(&ash_heap), 48);
	memset(at, 2, 16 * ASH_GRANULE);
	ash_run_free(&ash_heap, again);
	assert_int_equal(ash_account_dirty(&ash_heap), 16);
	n = ash_dirty_reserve(&ash_heap, true, range, 4, 64);
	assert_int_equal(n, 1);
	assert_int_equal(range[0].count, 48);
	ash_dirty_return(&ash_heap, range, n); /* refused: the block is left alone */
	assert_int_equal(ash_account_muzzy(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(ash_account_kept(&ash_heap), 64);
	/* Empty blocks are unmapped with what is muzzy in them; or it is purged. */
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_muzzy(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(resident(at, 64 * ASH_GRANULE), 0);
	again = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, &zeroed);
	assert_true(zeroed);
	ash_run_free(&ash_heap, again);
	while (gaps > 0)
		ash_run_free(&ash_heap, gap[--gaps]);
	ash_purge_all(&ash_heap);
}

/* By time: dirty to muzzy, muzzy to nothing. */
static void muzzy_decays(void **state)
{
	uint64_t now = ash_os_clock_ns();
	size_t most = 0;
	struct ash_run *run[64];

	(void)state;
	ash_purge_set_muzzy_ms(&ash_heap, 4000);
	for (unsigned i = 0; i < 64; i++) {
		run[i] = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, 64 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 64; i++)
		ash_run_free(&ash_heap, run[i]);
	for (unsigned t = 0; t < 40; t++) {
		ash_purge_step(&ash_heap, now += 50000000u, UINT64_MAX);
		most = ash_account_muzzy(&ash_heap) > most ? ash_account_muzzy(&ash_heap)
							   : most;
	}
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <= (size_t)3 << 20);
	assert_true(most << ASH_GRANULE_SHIFT >= (size_t)16 << 20);
	for (unsigned t = 0; t < 200; t++)
		ash_purge_step(&ash_heap, now += 50000000u, UINT64_MAX);
	assert_true(ash_account_muzzy(&ash_heap) << ASH_GRANULE_SHIFT <= (size_t)3 << 20);
	ash_purge_set_muzzy_ms(&ash_heap, 0);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_muzzy(&ash_heap), 0);
}

/* A loop over one buffer keeps that buffer dirty, not the peak of long ago; what is
 * retaken stays. */
static void one_buffer_keeps_itself(void **state)
{
	uint64_t now = ash_os_clock_ns() + (uint64_t)60 * 1000000000u;
	struct ash_run *run[64], *one;
	size_t least = SIZE_MAX;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		run[i] = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, 64 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 64; i++)
		ash_run_free(&ash_heap, run[i]);
	for (unsigned t = 0; t < 60; t++) {
		for (unsigned k = 0; k < 1000; k++) {
			one = ash_run_alloc(&ash_heap, 20, 1, ASH_RUN_LARGE, NULL);
			ash_run_free(&ash_heap, one);
		}
		ash_purge_step(&ash_heap, now += 50000000u, UINT64_MAX);
	}
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <= (size_t)5 << 20);
	for (unsigned t = 0; t < 60; t++) {
		for (unsigned i = 0; i < 64; i++)
			run[i] = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
		for (unsigned i = 0; i < 64; i++)
			ash_run_free(&ash_heap, run[i]);
		ash_purge_step(&ash_heap, now += 50000000u, UINT64_MAX);
		if (t >= 20 && ash_account_dirty(&ash_heap) < least)
			least = ash_account_dirty(&ash_heap);
	}
	assert_true(least >= (size_t)64 * 64);
	ash_purge_all(&ash_heap);
}

/* The clock of the tests below, ahead of those above. */
static uint64_t later(void)
{
	static uint64_t now;

	if (now == 0)
		now = ash_os_clock_ns() + (uint64_t)600 * 1000000000u;
	return now += 50000000u;
}

/* Half of 64 runs freed, after `steps` steps of 50 ms; the granules that are dirty then. */
static size_t dirty_after(unsigned steps, struct ash_run *run[64])
{
	for (unsigned i = 0; i < 64; i++) {
		run[i] = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
		assert_non_null(run[i]);
		memset(ash_run_address(run[i]), 1, 64 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 64; i += 2)
		ash_run_free(&ash_heap, run[i]);
	for (unsigned t = 0; t < steps; t++)
		ash_purge_step(&ash_heap, later(), UINT64_MAX);
	return ash_account_dirty(&ash_heap);
}

static void free_the_rest(struct ash_run *run[64])
{
	for (unsigned i = 1; i < 64; i += 2)
		ash_run_free(&ash_heap, run[i]);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
}

/* A share of what is in use may stay dirty for good, and nothing wakes anybody for it. */
static void a_share_stays(void **state)
{
	struct ash_run *run[64];
	size_t dirty, rest = ash_account_in_use(&ash_heap); /* of the tests above */

	(void)state;
	dirty = dirty_after(200, run);
	assert_true(dirty <= (size_t)3 * 64);
	free_the_rest(run);
	ash_purge_set_dirty_share(&ash_heap, 65536 / 2);
	dirty = dirty_after(200, run);
	assert_in_range(dirty, (32 * 64 + rest) / 2 - 64, (32 * 64 + rest) / 2);
	assert_false(ash_purge_wanted(&ash_heap));
	ash_purge_down(&ash_heap, 0, UINT64_MAX);
	assert_int_equal(ash_account_dirty(&ash_heap), dirty);
	/* It is a share of less now. */
	for (unsigned i = 1; i < 48; i += 2)
		ash_run_free(&ash_heap, run[i]);
	assert_true(ash_purge_wanted(&ash_heap));
	for (unsigned t = 0; t < 200; t++)
		ash_purge_step(&ash_heap, later(), UINT64_MAX);
	assert_in_range(ash_account_dirty(&ash_heap), (8 * 64 + rest) / 2 - 64,
			(8 * 64 + rest) / 2);
	ash_purge_set_dirty_share(&ash_heap, -1);
	for (unsigned i = 49; i < 64; i += 2)
		ash_run_free(&ash_heap, run[i]);
	dirty = ash_account_dirty(&ash_heap);
	for (unsigned t = 0; t < 200; t++)
		ash_purge_step(&ash_heap, later(), UINT64_MAX);
	assert_int_equal(ash_account_dirty(&ash_heap), dirty);
	ash_purge_set_dirty_share(&ash_heap, 0);
	ash_purge_all(&ash_heap);
}

/* After a pass nothing is purged until the interval is over. */
static void passes_keep_their_distance(void **state)
{
	struct ash_run *run[64];
	unsigned t = 0;
	size_t dirty;

	(void)state;
	ash_purge_set_interval_ms(&ash_heap, 20000);
	dirty = dirty_after(0, run);
	while (ash_account_dirty(&ash_heap) == dirty && t++ < 500)
		ash_purge_step(&ash_heap, later(), UINT64_MAX);
	assert_in_range(ash_account_dirty(&ash_heap), 0, 3 * 64);
	free_the_rest(run);
	dirty = dirty_after(399, run);
	assert_in_range(dirty, 32 * 64, SIZE_MAX);
	ash_purge_step(&ash_heap, later(), UINT64_MAX);
	assert_in_range(ash_account_dirty(&ash_heap), 0, 3 * 64);
	ash_purge_set_interval_ms(&ash_heap, 0);
	free_the_rest(run);
}

static size_t held_first; /* at the first call of the kernel */

static bool look_at_held(enum ash_os_call call)
{
	if (call == ASH_OS_MADVISE && held_first == 0)
		held_first = ash_account_held(&ash_heap);
	return false;
}

/* What is being given back counts as held until the kernel has it. */
static void held_until_gone(void **state)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
	size_t before;

	(void)state;
	memset(ash_run_address(run), 7, 64 * ASH_GRANULE);
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
	run = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
	ash_run_free(&ash_heap, run);
	before = ash_account_held(&ash_heap);
	ash_store_relaxed(&ash_os_fault_hook, look_at_held);
	ash_purge_all(&ash_heap);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(held_first, before);
	assert_int_equal(ash_account_held(&ash_heap), before - 64 * ASH_GRANULE);
}

#define DRAINED 64u /* runs of a MiB */

static void take_and_free(unsigned most)
{
	static struct ash_run *run[DRAINED];

	for (unsigned i = 0; i < DRAINED; i++) {
		run[i] = ash_run_alloc(&ash_heap, ASH_RUN_MOST, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, ASH_RUN_MOST * ASH_GRANULE);
	}
	for (unsigned i = 0; i < most; i++)
		ash_run_free(&ash_heap, run[i]);
	for (unsigned i = most; i < DRAINED; i++)
		run[i - most] = run[i];
	for (unsigned i = 0; i < 40; i++)
		ash_drain_step(&ash_heap, ash_os_clock_ns());
	if (most < DRAINED) { /* the rest, of which nobody hears */
		size_t dirty = ash_account_dirty(&ash_heap);

		for (unsigned i = 0; i < DRAINED - most; i++)
			ash_run_free(&ash_heap, run[i]);
		assert_true(dirty >= most * ASH_RUN_MOST);
	}
}

/* What is freed goes at once where it is much beside what there is; but what was missed when it
 * had gone so stays the next time, until that is forgotten. */
static void a_heap_that_drains(void **state)
{
	size_t all = DRAINED * ASH_RUN_MOST;

	(void)state;
	ash_purge_all(&ash_heap);
	clock_advance_ms(60000);
	take_and_free(DRAINED / 8);
	ash_purge_all(&ash_heap);
	clock_advance_ms(60000);
	ash_drain_step(&ash_heap, ash_os_clock_ns());
	clock_advance_ms(60000);
	take_and_free(DRAINED);
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <= (size_t)4 << 20);
	for (unsigned i = 0; i < 4; i++)
		take_and_free(DRAINED);
	assert_true(ash_account_dirty(&ash_heap) >= all * 3 / 4);
	for (unsigned i = 0; i < 10; i++) {
		clock_advance_ms(60000);
		ash_drain_step(&ash_heap, ash_os_clock_ns());
	}
	take_and_free(DRAINED);
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <= (size_t)4 << 20);
	ash_purge_all(&ash_heap);
}

/* Where nobody looks after it when the program has fallen silent, of what comes back little is
 * kept that was not taken again just now: an eighth of the peak, or what the option says. */
static void a_reserve_is_bounded(void **state)
{
	static struct ash_run *run[DRAINED];
	size_t mib = (size_t)1 << 20;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		ash_heap.drain.reserve_most = round == 0 ? SIZE_MAX : 3 * mib;
		for (unsigned i = 0; i < 4; i++)
			take_and_free(DRAINED);
		for (unsigned i = 0; i < DRAINED; i++) {
			run[i] = ash_run_alloc(&ash_heap, ASH_RUN_MOST, 1, ASH_RUN_LARGE, NULL);
			memset(ash_run_address(run[i]), 1, ASH_RUN_MOST * ASH_GRANULE);
		}
		ash_drain_step(&ash_heap, ash_os_clock_ns());
		clock_advance_ms(900);
		assert_true(ash_heap.drain.reserve >= DRAINED / 2 * mib);
		for (unsigned i = 0; i < DRAINED; i++) {
			ash_run_free(&ash_heap, run[i]);
			ash_drain_step(&ash_heap, ash_os_clock_ns());
		}
		for (unsigned i = 0; i < 40; i++)
			ash_drain_step(&ash_heap, ash_os_clock_ns());
		assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <=
			    (round == 0 ? DRAINED / 8 * mib : 3 * mib) + 4 * mib);
	}
	ash_heap.drain.reserve_most = SIZE_MAX;
	ash_purge_all(&ash_heap);
}

/* What was kept for being taken again, and was not, goes in the next calls: a look at the clock
 * says so, however much a thread would have had to free until then. */
static void what_was_kept_has_its_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		take_and_free(DRAINED);
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT >= (size_t)DRAINED / 2
										 << 20);
	ash_drain_watch(&ash_heap, ash_os_clock_ns());
	assert_true(ash_heap.drain.step > ASH_DRAIN_STEP);
	for (unsigned i = 0; i < 2; i++) {
		clock_advance_ms(600);
		ash_drain_watch(&ash_heap, ash_os_clock_ns());
	}
	assert_true(ash_heap.drain.step <= ASH_DRAIN_STEP);
	for (unsigned i = 0; i < 40; i++)
		ash_drain_step(&ash_heap, ash_os_clock_ns());
	assert_true(ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT <=
		    ((size_t)DRAINED / 8 + 4) << 20);
	ash_purge_all(&ash_heap);
}

/* One turn of a program that takes all of its memory, gives it back and rests. */
static void turn(void)
{
	clock_advance_ms(450);
	ash_drain_watch(&ash_heap, ash_os_clock_ns());
	take_and_free(DRAINED);
}

/* What a program takes again in each turn is not tried every few seconds. */
static void what_is_used_is_not_forgotten(void **state)
{
	uint64_t gone;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		turn();
	gone = ash_load_relaxed(&ash_heap.purge.given_back);
	for (unsigned i = 0; i < 60; i++)
		turn();
	assert_int_equal(ash_load_relaxed(&ash_heap.purge.given_back), gone);
	for (unsigned i = 0; i < 2; i++) {
		clock_advance_ms(60000);
		ash_drain_step(&ash_heap, ash_os_clock_ns());
	}
	assert_true(ash_heap.drain.reserve <= (size_t)2 << 20);
	ash_purge_all(&ash_heap);
}

#define SMALL 64u
#define OBJECTS (((size_t)48 << 20) / SMALL)
#define BATCH 64u /* objects that are freed in one call */

/* Pages with an object of the first `n`. */
static size_t pages_of(void *const *object, size_t n)
{
	static uint8_t seen[((size_t)1 << 34) / 4096 / 8];
	uintptr_t base = (uintptr_t)object[0] & ~(((uintptr_t)1 << 34) - 1);
	size_t pages = 0;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < n; i++) {
		size_t page = (((uintptr_t)object[i] - base) >> ash_os_page_shift) &
			      (8 * sizeof(seen) - 1);

		pages += !(seen[page / 8] >> (page % 8) & 1);
		seen[page / 8] |= (uint8_t)(1u << (page % 8));
	}
	return pages;
}

/* Nearly all of a heap of small objects lies idle before the first page is free of them: what
 * comes free with the last few goes, too. */
static void small_objects_that_are_thinned(void **state)
{
	static void *object[OBJECTS];
	unsigned class = ash_class_of(SMALL);
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	size_t left = OBJECTS, freed = 0, before, held, floor;
	uint64_t random = 1;

	(void)state;
	ash_heap.holes.enabled = true;
	ash_purge_all(&ash_heap);
	for (unsigned i = 0; i < 20; i++) { /* nothing is missed any more */
		clock_advance_ms(60000);
		ash_drain_step(&ash_heap, ash_os_clock_ns());
	}
	before = ash_account_held(&ash_heap);
	for (size_t i = 0; i < OBJECTS; i += BATCH)
		assert_int_equal(ash_bin_fill(bin, class, 0, object + i + BATCH, BATCH), BATCH);
	for (size_t i = OBJECTS - 1; i > 0; i--) {
		size_t j =
			(random = random * 6364136223846793005u + 1442695040888963407u) >> 33;
		void *p = object[i];

		object[i] = object[j % (i + 1)];
		object[j % (i + 1)] = p;
	}
	while (left > OBJECTS / 100) {
		left -= BATCH;
		ash_bin_flush(bin, class, object + left, BATCH, false);
		freed += (size_t)BATCH * SMALL;
		if (freed >= ash_heap.drain.step) {
			freed = 0;
			ash_drain_step(&ash_heap, ash_os_clock_ns());
		}
	}
	held = ash_account_held(&ash_heap) - before;
	floor = pages_of(object, left) << ash_os_page_shift;
	assert_in_range(held, floor, floor / 4 * 5 + ((size_t)2 << 20));
	for (size_t i = 0; i < left; i++)
		ash_bin_flush(bin, class, object + i, 1, false);
	ash_purge_all(&ash_heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_runs_go_back),
		cmocka_unit_test(pages_larger_than_granules),
		cmocka_unit_test(refused_purge),
		cmocka_unit_test(one_refused_block),
		cmocka_unit_test(muzzy_runs),
		cmocka_unit_test(muzzy_decays),
		cmocka_unit_test(one_buffer_keeps_itself), /* from here on clocks run ahead */
		cmocka_unit_test(a_share_stays),
		cmocka_unit_test(passes_keep_their_distance),
		cmocka_unit_test(held_until_gone),
		cmocka_unit_test(a_heap_that_drains),
		cmocka_unit_test(a_reserve_is_bounded),
		cmocka_unit_test(what_was_kept_has_its_time),
		cmocka_unit_test(what_is_used_is_not_forgotten),
		cmocka_unit_test(small_objects_that_are_thinned),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
