#include "test/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "meta/window.h"
#include "os/thp.h"
#include "page/account.h"
#include "page/block.h"
#include "page/heap.h"
#include "page/huge_advice.h"
#include "page/run.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "slab/bin_walk.h"
#include "slab/slab.h"
#include "test/support/layers.h"
#include "test/support/opens.h"
#include "test/support/relative.h"

/* KiB of the process that lie in huge pages. */
static unsigned long huge_kib(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	unsigned long kib = 0;
	char line[256];

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

static uint32_t epoch = 1000;
static bool machine_gives; /* it has given a huge page when asked first */

/* Lets whatever is due happen. */
static void wait_and_step(void)
{
	ash_hugify_step(&ash_heap, epoch, 100);
	epoch += 10;
	while (ash_hugify_step(&ash_heap, epoch, 100) && epoch % 10 == 0)
		epoch++;
	epoch += 5000 - epoch % 10;
}

static struct ash_run *whole_block(void)
{
	struct ash_run *run = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, ASH_HUGE_GRANULES,
					    ASH_RUN_LARGE, NULL);

	assert_non_null(run);
	return run;
}

/* Only a block that has been well used for a second, and is resident, is made huge; what is
 * free in it stays until it is less than half used. */
static void well_used_blocks(void **state)
{
	struct ash_run *run, *rest;
	uint64_t before = ash_hugify_count(&ash_heap), broken_up = ash_heap.pages.broken_up;
	unsigned long kib = huge_kib();

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	run = whole_block();
	ash_hugify_step(&ash_heap, epoch, 100);
	epoch += 9;
	memset(ash_run_address(run), 7, ASH_HUGE);
	assert_true(ash_hugify_step(&ash_heap, epoch, 100)); /* too young */
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	epoch += 1;
	ash_hugify_step(&ash_heap, epoch, 100);
	if (ash_hugify_count(&ash_heap) == before)
		skip(); /* the machine has no huge page to give */
	machine_gives = true;
	assert_true(huge_kib() >= kib + 2048);
	for (size_t i = 0; i < ASH_HUGE; i += 512)
		assert_int_equal(ash_run_address(run)[i], 7);
	/* Free parts are kept down to a half, and can be had again, but not as zeroes. */
	assert_true(ash_run_resize(&ash_heap, run, 100));
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_int_equal(ash_account_kept(&ash_heap), 28);
	ash_purge_all(&ash_heap);
	assert_true(huge_kib() >= kib + 2048);
	bool zeroed;

	rest = ash_run_alloc(&ash_heap, 28, 1, ASH_RUN_LARGE, &zeroed);
	assert_false(zeroed);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	ash_run_free(&ash_heap, rest);
	/* Below a half it falls apart. */
	assert_int_equal(ash_heap.pages.broken_up, broken_up);
	assert_true(ash_run_resize(&ash_heap, run, 60));
	assert_int_equal(ash_heap.pages.broken_up, broken_up + 1);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 68);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	assert_true(huge_kib() < kib + 2048);
	assert_int_equal(ash_run_address(run)[60 * ASH_GRANULE - 1], 7);
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
}

/* A block that is taken but not touched, or in part only, is left as it is. */
static void untouched_blocks(void **state)
{
	struct ash_run *run = whole_block();
	uint64_t before = ash_hugify_count(&ash_heap);

	(void)state;
	memset(ash_run_address(run), 7, ASH_HUGE / 2);
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	/* Later it is looked at again. */
	memset(ash_run_address(run), 7, ASH_HUGE);
	wait_and_step();
	if (ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()) &&
	    ash_hugify_count(&ash_heap) == before)
		print_message("no huge page could be had\n");
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

static int refuse_with;
static unsigned refusals;

static bool refuse_advice(enum ash_os_call call)
{
	if (call != ASH_OS_MADVISE || refusals == 0)
		return false;
	refusals--;
	errno = refuse_with;
	return true;
}

/* A block that is there is old enough, and the kernel's first `answers` about it are `with`;
 * errno stays. */
static void refuse(int with, unsigned answers)
{
	ash_store_relaxed(&ash_os_fault_hook, refuse_advice);
	refuse_with = with;
	refusals = answers;
	errno = 42;
	ash_hugify_step(&ash_heap, epoch, 100);
	epoch += 10;
	ash_hugify_step(&ash_heap, epoch, 100);
	assert_int_equal(refusals, 0);
	assert_int_equal(errno, 42);
}

/* A block full of memory whose collapse is refused so. */
static struct ash_run *collapse_answered(int with, unsigned answers)
{
	struct ash_run *run = whole_block();

	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	refuse(with, answers);
	return run;
}

/* A kernel short of memory is not asked again at once, and errno stays. */
static void refused_collapse(void **state)
{
	uint64_t before = ash_hugify_count(&ash_heap), refused = ash_heap.hugify.refused;
	struct ash_run *run = collapse_answered(EAGAIN, 1);

	(void)state;
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	assert_int_equal(ash_heap.hugify.refused, refused + 1);
	refusals = 1;
	epoch += 5;
	ash_hugify_step(&ash_heap, epoch, 100); /* resting */
	assert_int_equal(refusals, 1);
	refusals = 0;
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	epoch += 200;
	wait_and_step();
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
}

static bool is_huge(const struct ash_run *run)
{
	return (ash_block_at(ash_run_address(run))->keep & ASH_KEEP_HUGE) != 0;
}

static void fill(struct ash_run *run)
{
	memset(ash_run_address(run), 7, ASH_HUGE);
}

/* (By the system call: the sanitizers' mlock does nothing.) */
static void lock_page(void *page, bool undo)
{
	if (syscall(undo ? SYS_munlock : SYS_mlock, page, ash_os_page) != 0)
		skip();
}

static void protect_page(void *page, bool undo)
{
	int more = undo ? 0 : PROT_EXEC;

	if (mprotect(page, ash_os_page, PROT_READ | PROT_WRITE | more) != 0)
		skip();
}

/* The program made one page of a block a mapping of its own: that block waits, until it is one
 * piece again, and others do not. */
static void one_block_waits(void (*split)(void *page, bool undo), bool ours)
{
	struct ash_run *run[3];
	char *page;

	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	for (unsigned i = 0; i < 3; i++) {
		run[i] = whole_block();
		fill(run[i]);
	}
	page = ash_run_address(run[0]) + 77 * ash_os_page;
	split(page, false);
	ash_heap.rounds.ours = ours;
	wait_and_step();
	assert_false(is_huge(run[0]));
	assert_false(ash_heap.hugify.cannot_collapse);
	assert_int_equal(ash_heap.hugify.pause, 0);
	split(page, true);
	if (is_huge(run[1]) && is_huge(run[2])) { /* else the machine has none to give */
		wait_and_step();
		assert_true(is_huge(run[0]));
	}
	ash_heap.rounds.ours = false;
	for (unsigned i = 0; i < 3; i++) {
		ash_run_free(&ash_heap, run[i]);
		ash_purge_all(&ash_heap);
	}
}

static void a_locked_page(void **state)
{
	(void)state;
	one_block_waits(lock_page, true);
}

static void a_protected_page(void **state)
{
	(void)state;
	one_block_waits(protect_page, false);
}

/* EINVAL of block after block: whoever may not ask takes it for the process. */
static void many_that_cannot(void **state)
{
	struct ash_run *run[20];
	uint64_t before = ash_hugify_count(&ash_heap);
	unsigned asked;

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	for (unsigned i = 0; i < 20; i++) {
		run[i] = whole_block();
		fill(run[i]);
		protect_page(ash_run_address(run[i]) + ash_os_page, false);
	}
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	assert_true(ash_heap.hugify.pause > 100); /* more than ten seconds */
	ash_store_relaxed(&ash_os_fault_hook, refuse_advice);
	refuse_with = EINVAL;
	refusals = asked = 100;
	ash_hugify_step(&ash_heap, ash_heap.hugify.until - 1, 100);
	assert_int_equal(refusals, asked);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	for (unsigned i = 0; i < 20; i++) {
		protect_page(ash_run_address(run[i]) + ash_os_page, true);
		ash_run_free(&ash_heap, run[i]);
		ash_purge_all(&ash_heap);
	}
	ash_heap.hugify.pause = 0;
}

/* Our own thread asks, once for each such answer. */
static void forbidden_meanwhile(void **state)
{
	struct ash_run *run = whole_block();

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()) ||
	    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
		skip();
	fill(run);
	ash_heap.rounds.ours = true;
	wait_and_step();
	ash_heap.rounds.ours = false;
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	assert_false(is_huge(run));
	assert_false(ash_heap.hugify.cannot_collapse);
	assert_true(ash_heap.hugify.pause > 100);
	ash_heap.hugify.pause = 0;
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
}

/* Slabs of a huge page: holes break it only where less than half of it is in use, and what was
 * known of pages purged before is void. */
static void holes_in_huge_pages(void **state)
{
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_hugeblock *block;
	struct ash_run *fill, *slab;
	struct ash_bin bin;
	void *object[64];
	uint64_t holes;

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	fill = ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES - 16, ASH_HUGE_GRANULES,
			     ASH_RUN_LARGE, NULL);
	assert_int_equal(ash_bin_fill(&bin, class, 0, object + n, n), n);
	slab = ash_run_of(object[0]);
	block = ash_run_block(slab);
	assert_ptr_equal(block, ash_run_block(fill));
	assert_true(ash_bin_flush(&bin, class, object + 1, n - 1, false));
	slab->purged = 1;
	ash_account_count_holes(&ash_heap, 1);
	ash_mutex_lock(&ash_heap.pages.lock);
	ash_block_keep(&ash_heap, block, ASH_KEEP_HUGE);
	ash_store_relaxed(&block->collapses, (uint8_t)(block->collapses + 1));
	ash_mutex_unlock(&ash_heap.pages.lock);
	/* The slab is empty, the block is not. */
	assert_false(ash_block_is_half_empty(&ash_heap, block));
	assert_null(layers_detach(&bin, ash_slab_epoch + 100, &holes));
	assert_true(ash_run_resize(&ash_heap, fill, 66)); /* still huge: 82 of 128 */
	assert_int_equal(block->keep, ASH_KEEP_HUGE);
	assert_null(layers_detach(&bin, ash_slab_epoch + 200, &holes));
	assert_true(ash_run_resize(&ash_heap, fill,
				   60)); /* 76 granules, of which 16 hold one object */
	assert_int_equal(block->keep, ASH_KEEP_HUGE);
	assert_true(ash_block_is_half_empty(&ash_heap, block));
	assert_ptr_equal(layers_detach(&bin, ash_slab_epoch + 300, &holes), slab);
	assert_true(holes & 1);
	assert_int_equal(slab->purged, 0);
	ash_hugify_break(&ash_heap, block);
	assert_int_equal(block->keep, 0);
	ash_bin_attach(&bin, slab, 0);
	assert_true(ash_bin_flush(&bin, class, object, 1, false));
	ash_run_free(&ash_heap, fill);
	ash_purge_all(&ash_heap);
}

/* Huge pages made when a block with `granules` in use, all of it resident, has waited. */
static unsigned made_of(unsigned granules, struct ash_run **run)
{
	uint64_t before = ash_hugify_count(&ash_heap);

	*run = whole_block();
	memset(ash_run_address(*run), 7, ASH_HUGE);
	assert_true(
		ash_run_resize(&ash_heap, *run, 1)); /* no longer well used, and then anew */
	assert_true(ash_run_resize(&ash_heap, *run, granules));
	wait_and_step();
	return (unsigned)(ash_hugify_count(&ash_heap) - before);
}

static void drop(struct ash_run *run)
{
	ash_run_free(&ash_heap, run);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap) + ash_account_kept(&ash_heap), 0);
}

/* How full a block has to be is for the user to say; it falls apart at four sevenths of that.
 */
static void another_threshold(void **state)
{
	struct ash_run *run;
	unsigned made;

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	assert_int_equal(made_of(111, &run), 0);
	drop(run);
	ash_hugify_set_threshold(&ash_heap, ASH_HUGE / 2);
	assert_int_equal(made_of(63, &run), 0);
	drop(run);
	made = made_of(64, &run);
	if (made != 0) {
		assert_int_equal(ash_account_kept(&ash_heap), 64);
		assert_true(ash_run_resize(&ash_heap, run, 36));
		assert_int_equal(ash_account_kept(&ash_heap), 92);
		assert_true(ash_run_resize(&ash_heap, run, 35));
		assert_int_equal(ash_account_kept(&ash_heap), 0);
	}
	drop(run);
	/* Beyond what there is: clipped, and an empty block is never one. */
	ash_hugify_set_threshold(&ash_heap, UINT64_MAX);
	assert_int_equal(made_of(127, &run), 0);
	assert_int_equal(ash_heap.pages.bounds.dense, ASH_HUGE_GRANULES);
	drop(run);
	ash_hugify_set_threshold(&ash_heap, 0);
	assert_int_equal(ash_heap.pages.bounds.dense, 1);
	assert_int_equal(ash_heap.pages.bounds.dense_no_more, 1);
	assert_int_equal(ash_heap.pages.bounds.broken, 1);
	made_of(1, &run);
	drop(run);
	ash_hugify_set_threshold(&ash_heap, ASH_HUGE / 8 * 7);
	assert_int_equal(ash_heap.pages.bounds.dense, 112);
	assert_int_equal(ash_heap.pages.bounds.dense_no_more, 96);
	assert_int_equal(ash_heap.pages.bounds.broken, 64);
	if (made == 0)
		skip(); /* the machine has no huge page to give */
}

/* And for how long. */
static void another_delay(void **state)
{
	struct ash_run *run = whole_block();
	uint64_t before = ash_hugify_count(&ash_heap);

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	ash_hugify_set_delay_ms(&ash_heap, 4950);
	ash_hugify_step(&ash_heap, epoch, 100);
	epoch += 49;
	assert_true(ash_hugify_step(&ash_heap, epoch, 100));
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	epoch += 1;
	ash_hugify_step(&ash_heap, epoch, 100);
	ash_hugify_set_delay_ms(&ash_heap, 1000);
	drop(run);
	if (ash_hugify_count(&ash_heap) == before)
		skip(); /* the machine has no huge page to give */
}

/* By request none is made, and the kernel is not told anything. */
static bool any_advice(enum ash_os_call call)
{
	if (call == ASH_OS_MADVISE)
		fail_msg("the kernel was given advice");
	return false;
}

static void none_by_request(void **state)
{
	struct ash_run *run = whole_block();

	(void)state;
	memset(ash_run_address(run), 7, ASH_HUGE);
	ash_huge_advice_init(&ash_heap, ASH_THP_NONE);
	ash_store_relaxed(&ash_os_fault_hook, any_advice);
	wait_and_step();
	ash_huge_advice_mapped(&ash_heap, ash_run_address(run), ASH_HUGE);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	drop(run);
}

/* A kernel that knows no collapse (it says so of an empty range, too) is given advice; last,
 * for it is not asked to collapse any more.  What is free in such a block goes like any other,
 * until it is seen that the kernel has made it huge: by memory that nobody touched. */
static void advice_instead(void **state)
{
	uint64_t before = ash_hugify_count(&ash_heap);
	struct ash_run *run = whole_block();

	(void)state;
	if (!ash_os_thp_allowed(ASH_HUGE, ash_os_thp_policy()))
		skip();
	memset(ash_run_address(run), 7, 120 * ASH_GRANULE);
	assert_true(ash_run_resize(&ash_heap, run, 120));
	ash_purge_all(&ash_heap);
	refuse(EINVAL, 2);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	assert_true(ash_run_resize(&ash_heap, run, 112));
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 8);
	ash_purge_all(&ash_heap);
	assert_int_equal(ash_account_dirty(&ash_heap), 0);
	epoch += 200;
	wait_and_step(); /* advised, and not seen to be huge, unless khugepaged has made it so
			  */
	if (ash_hugify_count(&ash_heap) != before)
		assert_int_equal(ash_os_resident(ash_run_address(run) + 112 * ASH_GRANULE,
						 16 * ASH_GRANULE),
				 16 * ASH_GRANULE / ash_os_page);
	memset(ash_run_address(run) + 112 * ASH_GRANULE, 0, 16 * ASH_GRANULE);
	epoch += 200;
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before + 1);
	assert_int_equal(ash_account_kept(&ash_heap), 16);
	assert_true(ash_run_resize(&ash_heap, run, 10));
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	ash_hugify_step(&ash_heap, epoch + 1, 100); /* withdraws it */
	drop(run);
}

/* --- forks ------------------------------------------------------------------------------- */

/* What was there at a fork is not collapsed while the relative lives, but purged; nor is it
 * advised. */
static void marked_blocks(void **state)
{
	struct ash_run *run = whole_block(), *later;
	uint64_t before = ash_hugify_count(&ash_heap);
	struct relative relative;

	(void)state;
	if (!machine_gives)
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	relative = relative_start(NULL);
	ash_store_relaxed(&ash_os_fault_hook, any_advice);
	wait_and_step();
	wait_and_step();
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	/* What came later is not shared. */
	later = whole_block();
	memset(ash_run_address(later), 7, ASH_HUGE);
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before + 1);
	assert_int_equal(ash_run_block(later)->keep, ASH_KEEP_HUGE);
	/* What is free goes, and what was wholly free is not shared when it is filled anew. */
	assert_true(ash_run_resize(&ash_heap, run, 100));
	assert_int_equal(ash_account_dirty(&ash_heap), 28);
	drop(run);
	run = whole_block();
	memset(ash_run_address(run), 7, ASH_HUGE);
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before + 2);
	drop(run);
	drop(later);
	relative_end(relative);
}

/* The mark ends with the relative. */
static void marks_end(void **state)
{
	struct ash_run *run = whole_block();
	uint64_t before = ash_hugify_count(&ash_heap);
	struct relative first, second;

	(void)state;
	if (!machine_gives)
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	first = relative_start(NULL);
	wait_and_step();
	second = relative_start(NULL);
	relative_end(first);
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	relative_end(second);
	wait_and_step();
	drop(run);
	assert_int_equal(ash_hugify_count(&ash_heap), before + 1);
}

/* A huge page that a fork shared falls apart by writes, and is made again when the relative has
 * ended. */
static void huge_again(void **state)
{
	struct ash_run *run = whole_block();
	uint64_t before = ash_hugify_count(&ash_heap);
	struct relative relative;
	unsigned long kib = huge_kib();

	(void)state;
	if (!machine_gives)
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before + 1);
	relative = relative_start(NULL);
	for (size_t i = 0; i < ASH_HUGE; i += 4096)
		ash_run_address(run)[i] = 8;
	assert_true(huge_kib() < kib + 2048);
	wait_and_step();
	assert_true(huge_kib() < kib + 2048);
	assert_int_equal(ash_run_block(run)->keep, ASH_KEEP_HUGE);
	relative_end(relative);
	wait_and_step();
	assert_true(huge_kib() >= kib + 2048);
	for (size_t i = 0; i < ASH_HUGE; i += 512)
		assert_int_equal(ash_run_address(run)[i], i % 4096 == 0 ? 8 : 7);
	assert_int_equal(ash_run_block(run)->keep, ASH_KEEP_HUGE);
	drop(run);
}

/* In a child that does nothing no descriptor of a waiting block is written to. */
static void untouched_in_the_child(int fd)
{
	struct ash_hugeblock *block[8];
	struct ash_hugeblock was[8];
	unsigned n = 0;

	(void)fd;
	for (struct ash_list *l = ash_heap.pages.dense.next;
	     l != &ash_heap.pages.dense && n < 8; l = l->next, n++) {
		block[n] = ASH_LIST_ENTRY(l, struct ash_hugeblock, dense);
		was[n] = *block[n];
	}
	wait_and_step();
	wait_and_step();
	/* (But for the ends of the list.) */
	for (unsigned i = 1; i + 1 < n; i++)
		if (memcmp(&was[i], block[i], sizeof(was[i])) != 0)
			_exit(2);
	_exit(n != 8);
}

static void idle_child(void **state)
{
	struct ash_run *run[8];
	struct relative relative;
	int status;

	(void)state;
	if (!machine_gives)
		skip();
	for (unsigned i = 0; i < 8; i++)
		run[i] = whole_block();
	relative = relative_start(untouched_in_the_child);
	assert_int_equal(waitpid(relative.pid, &status, 0), relative.pid);
	assert_int_equal(status, 0);
	relative_end(relative);
	for (unsigned i = 0; i < 8; i++)
		drop(run[i]);
}

/* Where a hard limit leaves no room for a whole huge page none is made; and where nothing else
 * is left those with something free fall apart. */
static void under_a_hard_limit(void **state)
{
	struct ash_run *run = whole_block(), *full;
	uint64_t before = ash_hugify_count(&ash_heap);

	(void)state;
	if (!machine_gives)
		skip();
	memset(ash_run_address(run), 7, ASH_HUGE);
	ash_heap.limits.hard = ash_account_held(&ash_heap) + ASH_HUGE - 1;
	wait_and_step();
	assert_int_equal(ash_hugify_count(&ash_heap), before);
	ash_heap.limits.hard = ash_account_held(&ash_heap) + 8 * ASH_HUGE;
	wait_and_step();
	if (ash_hugify_count(&ash_heap) == before)
		skip(); /* the machine has no huge page to give */
	assert_int_equal(ash_account_held(&ash_heap) + 8 * ASH_HUGE, ash_heap.limits.hard);
	full = whole_block();
	memset(ash_run_address(full), 7, ASH_HUGE);
	wait_and_step();
	assert_true(ash_run_resize(&ash_heap, run, 100));
	assert_int_equal(ash_account_kept(&ash_heap), 28);
	ash_hugify_break_some(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_account_kept(&ash_heap), 0);
	assert_int_equal(ash_account_dirty(&ash_heap), 28);
	if (ash_hugify_count(&ash_heap) == before + 2)
		assert_int_equal(ash_run_block(full)->keep, ASH_KEEP_HUGE);
	ash_heap.limits.hard = ASH_NO_LIMIT;
	ash_run_free(&ash_heap, run);
	ash_run_free(&ash_heap, full);
	ash_purge_all(&ash_heap);
}

/* What a program's start reads it reads once; where it asks for none, not at all. */
static void the_setting_is_read_once(void **state)
{
	(void)state;
	ash_store_relaxed(&ash_os_fault_hook, count_opens);
	opens = 0;
	ash_huge_advice_init(&ash_heap, ASH_THP_NEVER);
	assert_int_equal(opens, 0);
	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	assert_int_equal(opens, 1);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

static int up(void **state)
{
	int status = layers_up(state);

	ash_huge_advice_init(&ash_heap, ASH_THP_DEFAULT);
	return status;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_used_blocks),
		cmocka_unit_test(untouched_blocks),
		cmocka_unit_test(refused_collapse),
		cmocka_unit_test(holes_in_huge_pages),
		cmocka_unit_test(another_threshold),
		cmocka_unit_test(another_delay),
		cmocka_unit_test(under_a_hard_limit),
		cmocka_unit_test(none_by_request),
		cmocka_unit_test(marked_blocks),
		cmocka_unit_test(marks_end),
		cmocka_unit_test(huge_again),
		cmocka_unit_test(idle_child),
		cmocka_unit_test(a_locked_page),
		cmocka_unit_test(a_protected_page),
		cmocka_unit_test(many_that_cannot),
		cmocka_unit_test(forbidden_meanwhile),
		cmocka_unit_test(advice_instead),
		cmocka_unit_test(the_setting_is_read_once),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
