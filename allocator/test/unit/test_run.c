#include "test/support/unit.h"

#include <errno.h>
#include <string.h>

#include "page/account.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/run.h"
#include "reclaim/purge.h"
#include "test/support/layers.h"
#include "test/support/relative.h"
#include "test/support/resident.h"
#include "util/prng.h"

#define RUNS 600

/* Random runs of random length and alignment: none overlap, each is aligned and described,
 * and when all are back the blocks are whole again. */
static void random_runs(void **state)
{
	static struct ash_run *run[RUNS];
	static unsigned length[RUNS];
	struct ash_prng prng = ash_prng_seeded(3);
	unsigned whole;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (unsigned)ash_prng_below(&prng, RUNS);

		if (run[i] != NULL) {
			unsigned char *p = (unsigned char *)ash_run_address(run[i]);

			assert_int_equal(p[0], (unsigned char)i);
			assert_int_equal(p[length[i] * ASH_GRANULE - 1],
					 (unsigned char)(i >> 8));
			assert_ptr_equal(ash_run_of(p + length[i] * ASH_GRANULE - 1), run[i]);
			ash_run_free(&ash_heap, run[i]);
			run[i] = NULL;
			continue;
		}
		unsigned align = 1u << ash_prng_below(&prng, 7);

		length[i] = 1 + (unsigned)ash_prng_below(&prng, ASH_RUN_MOST);
		run[i] = ash_run_alloc(&ash_heap, length[i], align, ASH_RUN_LARGE, NULL);
		assert_non_null(run[i]);
		unsigned char *p = (unsigned char *)ash_run_address(run[i]);

		assert_int_equal((uintptr_t)p % (align * ASH_GRANULE), 0);
		assert_int_equal((uintptr_t)p / ASH_HUGE,
				 (uintptr_t)(p + length[i] * ASH_GRANULE - 1) / ASH_HUGE);
		p[0] = (unsigned char)i;
		p[length[i] * ASH_GRANULE - 1] = (unsigned char)(i >> 8);
	}
	for (unsigned i = 0; i < RUNS; i++)
		if (run[i] != NULL)
			ash_run_free(&ash_heap, run[i]);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
	/* Merged: as many whole blocks as are mapped can be had without mapping more. */
	whole = (unsigned)(ash_hugeblock_mapped(&ash_heap) / ASH_HUGE);
	struct ash_run *all[4096];

	assert_true(whole <= 4096);
	for (unsigned i = 0; i < whole; i++) {
		all[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, ASH_HUGE_GRANULES,
				       ASH_RUN_LARGE, NULL);
		assert_non_null(all[i]);
	}
	assert_int_equal(ash_hugeblock_mapped(&ash_heap) / ASH_HUGE, whole);
	for (unsigned i = 0; i < whole; i++)
		ash_run_free(&ash_heap, all[i]);
}

static void fresh_memory_is_known_to_be_zero(void **state)
{
	bool zeroed;
	struct ash_run *a, *b;

	(void)state;
	/* More than all that was touched. */
	size_t blocks = ash_hugeblock_mapped(&ash_heap) / ASH_HUGE;
	struct ash_run *hold[4096];

	for (size_t i = 0; i < blocks; i++)
		hold[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	a = ash_run_alloc(&ash_heap, 4, 1, ASH_RUN_LARGE, &zeroed);
	assert_true(zeroed);
	memset(ash_run_address(a), 1, 4 * ASH_GRANULE);
	ash_run_free(&ash_heap, a);
	b = ash_run_alloc(&ash_heap, 4, 1, ASH_RUN_LARGE, &zeroed);
	assert_ptr_equal(a, b);
	assert_false(zeroed);
	ash_run_free(&ash_heap, b);
	for (size_t i = 0; i < blocks; i++)
		ash_run_free(&ash_heap, hold[i]);
}

static void resize_in_place(void **state)
{
	struct ash_run *a = ash_run_alloc(&ash_heap, 10, 1, ASH_RUN_LARGE, NULL), *b;

	(void)state;
	assert_true(ash_run_resize(&ash_heap, a, 4));
	b = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
	assert_non_null(b);
	if (ash_run_address(b) == ash_run_address(a) + 4 * ASH_GRANULE) {
		assert_false(ash_run_resize(&ash_heap, a, 5));
		assert_int_equal(a->granules, 4);
	}
	ash_run_free(&ash_heap, b);
	assert_true(ash_run_resize(&ash_heap, a, 20));
	assert_ptr_equal(ash_run_of(ash_run_address(a) + 20 * ASH_GRANULE - 1), a);
	ash_run_free(&ash_heap, a);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

/* The block that is fullest among those with the shortest sufficient run is taken. */
static void packs_the_fullest(void **state)
{
	struct ash_run *a[4], *small;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		a[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, ASH_HUGE_GRANULES,
				     ASH_RUN_LARGE, NULL);
	assert_true(ash_run_resize(&ash_heap, a[0], 100)); /* 28 free */
	assert_true(ash_run_resize(&ash_heap, a[1], 120)); /* 8 free */
	assert_true(ash_run_resize(&ash_heap, a[2], 60));
	small = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, NULL);
	assert_ptr_equal(ash_run_address(small), ash_run_address(a[1]) + 120 * ASH_GRANULE);
	ash_run_free(&ash_heap, small);
	small = ash_run_alloc(&ash_heap, 9, 1, ASH_RUN_LARGE, NULL);
	assert_ptr_equal(ash_run_address(small), ash_run_address(a[0]) + 100 * ASH_GRANULE);
	ash_run_free(&ash_heap, small);
	for (unsigned i = 0; i < 4; i++)
		ash_run_free(&ash_heap, a[i]);
}

/* Of two that are alike the one with more free memory is taken: what was purged rests. */
static void what_was_purged_rests(void **state)
{
	struct ash_run *a[2], *small;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		a[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, ASH_HUGE_GRANULES,
				     ASH_RUN_LARGE, NULL);
		assert_true(ash_run_resize(&ash_heap, a[i], 100));
	}
	ash_purge_all(&ash_heap);
	/* The first has 28 granules of memory, the other one, and came back last. */
	assert_true(ash_run_resize(&ash_heap, a[0], 128) &&
		    ash_run_resize(&ash_heap, a[0], 100));
	assert_true(ash_run_resize(&ash_heap, a[1], 101) &&
		    ash_run_resize(&ash_heap, a[1], 100));
	small = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, NULL);
	assert_ptr_equal(ash_run_address(small), ash_run_address(a[0]) + 100 * ASH_GRANULE);
	ash_run_free(&ash_heap, small);
	for (unsigned i = 0; i < 2; i++)
		ash_run_free(&ash_heap, a[i]);
}

/* A run with room behind it can grow there; the room is nobody's. */
static void room_to_grow(void **state)
{
	struct ash_run *a = ash_run_alloc(&ash_heap, 100, 1, ASH_RUN_LARGE, NULL), *b, *c;

	(void)state;
	/* Without room it would lie behind `a`, where 28 are free. */
	b = ash_run_alloc_room(&ash_heap, 20, 40, ASH_RUN_LARGE);
	assert_ptr_not_equal(ash_run_block(a), ash_run_block(b));
	assert_true(ash_run_resize(&ash_heap, b, 40));
	assert_int_equal(b->granules, 40);
	c = ash_run_alloc_room(&ash_heap, 64, 128, ASH_RUN_LARGE);
	assert_int_equal(c->index, 0);
	assert_int_equal(ash_account_in_use(&ash_heap), 100 + 40 + 64);
	ash_run_free(&ash_heap, a);
	ash_run_free(&ash_heap, b);
	ash_run_free(&ash_heap, c);
}

/* Many that creep at once share 2 MiB of room, whatever becomes of them: heap and faults do not
 * grow to twice of what they hold. */
static void room_is_bounded(void **state)
{
	enum { MANY = 512, EACH = 16 };
	struct ash_run *run[MANY];
	size_t room = ash_heap.pages.room;

	(void)state;
	assert_int_equal(room, 0);
	for (unsigned round = 0; round < 2; round++) {
		size_t before = ash_hugeblock_mapped(&ash_heap);
		unsigned refused = 0;

		for (unsigned i = 0; i < MANY; i++) {
			run[i] = ash_run_alloc_room(&ash_heap, EACH, 2 * EACH, ASH_RUN_LARGE);
			assert_non_null(run[i]);
			refused += run[i]->nfree == 0;
			room = ash_heap.pages.room;
			assert_true(room <= ASH_HUGE_GRANULES || room * 32 <= i * EACH);
		}
		assert_true(refused > 0);
		/* All of them, a 16th of slack, and what there was before. */
		assert_true(ash_hugeblock_mapped(&ash_heap) <=
			    before + (size_t)MANY * EACH * ASH_GRANULE * 17 / 16);
		for (unsigned i = 0; i < MANY; i++)
			ash_run_free(&ash_heap, run[i]);
		assert_int_equal(ash_heap.pages.room, 0);
	}
}

/* One after the other gets its room, and what was taken of it serves the next. */
static void room_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct ash_run *a = ash_run_alloc_room(&ash_heap, 40, 80, ASH_RUN_LARGE), *b;

		assert_true(ash_run_resize(&ash_heap, a, 79));
		assert_int_equal(ash_heap.pages.room, 1);
		b = ash_run_alloc_room(&ash_heap, 60, 120, ASH_RUN_LARGE);
		assert_int_equal(ash_heap.pages.room, 61);
		assert_true(ash_run_resize(&ash_heap, b, 61));
		assert_true(ash_run_resize(&ash_heap, b, 2));
		assert_int_equal(ash_heap.pages.room, 60);
		ash_run_free(&ash_heap, a);
		ash_run_free(&ash_heap, b);
		assert_int_equal(ash_heap.pages.room, 0);
	}
}

/* What others fill is no room any more, and the next run that creeps gets some. */
static void filled_room_is_none(void **state)
{
	enum { MANY = 8, EACH = 16, SMALL = 8 * ASH_HUGE_GRANULES };
	struct ash_run *run[MANY], *filler[SMALL], *more;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		run[i] = ash_run_alloc_room(&ash_heap, EACH, 2 * EACH, ASH_RUN_LARGE);
	assert_int_equal(ash_heap.pages.room, MANY * EACH);
	while (ash_heap.pages.room > 0 && n < SMALL) {
		size_t room = ash_heap.pages.room;

		filler[n] = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_SLAB, NULL);
		assert_non_null(filler[n++]);
		assert_true(ash_heap.pages.room <= room);
	}
	assert_int_equal(ash_heap.pages.room, 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(run[i]->nfree, 0);
	more = ash_run_alloc_room(&ash_heap, EACH, 2 * EACH, ASH_RUN_LARGE);
	assert_int_equal(more->nfree, EACH);
	ash_run_free(&ash_heap, more);
	for (unsigned i = 0; i < MANY; i++)
		ash_run_free(&ash_heap, run[i]);
	for (unsigned i = 0; i < n; i++)
		ash_run_free(&ash_heap, filler[i]);
	assert_int_equal(ash_heap.pages.room, 0);
}

static unsigned mmaps_left;

static bool few_mmaps(enum ash_os_call call)
{
	if (call != ASH_OS_MMAP)
		return call == ASH_OS_MPROTECT && mmaps_left == 0;
	if (mmaps_left == 0) {
		errno = ENOMEM;
		return true;
	}
	mmaps_left--;
	return false;
}

/* Growing fails at every possible call in turn, and works when memory is back. */
static void growth_fails_and_recovers(void **state)
{
	static struct ash_run *held[8192];
	unsigned n = 0;

	(void)state;
	for (unsigned k = 0; k < 12; k++) {
		mmaps_left = k;
		ash_store_relaxed(&ash_os_fault_hook, few_mmaps);
		for (;;) {
			struct ash_run *run = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1,
							    ASH_RUN_LARGE, NULL);

			if (run == NULL)
				break;
			assert_true(n < 8192);
			held[n++] = run;
			*ash_run_address(run) = 1;
		}
		assert_int_equal(errno, ENOMEM);
		ash_store_relaxed(&ash_os_fault_hook, NULL);
		held[n] = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
		assert_non_null(held[n++]);
	}
	while (n > 0)
		ash_run_free(&ash_heap, held[--n]);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

/* Empty blocks go, and come back where they were. */
static void released_blocks_come_back(void **state)
{
	struct ash_run *run[8], *kept = ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL);
	size_t before;
	bool zeroed;

	(void)state;
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	before = ash_hugeblock_mapped(&ash_heap);
	for (unsigned i = 0; i < 8; i++) {
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, ASH_HUGE);
	}
	*ash_run_address(kept) = 5;
	for (unsigned i = 0; i < 8; i++)
		ash_run_free(&ash_heap, run[i]);
	assert_true(ash_block_release_empty(&ash_heap, SIZE_MAX) >= 8);
	assert_int_equal(ash_hugeblock_mapped(&ash_heap), before);
	assert_true(ash_account_dirty(&ash_heap) < ASH_HUGE_GRANULES);
	assert_int_equal(*ash_run_address(kept), 5);
	for (unsigned i = 0; i < 8; i++) {
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, &zeroed);
		assert_true(zeroed);
		assert_int_equal(ash_run_address(run[i])[ASH_HUGE - 1], 0);
		*ash_run_address(run[i]) = 1;
	}
	for (unsigned i = 0; i < 8; i++)
		ash_run_free(&ash_heap, run[i]);
	ash_run_free(&ash_heap, kept);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

/* Eight whole blocks come and go. */
static void eight_blocks(bool purged)
{
	struct ash_run *run[8];

	for (unsigned i = 0; i < 8; i++) {
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, ASH_HUGE);
	}
	for (unsigned i = 0; i < 8; i++)
		ash_run_free(&ash_heap, run[i]);
	if (purged)
		ash_purge_all(&ash_heap);
}

static size_t mapped_blocks(void)
{
	return ash_hugeblock_mapped(&ash_heap) >> ASH_HUGE_SHIFT;
}

/* Blocks without memory go when they have been so for ten epochs, as many as asked for; where
 * addresses are limited from the start, at once. */
static void idle_blocks_go(void **state)
{
	size_t before;

	(void)state;
	ash_heap.rounds.epoch = 1000;
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	before = mapped_blocks();
	eight_blocks(false);
	assert_false(ash_block_release_idle(&ash_heap, 1100, false,
					    SIZE_MAX)); /* they hold memory */
	assert_int_equal(mapped_blocks(), before + 8);
	ash_heap.rounds.epoch = 1100;
	ash_purge_all(&ash_heap);
	assert_true(ash_block_release_idle(&ash_heap, 1109, false, SIZE_MAX));
	assert_int_equal(mapped_blocks(), before + 8);
	assert_true(ash_block_release_idle(&ash_heap, 1110, false, 3 * ASH_HUGE));
	assert_int_equal(mapped_blocks(), before + 5);
	assert_false(ash_block_release_idle(&ash_heap, 1110, false, SIZE_MAX));
	assert_int_equal(mapped_blocks(), before);
	eight_blocks(true);
	assert_false(ash_block_release_idle(&ash_heap, 1100, true, SIZE_MAX));
	assert_int_equal(mapped_blocks(), before);
	eight_blocks(true);
	ash_heap.growing.limited = true;
	assert_false(ash_block_release_idle(&ash_heap, 1100, false, SIZE_MAX));
	assert_int_equal(mapped_blocks(), before);
	ash_heap.growing.limited = false;
	ash_heap.rounds.epoch = 0;
}

/* Fresh ones that a step of growth mapped beyond what was asked for are not idle at once, and
 * where many are away already they stay. */
static void not_all_blocks_go(void **state)
{
	struct ash_run *run[40];
	size_t before;

	(void)state;
	ash_heap.rounds.epoch = 2000;
	for (unsigned i = 0; i < 40; i++)
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	before = mapped_blocks();
	ash_block_release_idle(&ash_heap, 2005, false, SIZE_MAX);
	assert_int_equal(mapped_blocks(), before);
	for (unsigned i = 0; i < 40; i++)
		ash_run_free(&ash_heap, run[i]);
	ash_purge_all(&ash_heap);
	uint32_t away = ash_heap.growing.away;

	ash_heap.growing.away = 1 << 14;
	assert_false(ash_block_release_idle(&ash_heap, 3000, false, SIZE_MAX));
	assert_int_equal(mapped_blocks(), before);
	ash_heap.growing.away = away;
	assert_false(ash_block_release_idle(&ash_heap, 3000, false, SIZE_MAX));
	assert_true(mapped_blocks() + 40 <= before);
	ash_heap.rounds.epoch = 0;
}

static bool refuse_munmap(enum ash_os_call call)
{
	return call == ASH_OS_MUNMAP;
}

static void refused_release(void **state)
{
	struct ash_run *run =
		ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	size_t before;

	(void)state;
	memset(ash_run_address(run), 1, ASH_HUGE);
	ash_run_free(&ash_heap, run);
	before = ash_account_dirty(&ash_heap);
	ash_store_relaxed(&ash_os_fault_hook, refuse_munmap);
	assert_int_equal(ash_block_release_empty(&ash_heap, SIZE_MAX), 0);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_account_dirty(&ash_heap), before);
	assert_true(ash_block_release_empty(&ash_heap, SIZE_MAX) > 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
}

/* --- clearing where a fork shares ----------------------------------------------------------
 */

#define LENGTH 16 /* granules */

static struct ash_run *take_dirty(unsigned granules)
{
	bool zeroed = true;
	struct ash_run *run = ash_run_alloc(&ash_heap, granules, 1, ASH_RUN_LARGE, &zeroed);

	assert_non_null(run);
	assert_false(zeroed);
	return run;
}

/* Clears `bytes` of it; returns how many pages it has after that, before anybody looks. */
static unsigned clear(struct ash_run *run, size_t bytes)
{
	char *p = ash_run_address(run);
	unsigned pages;

	ash_run_clear(run, bytes);
	pages = resident(p, bytes);
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != 0)
			fail_msg("byte %zu of %zu is %d", i, bytes, p[i]);
	return pages;
}

static void give(struct ash_run *run, size_t granules)
{
	memset(ash_run_address(run), 5, granules * ASH_GRANULE);
	ash_run_free(&ash_heap, run);
}

static void fork_once(void)
{
	pid_t child = relative_fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static unsigned pages_of(unsigned granules)
{
	return (unsigned)(granules * ASH_GRANULE / ash_os_page);
}

/* Before a fork by writing; after it what there was goes back instead, once. */
static void clears_without_copying(void **state)
{
	size_t part = (LENGTH - 2) * ASH_GRANULE + ash_os_page;
	struct ash_run *run, *half;

	(void)state;
	if (ash_os_page > ASH_GRANULE)
		skip();
	run = ash_run_alloc(&ash_heap, LENGTH, 1, ASH_RUN_LARGE, NULL);
	give(run, LENGTH);
	run = take_dirty(LENGTH);
	assert_int_equal(clear(run, LENGTH * ASH_GRANULE), pages_of(LENGTH));
	give(run, LENGTH);
	fork_once();
	run = take_dirty(LENGTH);
	assert_int_equal(clear(run, part), 0);
	assert_int_equal(ash_run_address(run)[part], 5); /* no more than was asked for */
	give(run, LENGTH);
	run = take_dirty(LENGTH);
	assert_int_equal(clear(run, part), part / ash_os_page);
	give(run, LENGTH);
	/* A part that was used since the fork, and one that was not. */
	fork_once();
	half = take_dirty(LENGTH / 2);
	give(half, LENGTH / 2);
	run = take_dirty(LENGTH);
	assert_int_equal(clear(run, LENGTH * ASH_GRANULE), pages_of(LENGTH / 2));
	give(run, LENGTH);
	/* One that waits for its next use across a fork. */
	run = take_dirty(LENGTH);
	assert_true(ash_run_begin_waiting(run));
	fork_once();
	ash_run_end_waiting(run, LENGTH * ASH_GRANULE);
	assert_int_equal(clear(run, LENGTH * ASH_GRANULE), 0);
	give(run, LENGTH);
}

/* As of memory that is locked. */
static bool refuse_madvise(enum ash_os_call call)
{
	if (call == ASH_OS_MADVISE)
		errno = EINVAL;
	return call == ASH_OS_MADVISE;
}

/* Where the kernel takes nothing, or nothing is to go, it is written to; nobody is told. */
static void clears_what_cannot_go(void **state)
{
	struct ash_run *run;

	(void)state;
	run = ash_run_alloc(&ash_heap, LENGTH, 1, ASH_RUN_LARGE, NULL);
	give(run, LENGTH);
	fork_once();
	run = take_dirty(LENGTH);
	ash_store_relaxed(&ash_os_fault_hook, refuse_madvise);
	errno = 0;
	assert_int_equal(clear(run, LENGTH * ASH_GRANULE), pages_of(LENGTH));
	assert_int_equal(errno, 0);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	give(run, LENGTH);
	fork_once();
	run = take_dirty(LENGTH);
	ash_run_block(run)->keep = ASH_KEEP_POOL;
	assert_int_equal(clear(run, LENGTH * ASH_GRANULE), pages_of(LENGTH));
	ash_run_block(run)->keep = 0;
	give(run, LENGTH);
}

/* In the child, too, and the parent keeps what it has. */
static void clears_in_a_child(void **state)
{
	struct ash_run *run;
	int status;
	pid_t child;

	(void)state;
	if (ash_os_page > ASH_GRANULE)
		skip();
	run = ash_run_alloc(&ash_heap, LENGTH, 1, ASH_RUN_LARGE, NULL);
	give(run, LENGTH);
	child = relative_fork();
	if (child == 0) {
		run = take_dirty(LENGTH);
		ash_run_clear(run, LENGTH * ASH_GRANULE);
		_exit(resident(ash_run_address(run), LENGTH * ASH_GRANULE) != 0 ||
		      ash_run_address(run)[ASH_GRANULE] != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(ash_run_address(run)[ASH_GRANULE], 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_runs),
		cmocka_unit_test(fresh_memory_is_known_to_be_zero),
		cmocka_unit_test(resize_in_place),
		cmocka_unit_test(packs_the_fullest),
		cmocka_unit_test(what_was_purged_rests),
		cmocka_unit_test(room_to_grow),
		cmocka_unit_test(room_is_bounded),
		cmocka_unit_test(room_comes_back),
		cmocka_unit_test(filled_room_is_none),
		cmocka_unit_test(growth_fails_and_recovers),
		cmocka_unit_test(released_blocks_come_back),
		cmocka_unit_test(idle_blocks_go),
		cmocka_unit_test(not_all_blocks_go),
		cmocka_unit_test(refused_release),
		/* These fork: last. */
		cmocka_unit_test(clears_without_copying),
		cmocka_unit_test(clears_what_cannot_go),
		cmocka_unit_test(clears_in_a_child),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
