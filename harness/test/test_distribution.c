#include "harness/test/unit.h"
#include "harness/stats/distribution.h"

#include <math.h>

static void percentiles(void **state)
{
	struct distribution d = {0};

	(void)state;
	assert_true(isnan(distribution_percentile(&d, 0.5)));
	for (int i = 999; i >= 0; i--) /* 1000 values in each of [i, i + 1) */
		distribution_add(&d, i, i + 1, 100);
	assert_int_equal(d.count, 100000);
	assert_int_equal(d.nbuckets, 1000);
	assert_true(distribution_percentile(&d, 0.5) == 499.5);
	assert_true(distribution_percentile(&d, 0.99) == 989.5);
	/* exactly 100 values lie beyond this one, fewer beyond the next */
	assert_true(distribution_percentile(&d, 0.999) == 998.5);
	assert_true(isnan(distribution_percentile(&d, 0.9991)));
	d.max_ns = 300;
	assert_true(distribution_percentile(&d, 0.9) == 300);
	distribution_free(&d);
	assert_int_equal(d.count, 0);
}

static void merging_adds_counts(void **state)
{
	struct distribution a = {0}, b = {0};

	(void)state;
	distribution_add(&a, 10, 20, 150);
	distribution_add(&b, 10, 20, 50);
	distribution_add(&b, 40, 50, 200);
	distribution_add(&b, 90, 95, 0);
	a.max_ns = 19;
	b.max_ns = 48;
	distribution_merge(&a, &b);
	assert_int_equal(a.count, 400);
	assert_int_equal(a.nbuckets, 2);
	assert_true(a.max_ns == 48);
	assert_true(distribution_percentile(&a, 0.5) == 15);
	assert_true(distribution_percentile(&a, 0.51) == 45);
	distribution_free(&a);
	distribution_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles),
		cmocka_unit_test(merging_adds_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
