/* The page floor, what is resident and the histogram, against cases counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workloads/lib/footprint.h"
#include "workloads/shared/histogram.h"
#include "workloads/lib/page_floor.h"

static const void *at(uint64_t address)
{
	return (const void *)(uintptr_t)address;
}

static void by_hand(void **state)
{
	struct page_floor f;

	(void)state;
	assert_int_equal(page_floor_start(&f), 0);
	assert_int_equal(page_floor_end(&f), 0);

	assert_int_equal(page_floor_start(&f), 0);
	page_floor_object(&f, at(0x10000), 100, WL_TOUCH_ALL);        /* page 0x10 */
	page_floor_object(&f, at(0x10100), 100, WL_TOUCH_ALL);        /* the same */
	page_floor_object(&f, at(0x11ff0), 32, WL_TOUCH_ALL);         /* 0x11 and 0x12 */
	page_floor_object(&f, at(0x20000), 3 * 4096, WL_TOUCH_FIRST); /* 0x20 alone */
	page_floor_object(&f, at(0x30000), 3 * 4096, WL_TOUCH_PAGES); /* 0x30 to 0x32 */
	page_floor_object(&f, at(0x40000), 4096, WL_TOUCH_NONE);
	page_floor_add(&f, at(0x50000), 0);
	page_floor_add(&f, at(0x50fff), 1); /* 0x50 */
	assert_int_equal(f.objects, 6);
	assert_int_equal(page_floor_end(&f), (1 + 2 + 1 + 3 + 1) * 4096);
}

/* Lines of two threads: a neighbour of another thread's, an object across several lines. */
static void lines_of_threads(void **state)
{
	struct page_floor f;
	uint64_t lines, shared;

	(void)state;
	assert_int_equal(page_floor_start(&f), 0);
	page_floor_object(&f, at(0x1000), 16, WL_TOUCH_ALL);
	page_floor_lines(&f, &lines, &shared);
	assert_int_equal(lines, 0); /* whose it is was not told */
	page_floor_owner(&f, 0);
	page_floor_object(&f, at(0x10000), 16, WL_TOUCH_ALL);
	page_floor_object(&f, at(0x10010), 16, WL_TOUCH_ALL);    /* its own neighbour */
	page_floor_object(&f, at(0x1103f), 130, WL_TOUCH_FIRST); /* 4 lines, all of it */
	page_floor_owner(&f, 1);
	page_floor_object(&f, at(0x10020), 32, WL_TOUCH_ALL); /* the first line's end */
	page_floor_object(&f, at(0x10040), 64, WL_TOUCH_ALL); /* the next one */
	page_floor_object(&f, at(0x110c0), 1, WL_TOUCH_NONE); /* where the 130 bytes end */
	page_floor_owner(&f, 0);
	page_floor_object(&f, at(0x10044), 4, WL_TOUCH_ALL);
	page_floor_lines(&f, &lines, &shared);
	assert_int_equal(lines, 1 + 4 + 1);
	assert_int_equal(shared, 3);
	page_floor_end(&f);
}

/* A range across pieces of 2 MiB, whole and cut, added twice. */
static void ranges(void **state)
{
	struct page_floor f;

	(void)state;
	assert_int_equal(page_floor_start(&f), 0);
	for (int twice = 0; twice < 2; twice++)
		page_floor_add(&f, at(0x7f0000000000 + 4096 * 3 + 1), (size_t)100 << 20);
	/* One byte off the page's start: the end falls into one page more. */
	assert_int_equal(page_floor_end(&f), ((uint64_t)100 << 20) + 4096);
}

/* So many pieces that the set grows, several times. */
static void scattered(void **state)
{
	struct page_floor f;

	(void)state;
	assert_int_equal(page_floor_start(&f), 0);
	for (uint64_t i = 0; i < 20000; i++)
		page_floor_add(&f, at(0x100000000 + i * 3 * PAGE_FLOOR_PIECE + i % 512 * 4096),
			       10);
	assert_int_equal(page_floor_end(&f), 20000 * 4096);
}

static void histogram(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < CHANNEL_HIST_BUCKETS; i++) {
		uint64_t from = histogram_from(i), next = histogram_from(i + 1);

		assert_int_equal(histogram_index(from), i);
		assert_int_equal(histogram_index(next - 1), i);
		assert_true(from < 128 || (next - from) * 128 <= from);
	}
	assert_int_equal(histogram_index(((uint64_t)1 << 40) - 1), CHANNEL_HIST_BUCKETS - 1);
	assert_int_equal(histogram_index(UINT64_MAX), CHANNEL_HIST_BUCKETS - 1);
}

/* Mappings of each kind, as smaps tells them. */
static void resident(void **state)
{
	static const char *const lines[] = {
		/* A file's pages do not count, copies of them do. */
		"555555554000-555555556000 rw-p 00000000 fe:00 99 /usr/bin/some file",
		"Rss:                 800 kB", "Anonymous:           100 kB",
		"VmFlags: rd mr mw me sd",
		/* Without a file, of which some is swapped out and some given back lazily. */
		"7ffff7000000-7ffff7400000 rw-p 00000000 00:00 0", "Rss:                 64 kB",
		"Anonymous:           64 kB", "LazyFree:            24 kB",
		"Swap:                 8 kB", "Private_Hugetlb:   2048 kB",
		/* Shared without a file: all that is there. */
		"7ffff7500000-7ffff7600000 rw-s 00000000 00:01 7 /memfd:it (deleted)",
		"Rss:                 12 kB", "Anonymous:            0 kB",
		/* The stack. */
		"7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0          [stack]",
		"Rss:                 40 kB", "Anonymous:           40 kB",
		/* Lazily freed before anything was counted as held: never less than nothing. */
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]",
		"Anonymous:            0 kB", "LazyFree:             4 kB", ""};
	struct footprint_sum sum = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		footprint_line(&sum, lines[i]);
	assert_int_equal(sum.bytes, (100 + 64 - 24 + 8 + 2048 + 12) * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),   cmocka_unit_test(lines_of_threads),
		cmocka_unit_test(ranges),    cmocka_unit_test(resident),
		cmocka_unit_test(scattered), cmocka_unit_test(histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
