#include "test/support/unit.h"
#include "util/bits.h"

static void powers_of_two(void **state)
{
	(void)state;
	assert_false(ash_is_pow2(0));
	assert_false(ash_is_pow2(SIZE_MAX));
	for (unsigned i = 0; i < 64; i++) {
		assert_true(ash_is_pow2((size_t)1 << i));
		assert_int_equal(ash_log2_floor((uint64_t)1 << i), i);
		assert_int_equal(ash_log2_ceil((uint64_t)1 << i), i);
		assert_int_equal(ash_pow2_ceil((uint64_t)1 << i), (uint64_t)1 << i);
	}
	for (uint64_t n = 3; n < 5000; n++) {
		unsigned lg = ash_log2_ceil(n);

		assert_true(((uint64_t)1 << lg) >= n);
		assert_true(((uint64_t)1 << (lg - 1)) < n);
	}
}

static void rounding(void **state)
{
	(void)state;
	for (size_t align = 1; align <= 4096; align *= 2)
		for (size_t n = 0; n < 10000; n += 7) {
			size_t up = ash_align_up(n, align), down = ash_align_down(n, align);

			assert_true(up >= n && up - n < align && up % align == 0);
			assert_true(down <= n && n - down < align && down % align == 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_of_two),
		cmocka_unit_test(rounding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
