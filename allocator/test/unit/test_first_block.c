/* The first block, of which the end is mapped when it is needed: what is there before, what is
 * counted, what becomes of it where the kernel refuses the end or somebody else has it.  A
 * process has one such block, so each test is one of its own. */
#include "test/support/unit.h"

#include <errno.h>
#include <string.h>

#include "page/account.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/run.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "stats/census.h"
#include "test/support/addresses.h"
#include "test/support/layers.h"
#include "test/support/planted.h"
#include "test/support/race.h"
#include "util/bitmap.h"

#define MIB ((size_t)1 << 20)
#define THERE ((unsigned)(MIB >> ASH_GRANULE_SHIFT)) /* granules, at first */

/* Of a child, which no assertion of cmocka's may leave by a jump. */
#define NEED(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

static void in_a_process(void (*run)(void))
{
	char said[512];

	if (!planted_lives(NULL, run, said, sizeof(said)))
		fail_msg("%s", said);
}

#define OF_ITS_OWN(name)                  \
	static void name(void **state)    \
	{                                 \
		(void)state;              \
		in_a_process(name##_run); \
	}

static struct ash_run *take(unsigned granules)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, granules, 1, ASH_RUN_LARGE, NULL);

	NEED(run != NULL);
	memset(ash_run_address(run), (int)granules, granules * ASH_GRANULE);
	return run;
}

static bool holds(const struct ash_run *run, unsigned granules)
{
	const char *p = ash_run_address(run);
	size_t bytes = granules * ASH_GRANULE;

	return p[0] == (char)granules && memcmp(p, p + 1, bytes - 1) == 0;
}

static size_t mapped(void)
{
	return ash_hugeblock_mapped(&ash_heap);
}

static const char *end_of(const struct ash_hugeblock *block)
{
	return (char *)block->address + MIB;
}

/* What must hold however the block came to be so. */
static void look(const struct ash_hugeblock *block)
{
	ash_mutex_lock(&ash_heap.growing.lock);
	ash_mutex_lock(&ash_heap.pages.lock);
	NEED(ash_hugeblock_is_valid(&ash_heap));
	NEED(ash_hugeblock_places_are_valid(&ash_heap));
	NEED(ash_block_is_valid(block) && ash_block_is_described(block));
	NEED(ash_account_is_valid(&ash_heap) && ash_account_is_sum(&ash_heap));
	NEED(block->missing == ash_heap.growing.missing);
	/* No run ever lay there. */
	NEED(ash_bitmap_count_range(block->held, ASH_HUGE_GRANULES - block->missing,
				    block->missing) == 0);
	ash_mutex_unlock(&ash_heap.pages.lock);
	ash_mutex_unlock(&ash_heap.growing.lock);
}

/* --- calls to the kernel, counted and refused ----------------------------------------------
 */

static unsigned maps, advices, refuse; /* so many maps from now on */

static bool count_call(enum ash_os_call call)
{
	advices += call == ASH_OS_MADVISE;
	if (call != ASH_OS_MMAP)
		return false;
	maps++;
	if (refuse == 0)
		return false;
	refuse--;
	errno = ENOMEM;
	return true;
}

static void count_from_here(unsigned refused)
{
	maps = advices = 0;
	refuse = refused;
	ash_store_relaxed(&ash_os_fault_hook, count_call);
}

/* --- it begins with a half ------------------------------------------------------------------
 */

static void half_of_it_is_there_run(void)
{
	struct ash_run *run = take(1);
	struct ash_hugeblock *block = ash_run_block(run);

	NEED(ash_window_holds(ash_run_address(run)));
	NEED(mapped() == MIB && block->missing == ASH_HUGE_GRANULES - THERE);
	NEED(block->nused == 1 && block->longest == THERE - 1);
	NEED(ash_os_is_mapped(end_of(block) - ash_os_page));
	NEED(!ash_os_is_mapped(end_of(block)));
	NEED(!ash_os_is_mapped(end_of(block) + MIB - ash_os_page));
	NEED(ash_block_idle(&ash_heap) == MIB - ASH_GRANULE);
	/* An address there leads to no run. */
	NEED(ash_run_of(end_of(block))->state == ASH_RUN_FREE);
	look(block);
	/* All that is there serves before the end does. */
	take(THERE - 1);
	NEED(mapped() == MIB && block->longest == 0);
	look(block);
}
OF_ITS_OWN(half_of_it_is_there)

static void census_of_half_run(void)
{
	static struct ash_census census;
	struct ash_run *run = take(1);
	struct ash_hugeblock *block = ash_run_block(run);
	size_t clean = 0;

	for (unsigned empty = 0; empty < 2; empty++) {
		ash_census_take(&census);
		NEED(census.blocks[0].count == 1 && census.blocks[1].count == 0);
		NEED(census.blocks[0].active == (empty ? 0 : ASH_GRANULE));
		NEED(census.empty[0].count == empty && census.full[0].count == 0);
		clean = 0;
		for (unsigned i = 0; i < ASH_CENSUS_LENGTHS; i++)
			clean += census.runs[i].bytes[ASH_CENSUS_CLEAN];
		NEED(clean == MIB - (empty ? 0 : ASH_GRANULE));
		if (!empty) {
			ash_run_free(&ash_heap, run);
			ash_purge_all(&ash_heap);
		}
	}
	look(block);
}
OF_ITS_OWN(census_of_half)

/* The block stays when nothing is in use: it is as long as others are that are half full. */
static void empty_half_stays_run(void)
{
	struct ash_run *run = take(10);
	struct ash_hugeblock *block = ash_run_block(run);

	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
	NEED(ash_account_dirty(&ash_heap) == 0 && block->nused == 0);
	NEED(ash_block_release_empty(&ash_heap, SIZE_MAX) == 0);
	NEED(!ash_block_release_idle(&ash_heap, 1000, true, SIZE_MAX));
	NEED(mapped() == MIB && !ash_os_is_mapped(end_of(block)));
	look(block);
	NEED(take(10) == run);
	/* Once it is whole it goes like any other. */
	ash_run_free(&ash_heap, run);
	ash_run_free(&ash_heap, take(ASH_HUGE_GRANULES));
	NEED(mapped() == 2 * MIB);
	ash_purge_all(&ash_heap);
	NEED(ash_block_release_empty(&ash_heap, SIZE_MAX) == 1 && mapped() == 0);
	/* And comes back whole. */
	NEED(ash_run_block(take(1)) == block && mapped() == 2 * MIB);
	look(block);
}
OF_ITS_OWN(empty_half_stays)

/* --- its end comes ---------------------------------------------------------------------------
 */

static void end_comes_when_needed_run(void)
{
	struct ash_run *a = take(40), *b = take(THERE - 40), *c;
	struct ash_hugeblock *block = ash_run_block(a);
	bool zeroed = false;

	NEED(ash_run_block(b) == block && mapped() == MIB);
	NEED(!ash_run_resize(&ash_heap, b, THERE - 40 + 1)); /* there is nothing behind it */
	NEED(mapped() == MIB);
	count_from_here(0);
	c = ash_run_alloc(&ash_heap, 3, 1, ASH_RUN_LARGE, &zeroed);
	NEED(c != NULL && zeroed && ash_run_block(c) == block && c->index == THERE);
	NEED(maps == 1 && advices == 0);
	NEED(mapped() == 2 * MIB && block->missing == 0 && block->nused == THERE + 3);
	look(block);
	take(ASH_HUGE_GRANULES - THERE - 3);
	NEED(maps == 1 && mapped() == 2 * MIB && block->nused == ASH_HUGE_GRANULES);
	NEED(holds(a, 40) && holds(b, THERE - 40));
	/* From then on the heap grows as ever. */
	take(1);
	NEED(mapped() == 4 * MIB);
	look(block);
}
OF_ITS_OWN(end_comes_when_needed)

/* It joins what is free before it. */
static void one_run_of_both_halves_run(void)
{
	struct ash_run *a = take(5), *b = take(ASH_HUGE_GRANULES - 5);

	NEED(ash_run_block(a) == ash_run_block(b) && mapped() == 2 * MIB);
	NEED(holds(a, 5) && holds(b, ASH_HUGE_GRANULES - 5));
	look(ash_run_block(a));
}
OF_ITS_OWN(one_run_of_both_halves)

static void longest_run_needs_no_end_run(void)
{
	NEED(ash_run_block(take(ASH_RUN_MOST))->missing != 0 && mapped() == MIB);
}
OF_ITS_OWN(longest_run_needs_no_end)

/* --- where it does not come ------------------------------------------------------------------
 */

static void refused_end_is_asked_for_again_run(void)
{
	struct ash_run *a = take(THERE), *b, *c;
	struct ash_hugeblock *block = ash_run_block(a);

	/* Everything is refused. */
	count_from_here(UINT32_MAX);
	errno = 0;
	NEED(ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL) == NULL && errno == ENOMEM);
	NEED(mapped() == MIB && ash_heap.growing.incomplete == block);
	look(block);
	/* Who was refused asks once, for the end. */
	count_from_here(1);
	NEED(ash_run_alloc(&ash_heap, 1, 1, ASH_RUN_LARGE, NULL) == NULL && maps == 1);
	/* The end alone: the heap grows by another block. */
	ash_heap.growing.refusals = 0;
	count_from_here(1);
	b = take(1);
	NEED(ash_run_block(b) != block && mapped() == 3 * MIB && block->missing != 0);
	look(block);
	/* And by the end when it has to grow again. */
	count_from_here(0);
	c = take(ASH_HUGE_GRANULES - 1);
	NEED(ash_run_block(c) == ash_run_block(b) && maps == 0);
	c = take(1);
	NEED(ash_run_block(c) == block && c->index == THERE && maps == 1);
	NEED(mapped() == 4 * MIB && block->missing == 0);
	NEED(holds(a, THERE) && holds(b, 1));
	look(block);
}
OF_ITS_OWN(refused_end_is_asked_for_again)

static void end_of_somebody_else_run(void)
{
	struct ash_run *a = take(THERE);
	struct ash_hugeblock *block = ash_run_block(a);
	char *end = (char *)end_of(block);

	NEED(addresses_map((uintptr_t)end + ASH_HUGE / 4, ash_os_page) != NULL);
	count_from_here(0);
	NEED(ash_run_block(take(1)) != block);
	NEED(ash_heap.growing.incomplete == NULL && mapped() == 3 * MIB);
	look(block);
	/* It is not tried again, and what lies there stays when all of ours goes. */
	take(ASH_HUGE_GRANULES - 1);
	count_from_here(0);
	take(1);
	NEED(maps == 1 && mapped() == 5 * MIB);
	ash_run_free(&ash_heap, a);
	ash_purge_all(&ash_heap);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	NEED(ash_os_is_mapped(end + ASH_HUGE / 4) && !ash_os_is_mapped(end));
	NEED(take(THERE) == a);
	look(block);
}
OF_ITS_OWN(end_of_somebody_else)

/* --- what is whole from the start ----------------------------------------------------- */

static void outside_the_window_run(void)
{
	NEED(addresses_take(ash_window.base, ash_window.base + ash_window.length) > 0);
	NEED(!ash_window_holds(ash_run_address(take(1))) && mapped() == 2 * MIB);
	NEED(ash_heap.growing.missing == 0);
}
OF_ITS_OWN(outside_the_window)

static void huge_from_the_start_run(void)
{
	ash_heap.advice.mode = ASH_THP_ALWAYS;
	NEED(ash_window_holds(ash_run_address(take(1))) && mapped() == 2 * MIB);
	NEED(ash_heap.growing.missing == 0);
}
OF_ITS_OWN(huge_from_the_start)

/* --- huge pages ------------------------------------------------------------------------- */

static void half_is_not_well_used_run(void)
{
	struct ash_hugeblock *block;

	ash_hugify_set_threshold(&ash_heap, ASH_GRANULE);
	block = ash_run_block(take(THERE));
	NEED(!ash_block_is_dense(block));
	take(1);
	NEED(ash_block_is_dense(block) && block->missing == 0);
}
OF_ITS_OWN(half_is_not_well_used)

/* Where the kernel makes huge pages by itself, what of the block is not mapped may not be
 * spoken of, and what was never used holds no memory.  With its end the block might become a
 * huge page, holes and all: then it is said. */
static void holes_in_half_run(void)
{
	struct ash_hugeblock *block;
	size_t held;

	ash_heap.advice.everywhere = true;
	block = ash_run_block(take(20));
	count_from_here(0);
	held = ash_account_held(&ash_heap);
	ash_block_becomes_sparse(&ash_heap, block);
	NEED(ash_account_held(&ash_heap) == held && ash_account_dirty(&ash_heap) == 0);
	NEED(advices == 0 && block->told == ASH_TOLD_NOTHING);
	look(block);
	take(THERE);
	NEED(advices == 1 && block->told == ASH_TOLD_SPARSE && block->missing == 0);
	look(block);
	ash_block_becomes_sparse(&ash_heap, block);
	NEED(advices == 1);
}
OF_ITS_OWN(holes_in_half)

/* --- threads
 * -------------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;
static struct ash_run *taken[RACE_MOST];

static void *want_an_eighth(void *number)
{
	pthread_barrier_wait(&barrier);
	taken[(uintptr_t)number] =
		ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES / RACE_MOST, 1, ASH_RUN_LARGE, NULL);
	return NULL;
}

/* All begin the heap at once, and find what is there of it too small at once: one block serves
 * them all. */
static void many_at_once_run(void)
{
	pthread_barrier_init(&barrier, NULL, RACE_MOST);
	race(RACE_MOST, want_an_eighth);
	for (unsigned i = 0; i < RACE_MOST; i++)
		NEED(taken[i] != NULL);
	NEED(mapped() == 2 * MIB && ash_heap.growing.growths == 2);
	NEED(ash_account_in_use(&ash_heap) == ASH_HUGE_GRANULES);
	look(ash_run_block(taken[0]));
}

static void many_at_once(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 50; round++)
		in_a_process(many_at_once_run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_it_is_there),
		cmocka_unit_test(census_of_half),
		cmocka_unit_test(empty_half_stays),
		cmocka_unit_test(end_comes_when_needed),
		cmocka_unit_test(one_run_of_both_halves),
		cmocka_unit_test(longest_run_needs_no_end),
		cmocka_unit_test(refused_end_is_asked_for_again),
		cmocka_unit_test(end_of_somebody_else),
		cmocka_unit_test(outside_the_window),
		cmocka_unit_test(huge_from_the_start),
		cmocka_unit_test(half_is_not_well_used),
		cmocka_unit_test(holes_in_half),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
