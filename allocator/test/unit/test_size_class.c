#include "test/support/unit.h"

#include "meta/large_size.h"
#include "meta/page_size.h"
#include "meta/size_class.h"

/* Every size: the class fits, the one before does not, and the waste keeps its bound. */
static void every_size(void **state)
{
	(void)state;
	for (size_t n = 1; n <= ASH_SMALL_MAX; n++) {
		unsigned c = ash_class_of(n);
		size_t size = ash_class_size(c);

		assert_true(c >= 1 && c < ASH_CLASSES && size >= n);
		assert_true(c == 1 || ash_class_size(c - 1) < n);
		if (n > 256 && (n <= 2048 || n > 8192))
			assert_true((size - n) * 9 < size);
		else if (n > ASH_SMALL_STEP_MAX)
			assert_true((size - n) * 6 < size);
		else
			assert_true(size - n < ASH_SMALL_STEP);
	}
}

/* The share of waste with all sizes of a range equally likely, in 1/1000. */
static unsigned mean_waste(size_t from, size_t to)
{
	uint64_t wasted = 0, used = 0;

	for (size_t n = from; n <= to; n++) {
		used += ash_class_size(ash_class_of(n));
		wasted += ash_class_size(ash_class_of(n)) - n;
	}
	return (unsigned)(wasted * 1000 / used);
}

static void mean_waste_is_small(void **state)
{
	(void)state;
	assert_true(mean_waste(16, 512) <= 54);
	assert_true(mean_waste(513, 2048) <= 38);
	assert_true(mean_waste(513, 16384) <= 46);
	assert_true(mean_waste(8193, ASH_SMALL_MAX) <= 38);
}

/* A block of a power of two behind a small header, as programs have them by the thousand:
 * sqlite holds 18,900 of 1,032 bytes and 4,800 of 4,368, its pages. */
static void headers_waste_little(void **state)
{
	const size_t page = 4096 + 272; /* sqlite 3.40, where pointers have 8 bytes */

	(void)state;
	for (size_t block = 1024; block < ASH_SMALL_MAX; block *= 2) {
		size_t least = ash_class_size(ash_class_of(block + 1));

		assert_true(least - block <= block / 12);
		assert_true(ash_class_of(block + block / 16) == ash_class_of(block + 1));
	}
	assert_true((ash_class_size(ash_class_of(page)) - page) * 64 < page);
}

static void slabs(void **state)
{
	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_size_class *sc = &ash_size_classes[c];
		size_t bytes = sc->granules * ASH_GRANULE;
		size_t tail = bytes - (size_t)sc->regions * sc->size;

		assert_true(sc->granules >= 1 && sc->granules <= 16 && sc->regions >= 8);
		assert_true(tail < sc->size && tail * 32 <= bytes);
		assert_true(sc->regions <= 1024u * sc->granules);
		if (sc->size >= 2048)
			assert_true(sc->granules >= 12);
	}
}

static size_t tail(size_t size, unsigned granules)
{
	return granules * ASH_GRANULE % size;
}

/* The rule that the table's numbers of granules come from. */
static unsigned best_granules(size_t size)
{
	bool small = size < 2048;
	unsigned least = small ? 4 : 12, most = small ? 8 : 16, best = least;

	if (size <= 512)
		return 1;
	for (unsigned g = least + 1; g <= most; g++) {
		size_t here = tail(size, g) * best, there = tail(size, best) * g;

		if (here < there ||
		    (!small && (here == there || best * ASH_GRANULE < 8 * size)))
			best = g;
	}
	return best;
}

/* A group is the least number of regions that fill whole lines; above the lined classes one. */
static void groups_fill_lines(void **state)
{
	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		unsigned group = 1;

		while (group * ash_class_size(c) % ASH_CACHE_LINE != 0)
			group++;
		assert_int_equal(ash_class_group(c), group);
		assert_true(c < ASH_LINED_CLASSES || group == 1);
	}
}

static void granules_follow_their_rule(void **state)
{
	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		assert_int_equal(ash_size_classes[c].granules,
				 best_granules(ash_class_size(c)));
}

static void every_region_index(void **state)
{
	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_size_class *sc = &ash_size_classes[c];

		for (size_t offset = 0; offset < sc->granules * ASH_GRANULE; offset++) {
			uint64_t at = ash_region_at(sc->reciprocal, offset);

			if (ash_region_index(sc->reciprocal, offset) != offset / sc->size ||
			    (offset % sc->size == 0 ? at != offset / sc->size
						    : at <= UINT16_MAX))
				fail_msg("class %u offset %zu", c, offset);
		}
	}
}

static void alignment(void **state)
{
	(void)state;
	for (size_t align = 16; align <= ASH_GRANULE; align *= 2) {
		for (size_t n = 0; n <= ASH_SMALL_MAX; n += 1 + n / 64) {
			unsigned c = ash_size_class_aligned(n, align);

			assert_true(c != 0 && ash_class_size(c) >= n &&
				    ash_class_size(c) % align == 0);
			for (unsigned d = 1; d < c; d++)
				assert_true(ash_class_size(d) < n ||
					    ash_class_size(d) % align != 0);
		}
	}
	assert_int_equal(ash_size_class_aligned(1, 2 * ASH_GRANULE), 0);
	assert_int_equal(ash_size_class_aligned(ASH_SMALL_MAX + 1, 16), 0);
}

/* jemalloc's lengths of runs, from an OS page to 7 EiB. */
static void page_sizes(void **state)
{
	unsigned n;

	(void)state;
	ash_os_init();
	n = ash_page_sizes();
	assert_true(n <= ASH_PAGE_SIZES_MOST);
	assert_int_equal(ash_page_size(0), ash_os_page);
	assert_int_equal(ash_page_size(8), 10 * ash_os_page);
	assert_true(ash_page_size(n - 1) == (size_t)7 << 60);
	for (unsigned i = 0; i < n; i++) {
		size_t size = ash_page_size(i);

		assert_int_equal(ash_page_size_below(size), i);
		assert_int_equal(ash_page_size_below(size + 1), i);
		assert_int_equal(ash_page_size_below(size - 1), i > 0 ? i - 1 : 0);
		assert_true(i == 0 || size > ash_page_size(i - 1));
	}
	assert_int_equal(ash_page_size_below(SIZE_MAX), n - 1);
}

static void large_sizes(void **state)
{
	(void)state;
	assert_int_equal(ash_large_size(0), 40960);
	assert_true(ash_large_size(ASH_LARGE_SIZES - 1) == (size_t)7 << 60);
	assert_int_equal(ash_large_size_above(0), 0);
	assert_int_equal(ash_large_size_above(ASH_SMALL_MAX), 0);
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		size_t size = ash_large_size(i);

		assert_true(i == 0 || size > ash_large_size(i - 1));
		assert_int_equal(ash_large_size_above(size), i);
		assert_int_equal(ash_large_size_above(size - 1), i);
		assert_int_equal(ash_large_size_above(size + 1),
				 i + 1 < ASH_LARGE_SIZES ? i + 1 : i);
	}
	assert_int_equal(ash_large_size_above(SIZE_MAX), ASH_LARGE_SIZES - 1);
	for (size_t bytes = 1024; bytes <= 4 * ASH_LARGE_BY_8K_MAX; bytes += 1024) {
		unsigned i = ash_large_size_above(bytes);

		assert_true(ash_large_size(i) >= bytes);
		assert_true(i == 0 || ash_large_size(i - 1) < bytes);
	}
	assert_true(ash_large_size(ASH_LARGE_FREQUENT - 1) == (size_t)32 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(mean_waste_is_small),
		cmocka_unit_test(headers_waste_little),
		cmocka_unit_test(slabs),
		cmocka_unit_test(groups_fill_lines),
		cmocka_unit_test(granules_follow_their_rule),
		cmocka_unit_test(every_region_index),
		cmocka_unit_test(alignment),
		cmocka_unit_test(page_sizes),
		cmocka_unit_test(large_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
