#include "test/support/unit.h"

#include <string.h>

#include "util/bitmap.h"
#include "util/prng.h"

#define BITS 128

/* The slow and obvious versions. */
static unsigned naive_longest(const uint64_t *map)
{
	unsigned longest = 0, now = 0;

	for (unsigned i = 0; i < BITS; i++) {
		now = ash_bitmap_test(map, i) ? 0 : now + 1;
		if (now > longest)
			longest = now;
	}
	return longest;
}

static unsigned naive_find(const uint64_t *map, unsigned count, unsigned align)
{
	for (unsigned at = 0; at + count <= BITS; at += align) {
		unsigned n = 0;

		while (n < count && !ash_bitmap_test(map, at + n))
			n++;
		if (n == count)
			return at;
	}
	return BITS;
}

static void random_map(uint64_t *map, struct ash_prng *prng)
{
	memset(map, 0, BITS / 8);
	for (unsigned i = 0; i < 6; i++) {
		unsigned first = (unsigned)ash_prng_below(prng, BITS);

		ash_bitmap_set_range(map, first,
				     1 + (unsigned)ash_prng_below(prng, BITS - first));
		first = (unsigned)ash_prng_below(prng, BITS);
		ash_bitmap_clear_range(map, first,
				       1 + (unsigned)ash_prng_below(prng, BITS - first));
	}
}

static void ranges(void **state)
{
	(void)state;
	for (unsigned first = 0; first < BITS; first++)
		for (unsigned count = 1; first + count <= BITS; count += 5) {
			uint64_t map[2] = {0, 0};

			ash_bitmap_set_range(map, first, count);
			for (unsigned i = 0; i < BITS; i++)
				assert_int_equal(ash_bitmap_test(map, i),
						 i >= first && i < first + count);
			assert_int_equal(ash_bitmap_next(map, BITS, 0, true), first);
			assert_int_equal(ash_bitmap_next(map, BITS, first, false),
					 first + count);
			ash_bitmap_clear_range(map, first, count);
			assert_true(map[0] == 0 && map[1] == 0);
		}
}

static void searches_agree_with_the_obvious(void **state)
{
	struct ash_prng prng = ash_prng_seeded(1);

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t map[2];

		random_map(map, &prng);
		assert_int_equal(ash_bitmap_longest_clear(map, BITS), naive_longest(map));
		for (unsigned align = 1; align <= 64; align *= 2)
			for (unsigned count = 1; count <= BITS; count += 9)
				assert_int_equal(ash_bitmap_find_run(map, BITS, count, align),
						 naive_find(map, count, align));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(searches_agree_with_the_obvious),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
