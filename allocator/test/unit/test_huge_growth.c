#include "test/support/unit.h"

#include <errno.h>
#include <string.h>

#include "meta/window.h"
#include "os/thp.h"
#include "page/account.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/huge_advice.h"
#include "page/huge_growth.h"
#include "page/run.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "slab/slab.h"
#include "test/support/layers.h"
#include "test/support/resident.h"

#define OBJECT 1024u
#define FIRST ((size_t)32 << 20 >> ASH_GRANULE_SHIFT) /* granules from which on it is done */
#define MOST 4096

static struct ash_run *slab[MOST];
static size_t slabs, object;
static struct ash_huge_growth *const growth = &ash_heap.huge_growth;
/* As the library has them. */
static uint64_t slow_ns;
static uint32_t blocks_most;

static size_t in_use(void)
{
	return ash_account_in_use(&ash_heap);
}

/* How often the kernel was asked; where `answer` is not 0 it is that in its place. */
static unsigned asked;
static int answer;

static bool count_advice(enum ash_os_call call)
{
	if (call != ASH_OS_MADVISE)
		return false;
	asked++;
	errno = answer;
	return answer != 0;
}

static void answer_with(int error)
{
	asked = 0;
	answer = error;
	ash_store_relaxed(&ash_os_fault_hook, count_advice);
}

static void answer_no_more(void)
{
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

/* A slab more, all of whose regions are out; `carved` of them, where they are not all. */
static void take_slab(unsigned carved)
{
	void *out[1024];
	unsigned class = ash_class_of(object), n = ash_size_classes[class].regions;

	assert_true(slabs < MOST && n <= 1024);
	slab[slabs] = ash_slab_create(class, 0);
	assert_non_null(slab[slabs]);
	if (carved > n)
		carved = n;
	assert_int_equal(ash_slab_take(slab[slabs], out + 1024, carved), carved);
	for (unsigned i = 0; i < carved; i++)
		memset(out[1023 - i], 7, object);
	slabs++;
}

static void grow_to(size_t granules)
{
	while (in_use() < granules)
		take_slab(UINT32_MAX);
}

static void drop_slab(void)
{
	struct ash_run *last = slab[--slabs];
	struct ash_misuse m;

	for (unsigned i = 0; i < last->bump; i++) {
		void *p = ash_run_address(last) + (size_t)i * last->size;

		assert_int_equal(ash_slab_give(last, &p, 1, &m), 1);
	}
	ash_slab_destroy(last);
}

static void shrink_to(size_t granules)
{
	while (slabs > 0 && in_use() > granules)
		drop_slab();
}

/* An empty heap again, that remembers nothing, on a machine that makes no huge page unasked. */
static void anew(void)
{
	answer_no_more();
	ash_os_clock_hook = NULL; /* a huge page is told by the time that it takes */
	shrink_to(0);
	ash_hugify_break_some(&ash_heap, SIZE_MAX);
	ash_purge_all(&ash_heap);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(in_use() + ash_account_dirty(&ash_heap) + ash_account_kept(&ash_heap),
			 0);
	assert_null(growth->rising);
	growth->begun[0] = growth->begun[1] = NULL;
	growth->filled = growth->skip = growth->pause = 0;
	growth->was_slow = growth->cannot = false;
	growth->slow_ns = UINT64_MAX; /* whatever the machine takes */
	ash_heap.advice.everywhere = false;
	ash_heap.advice.blocks_most = blocks_most;
	object = OBJECT;
}

static int each_anew(void **state)
{
	(void)state;
	anew();
	return 0;
}

static bool allowed(void)
{
	return ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()) &&
	       ash_os_thp_policy() == ASH_OS_THP_ADVISED;
}

/* Grows until a block has been made a huge page and is not filled; false where the machine has
 * none to give. */
static bool grow_into_a_huge_page(void)
{
	uint64_t made = growth->made;

	grow_to(FIRST);
	for (unsigned i = 0; i < 128 && growth->rising == NULL; i++)
		take_slab(UINT32_MAX);
	return growth->made > made && growth->rising != NULL &&
	       growth->state == ASH_RISING_HUGE;
}

/* A heap that fills its blocks has the next ones as huge pages, as soon as one is little beside
 * it; what is not used of the last is kept, and goes like any other when that block drains. */
static void dense_growth(void **state)
{
	uint64_t made = growth->made;
	size_t most = 0;
	struct ash_hugeblock *block;

	(void)state;
	if (!allowed())
		skip();
	grow_to(FIRST);
	assert_int_equal(growth->made, made);
	while (in_use() < 3 * FIRST) {
		size_t kept;

		take_slab(UINT32_MAX);
		kept = ash_account_kept(&ash_heap);
		assert_true(kept <= ASH_HUGE_GRANULES && kept <= in_use() / 16);
		if (kept > most)
			most = kept;
	}
	if (growth->made == made)
		skip(); /* the machine has no huge page to give */
	/* (One may be missing where the machine had none.) */
	assert_true(growth->made - made >= 2 * FIRST / ASH_HUGE_GRANULES - 2);
	assert_true(most >= ASH_HUGE_GRANULES - 4);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	ash_mutex_lock(&ash_heap.pages.lock);
	assert_true(ash_account_is_sum(&ash_heap));
	ash_mutex_unlock(&ash_heap.pages.lock);
	if (!grow_into_a_huge_page())
		skip();
	block = growth->rising;
	grow_to(in_use() + 40 - block->nused);
	assert_int_equal(resident((void *)block->address, ASH_HUGE), ASH_HUGE / ash_os_page);
	shrink_to(in_use() - block->nused + growth->most / 2);
	assert_int_equal(block->keep, ASH_KEEP_HUGE);
	shrink_to(in_use() - 1);
	assert_null(growth->rising);
	assert_int_equal(block->keep, 0);
	ash_purge_all(&ash_heap);
	assert_int_equal(resident((void *)block->address, ASH_HUGE),
			 (size_t)block->nused * ASH_GRANULE / ash_os_page);
}

/* What nobody had of a huge page is still known to be zero, and is.  First of all, for what the
 * addresses held before counts, too. */
static void zeroes(void **state)
{
	struct ash_run *run;
	bool zeroed = false;

	(void)state;
	if (!allowed() || !grow_into_a_huge_page())
		skip();
	for (unsigned i = 0; i < 4; i++)
		take_slab(UINT32_MAX);
	run = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, &zeroed);
	assert_int_equal(ash_run_block(run)->keep, ASH_KEEP_HUGE);
	assert_true(zeroed);
	for (size_t i = 0; i < 8 * ASH_GRANULE; i++)
		if (ash_run_address(run)[i] != 0)
			fail_msg("byte %zu", i);
	memset(ash_run_address(run), 7, 8 * ASH_GRANULE);
	ash_run_free(&ash_heap, run);
	run = ash_run_alloc(&ash_heap, 8, 1, ASH_RUN_LARGE, &zeroed);
	assert_int_equal(ash_run_block(run)->keep, ASH_KEEP_HUGE);
	assert_false(zeroed);
	ash_run_free(&ash_heap, run);
}

/* Below 32 MiB nothing is asked, nor where large objects make the heap: of a buffer nobody
 * knows how much is touched; nor where slabs are carved to a half. */
static void sparse_growth(void **state)
{
	static struct ash_run *run[40];
	unsigned half = ash_size_classes[ash_class_of(OBJECT)].regions / 2, before = 0;

	(void)state;
	ash_heap.advice.allowed = true;
	answer_with(ENOMEM);
	grow_to(FIRST - 8);
	assert_int_equal(asked, 0);
	/* (What was filled before has its say on two blocks.) */
	for (unsigned i = 0; i < 40; i++) {
		run[i] = ash_run_alloc(&ash_heap, 44, 1, ASH_RUN_LARGE, NULL);
		if (i < 5)
			before = asked;
	}
	assert_true(before <= 4);
	assert_int_equal(asked, before);
	for (unsigned i = 0; i < 40; i++)
		ash_run_free(&ash_heap, run[i]);
	answer_no_more();
	ash_purge_all(&ash_heap);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	answer_with(ENOMEM);
	before = 0;
	for (unsigned i = 0; i < 20; i++)
		run[i] = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	assert_int_equal(asked, before);
	for (unsigned i = 0; i < 20; i++)
		ash_run_free(&ash_heap, run[i]);
	answer_no_more();
	ash_purge_all(&ash_heap);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	answer_with(ENOMEM);
	before = 0;
	while (in_use() < 2 * FIRST)
		take_slab(half);
	assert_int_equal(asked, before);
	/* The same heap, once its blocks are filled. */
	grow_to(3 * FIRST);
	assert_true(asked > before);
}

/* Nor where slabs leave an end of each block that none of them fits into: a huge page has it.
 */
static void ends_of_blocks(void **state)
{
	static const size_t left[] = {2304, 2560, 3072, 4608, 6144}, none[] = {512, 2048, 4096};

	(void)state;
	ash_heap.advice.allowed = true;
	for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		unsigned n = ash_size_classes[ash_class_of(left[i])].granules;

		assert_true(ASH_HUGE_GRANULES % n > ASH_HUGE_GRANULES / 32);
		object = left[i];
		answer_with(ENOMEM);
		grow_to(2 * FIRST);
		assert_int_equal(asked, 0);
		anew();
	}
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		object = none[i];
		answer_with(ENOMEM);
		grow_to(2 * FIRST);
		assert_true(asked > 0);
		anew();
	}
}

/* Nor where objects are so large that the program may touch the beginning of each alone. */
static void beginnings_of_objects(void **state)
{
	static const size_t few[] = {7168, 8192, 32768};

	(void)state;
	ash_heap.advice.allowed = true;
	for (unsigned i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
		object = few[i];
		answer_with(ENOMEM);
		grow_to(2 * FIRST);
		assert_int_equal(asked, 0);
		anew();
	}
}

/* Nothing is asked of the kernel where huge pages are off, by whatever. */
static void off(void **state)
{
	static const struct {
		bool enabled, allowed, everywhere;
	} way[] = {{false, true, false}, {true, false, false}, {true, true, true}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		anew();
		growth->enabled = way[i].enabled;
		ash_heap.advice.allowed = way[i].allowed;
		ash_heap.advice.everywhere = way[i].everywhere;
		answer_with(ENOMEM);
		grow_to(2 * FIRST);
		assert_int_equal(asked, 0);
		assert_null(growth->rising);
	}
	growth->enabled = true;
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
}

/* A kernel that has none to give is asked less and less, and errno stays; one that knows none
 * is not asked again. */
static void refusals(void **state)
{
	uint64_t refused = growth->refused;
	unsigned blocks, tried;

	(void)state;
	ash_heap.advice.allowed = true;
	answer_with(ENOMEM);
	errno = 42;
	grow_to(4 * FIRST);
	assert_int_equal(errno, 42);
	blocks = (unsigned)(in_use() - FIRST) / ASH_HUGE_GRANULES;
	tried = (unsigned)(growth->refused - refused);
	assert_int_equal(asked, 2 * tried); /* the advice, and that it is no longer given */
	/* Tried at one, then after 4, 8, 16 ... others. */
	assert_true(tried >= 3 && (4u << (tried - 1)) - 4 <= blocks + tried);
	assert_int_equal(growth->pause, 4u << (tried - 1));
	assert_false(growth->cannot);
	anew();
	answer_with(EINVAL);
	grow_to(4 * FIRST);
	assert_int_equal(asked, 2);
	assert_true(growth->cannot);
}

/* By this clock what lies between two looks takes so long, as a touch does. */
static uint64_t touch_ns;

static uint64_t touches(enum ash_clock clock)
{
	static uint64_t ns;

	return clock == ASH_CLOCK_MONOTONIC ? ns += touch_ns : ns;
}

/* How many blocks are begun until one is touched, that one among them. */
static unsigned blocks_until_touched(void)
{
	uint64_t made = growth->made;
	unsigned blocks = 0;

	while (growth->made == made) {
		const struct ash_hugeblock *last = growth->begun[0];

		take_slab(UINT32_MAX);
		blocks += growth->begun[0] != last;
	}
	return blocks;
}

/* A host that is slow to give them is asked less and less, down to one block in 128; one that
 * was slow once is not slow, nor one that is as fast as the faults would be; and where it is
 * fast again all is as it was. */
static void slow_host(void **state)
{
	uint64_t slowed = growth->slowed;

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	ash_heap.advice.allowed = true;
	growth->slow_ns = slow_ns;
	ash_os_clock_hook = touches;
	touch_ns = slow_ns - 1;
	grow_to(FIRST);
	blocks_until_touched();
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(blocks_until_touched(), 1);
		touch_ns = i % 2 == 0 ? 10 * slow_ns : slow_ns - 1;
	}
	assert_int_equal(growth->slowed, slowed);
	assert_int_equal(growth->pause, 0);
	touch_ns = slow_ns;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(blocks_until_touched(), 1);
	assert_int_equal(growth->slowed, slowed + 1);
	assert_int_equal(blocks_until_touched(), 8 + 1);
	assert_int_equal(growth->slowed, slowed + 2);
	assert_int_equal(blocks_until_touched(), 16 + 1);
	growth->pause = 100;
	growth->skip = 0;
	assert_int_equal(blocks_until_touched(), 1);
	assert_int_equal(growth->pause, 128);
	growth->skip = 2;
	touch_ns = slow_ns - 1;
	assert_int_equal(blocks_until_touched(), 2 + 1);
	assert_int_equal(blocks_until_touched(), 1);
	assert_int_equal(growth->slowed, slowed + 4);
	/* After a refusal one that is had ends the pause, whatever it took. */
	answer_with(ENOMEM);
	while (growth->pause == 0)
		take_slab(UINT32_MAX);
	answer_no_more();
	touch_ns = slow_ns;
	assert_int_equal(blocks_until_touched(), 4 + 1);
	assert_int_equal(blocks_until_touched(), 1);
	assert_int_equal(growth->pause, 8);
}

/* Of so many blocks at most the kernel is told anything while they are mapped: each may become
 * a mapping of its own. */
static void few_are_told_of(void **state)
{
	enum { FEW = 3 };

	(void)state;
	ash_heap.advice.allowed = true;
	for (unsigned again = 0; again < 2; again++) {
		anew();
		ash_heap.advice.blocks_most = FEW;
		grow_to(FIRST - 8);
		answer_with(ENOMEM);
		while (in_use() < 3 * FIRST) {
			growth->skip = 0;
			take_slab(UINT32_MAX);
		}
		assert_int_equal(asked, 2 * FEW);
		assert_int_equal(ash_heap.advice.blocks, FEW);
	}
}

/* The same where the kernel makes huge pages by itself, of blocks that it is to make none of.
 */
static void few_are_told_of_everywhere(void **state)
{
	enum { FEW = 3 };

	(void)state;
	for (unsigned again = 0; again < 2; again++) {
		struct ash_hugeblock *first;

		anew();
		ash_heap.advice.everywhere = true;
		ash_heap.advice.blocks_most = FEW;
		grow_to(FIRST);
		first = ash_run_block(slab[0]);
		answer_with(0);
		for (size_t i = 0; i < slabs; i++)
			ash_block_becomes_sparse(&ash_heap, ash_run_block(slab[i]));
		assert_int_equal(asked, FEW);
		assert_int_equal(ash_heap.advice.blocks, FEW);
		/* One that is begun anew is told so, and told of holes in it once more. */
		assert_int_equal(first->told, ASH_TOLD_SPARSE);
		shrink_to(0);
		assert_int_equal(first->nused, 0);
		grow_to(FIRST);
		assert_int_equal(ash_heap.advice.blocks, FEW);
		for (size_t i = 0; i < slabs; i++)
			ash_block_becomes_sparse(&ash_heap, ash_run_block(slab[i]));
		assert_int_equal(asked, 3 * FEW);
	}
}

static bool refuse_unmapping(enum ash_os_call call)
{
	errno = ENOMEM;
	return call == ASH_OS_MUNMAP;
}

/* What cannot be unmapped is still told of, and counts. */
static void told_of_as_long_as_mapped(void **state)
{
	struct ash_hugeblock *first;

	(void)state;
	ash_heap.advice.everywhere = true;
	take_slab(UINT32_MAX);
	first = ash_run_block(slab[0]);
	ash_block_becomes_sparse(&ash_heap, first);
	assert_int_equal(ash_heap.advice.blocks, 1);
	shrink_to(0);
	ash_store_relaxed(&ash_os_fault_hook, refuse_unmapping);
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_heap.advice.blocks, 1);
	assert_int_equal(first->told, ASH_TOLD_SPARSE);
	answer_no_more();
	ash_block_release_empty(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_heap.advice.blocks, 0);
	assert_int_equal(first->told, ASH_TOLD_NOTHING);
}

/* Where a bound leaves no room for a whole huge page none is made. */
static void bounds(void **state)
{
	(void)state;
	ash_heap.advice.allowed = true;
	for (unsigned i = 0; i < 4; i++) {
		anew();
		grow_to(FIRST - 8);
		answer_with(ENOMEM);
		if (i == 0)
			ash_heap.limits.hard = ash_account_held(&ash_heap) + ASH_HUGE;
		else if (i == 1)
			ash_heap.limits.soft = ash_account_held(&ash_heap) + ASH_HUGE;
		else if (i == 2)
			ash_heap.limits.pressure = true;
		grow_to(FIRST + ASH_HUGE_GRANULES / 2);
		assert_int_equal(asked, i == 3 ? 2 : 0);
		ash_heap.limits.hard = ash_heap.limits.soft = ASH_NO_LIMIT;
		ash_heap.limits.pressure = false;
	}
}

/* Under a hard limit what is held never counts more than it is. */
static void under_a_hard_limit(void **state)
{
	(void)state;
	if (!allowed())
		skip();
	ash_heap.limits.hard = 4 * FIRST * ASH_GRANULE;
	if (!grow_into_a_huge_page()) {
		ash_heap.limits.hard = ASH_NO_LIMIT;
		skip();
	}
	assert_int_equal(ash_account_departed(&ash_heap), 0);
	assert_true(ash_account_held(&ash_heap) <= ash_heap.limits.hard);
	ash_heap.limits.hard = ASH_NO_LIMIT;
}

/* The heap grows no more: after a second the block falls apart. */
static void it_stops(void **state)
{
	struct ash_hugeblock *block;
	uint64_t broken = ash_heap.pages.broken_up;

	(void)state;
	if (!allowed() || !grow_into_a_huge_page())
		skip();
	block = growth->rising;
	ash_huge_growth_age(&ash_heap, 1000);
	ash_huge_growth_age(&ash_heap, 1009);
	assert_ptr_equal(growth->rising, block);
	take_slab(UINT32_MAX);
	ash_huge_growth_age(&ash_heap, 1010);
	ash_huge_growth_age(&ash_heap, 1019);
	assert_ptr_equal(growth->rising, block);
	assert_int_equal(ash_heap.pages.broken_up, broken);
	ash_huge_growth_age(&ash_heap, 1020);
	assert_null(growth->rising);
	assert_int_equal(ash_heap.pages.broken_up, broken + 1);
	assert_int_equal(block->keep, 0);
	assert_int_equal(ash_account_dirty(&ash_heap), ASH_HUGE_GRANULES - block->nused);
}

/* Another block is begun while it is not filled, since what is asked for does not fit. */
static void another_is_begun(void **state)
{
	struct ash_hugeblock *block;
	struct ash_run *run;

	(void)state;
	if (!allowed() || !grow_into_a_huge_page())
		skip();
	block = growth->rising;
	run = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL);
	assert_ptr_not_equal(growth->rising, block);
	assert_int_equal(block->keep, 0);
	ash_run_free(&ash_heap, run);
}

/* The kernel has it as advice, until a part of the block goes; and our own thread, which
 * collapses it when it is full again, gives it anew. */
static void advice(void **state)
{
	struct ash_hugeblock *block;
	struct ash_run *run;

	(void)state;
	if (!allowed() || !grow_into_a_huge_page())
		skip();
	block = growth->rising;
	assert_int_equal(block->advice, ASH_ADVICE_HUGE);
	while (block->nused < ASH_HUGE_GRANULES - 8)
		take_slab(UINT32_MAX);
	assert_int_equal(block->advice, ASH_ADVICE_HUGE);
	shrink_to(in_use() - 64);
	assert_int_equal(block->keep, 0);
	assert_int_equal(block->advice, ASH_ADVICE_HUGE);
	ash_purge_all(&ash_heap);
	assert_int_equal(block->advice, ASH_ADVICE_SMALL);
	run = ash_run_alloc(&ash_heap, 64, 1, ASH_RUN_LARGE, NULL);
	assert_ptr_equal(ash_run_block(run), block);
	memset(ash_run_address(run), 7, 64 * ASH_GRANULE);
	for (uint32_t epoch = 1000; epoch < 1200 && block->keep == 0; epoch += 10) {
		ash_heap.hugify.credit_ns = 250000000;
		ash_heap.hugify.pause = 0;
		ash_hugify_step(&ash_heap, epoch, 100);
	}
	assert_int_equal(block->keep, ASH_KEEP_HUGE);
	assert_int_equal(block->advice, ASH_ADVICE_HUGE);
	ash_run_free(&ash_heap, run);
}

static int up(void **state)
{
	int status = layers_up(state);

	slow_ns = growth->slow_ns;
	blocks_most = ash_heap.advice.blocks_most;
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	return status;
}

#define TEST(fn) cmocka_unit_test_setup(fn, each_anew)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zeroes),
		TEST(dense_growth),
		TEST(sparse_growth),
		TEST(off),
		TEST(refusals),
		TEST(few_are_told_of),
		TEST(bounds),
		TEST(under_a_hard_limit),
		TEST(it_stops),
		TEST(another_is_begun),
		TEST(advice),
		TEST(ends_of_blocks),
		TEST(beginnings_of_objects),
		TEST(few_are_told_of_everywhere),
		TEST(told_of_as_long_as_mapped),
		TEST(slow_host),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
