/* Changes of level in series: by hand, and in series that are drawn, where it is known whether
 * anything changed. */
#include "harness/test/unit.h"
#include "harness/stats/change.h"
#include "harness/stats/statistics.h"
#include "workloads/shared/rng.h"

#include <math.h>

static struct rng source;

static double uniform(void)
{
	return ((double)(rng_next(&source) >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static void steps_are_found_where_they_are(void **state)
{
	double x[36], again[36];
	struct stat_change found[36], twice[36];

	(void)state;
	for (size_t i = 0; i < 36; i++)
		x[i] = (i < 12 ? 10 : i < 24 ? 12 : 11) + 0.1 * (double)(i * 7 % 5);
	assert_int_equal(stat_changes(x, 36, 0.01, found), 2);
	assert_int_equal(found[0].at, 12);
	assert_int_equal(found[1].at, 24);
	assert_true(found[0].p <= 0.01 && found[0].p >= 0.001);
	/* The same for ever, in any unit. */
	for (size_t i = 0; i < 36; i++)
		again[i] = x[i] * 1024;
	assert_int_equal(stat_changes(again, 36, 0.01, twice), 2);
	assert_true(twice[0].p == found[0].p && twice[1].p == found[1].p);
}

static void what_is_no_change(void **state)
{
	double x[40];
	struct stat_change found[40];

	(void)state;
	for (size_t i = 0; i < 40; i++)
		x[i] = 3;
	assert_int_equal(stat_changes(x, 40, 0.05, found), 0); /* nothing differs */
	x[17] = 300;
	assert_int_equal(stat_changes(x, 40, 0.01, found), 0); /* one wild value */
	x[17] = NAN;
	assert_int_equal(stat_changes(x, 40, 0.01, found), 0);
	assert_int_equal(stat_changes(x, 0, 0.01, found), 0);
}

/* However large: too few values show nothing, the fewest show it. */
static void the_fewest_values(void **state)
{
	static const double levels[] = {0.01, 0.05};
	struct stat_change found[20];
	double x[20];

	(void)state;
	assert_int_equal(stat_change_fewest(0.01), 11);
	assert_int_equal(stat_change_fewest(0.05), 8);
	for (int l = 0; l < 2; l++) {
		size_t n = stat_change_fewest(levels[l]);

		for (size_t i = 0; i < n; i++)
			x[i] = (i < n / 2 ? 1 : 1000) + 0.01 * (double)i;
		assert_int_equal(stat_changes(x, n, levels[l], found), 1);
		assert_int_equal(found[0].at, n / 2);
	}
	for (size_t i = 0; i < 7; i++)
		x[i] = i < 3 ? 1 : 1000;
	assert_int_equal(stat_changes(x, 7, 0.01, found), 0);
	assert_true(isnan(stat_change_smallest(10, 1)));
}

/* Of 400 series in which nothing changed 4 are expected; of normal ones and of skewed ones. */
static void false_alarms(void **state)
{
	struct stat_change found[20];
	double x[20];

	(void)state;
	for (int skewed = 0; skewed < 2; skewed++) {
		int alarms = 0;

		rng_spread(&source, 11);
		for (int k = 0; k < 400; k++) {
			for (size_t i = 0; i < 20; i++)
				x[i] = skewed ? exp(normal()) : normal();
			alarms += stat_changes(x, 20, 0.01, found) > 0;
		}
		print_message("%d of 400\n", alarms);
		assert_in_range(alarms, 0, 12);
	}
}

/* The step that is said to be seen four times in five is, and a third of it hardly ever. */
static void power(void **state)
{
	static const size_t lengths[] = {11, 16, 24, 40};
	struct stat_change found[40];
	double x[40];

	(void)state;
	for (int l = 0; l < 4; l++) {
		size_t n = lengths[l];
		int seen = 0, near = 0, small = 0;

		rng_spread(&source, 5);
		for (int k = 0; k < 100; k++) {
			double step = 2.5 * stat_change_smallest(n, 1);
			size_t changes;

			for (size_t i = 0; i < n; i++)
				x[i] = 2.5 * normal();
			for (size_t i = n / 2; i < n; i++)
				x[i] += step;
			changes = stat_changes(x, n, 0.01, found);
			seen += changes > 0;
			near += changes > 0 && found[0].at + 2 >= n / 2 &&
				found[0].at <= n / 2 + 2;
			for (size_t i = n / 2; i < n; i++)
				x[i] -= step * 2 / 3;
			small += stat_changes(x, n, 0.01, found) > 0;
		}
		print_message("n = %zu: %d, %d of them in place; a third: %d\n", n, seen, near,
			      small);
		assert_in_range(seen, 68, 95);
		assert_in_range(near, seen * 6 / 10, seen);
		assert_in_range(small, 0, 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_found_where_they_are),
		cmocka_unit_test(what_is_no_change),
		cmocka_unit_test(the_fewest_values),
		cmocka_unit_test(false_alarms),
		cmocka_unit_test(power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
