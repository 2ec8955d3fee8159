/* Scatter that is of groups, and intervals that know of machines. */
#include "harness/test/unit.h"
#include "harness/stats/one_way.h"
#include "harness/stats/statistics.h"
#include "workloads/shared/rng.h"

#include <math.h>
#include <stdbool.h>

static void close_to(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.12g is not within %g of %.12g", got, tolerance, want);
}

static double normal(struct rng *r)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += rng_unit(r);
	return sum;
}

/* Worked out by hand: the mean squares are 16 and 2 over groups of two; 18.75 and 1 over groups
 * that count as 1.5. */
static void by_hand(void **state)
{
	const double x[] = {5, 1, 7, 3}, y[] = {1, 7, 2, 3};
	const size_t of_x[] = {9, 4, 9, 4}, of_y[] = {0, 1, 0, 0}, one[] = {2, 2, 2, 2};
	struct stat_one_way r = stat_one_way(x, of_x, 4);

	(void)state;
	assert_int_equal(r.groups, 2);
	close_to(r.within, 2, 1e-12);
	close_to(r.between, 7, 1e-12);
	close_to(r.share, 7.0 / 9, 1e-12);
	close_to(r.p, 1.0 / 3, 0.05); /* two of six ways to part four values */
	r = stat_one_way(y, of_y, 4);
	close_to(r.within, 1, 1e-12);
	close_to(r.between, 17.75 / 1.5, 1e-12);
	r = stat_one_way(x, one, 4);
	assert_int_equal(r.groups, 1);
	assert_true(isnan(r.share) && isnan(r.p));
	r = stat_one_way(x, of_x, 2); /* a value each */
	assert_true(isnan(r.share));
	assert_int_equal(stat_one_way(x, of_x, 0).groups, 0);
}

/* Groups of 3 to 8 values with a variance of theirs that is planted. */
static double planted_share(double between, double *rejected)
{
	struct rng r;
	double sum = 0, sum_within = 0;
	const int trials = 300;

	rng_spread(&r, 17);
	*rejected = 0;
	for (int t = 0; t < trials; t++) {
		double x[80];
		size_t group[80], n = 0;
		struct stat_one_way one;

		for (size_t g = 0; g < 10; g++) {
			double off = sqrt(between) * normal(&r);

			for (size_t i = 0; i < 3 + g % 6; i++, n++) {
				x[n] = off + normal(&r);
				group[n] = g;
			}
		}
		one = stat_one_way(x, group, n);
		sum += one.between;
		sum_within += one.within;
		*rejected += (one.p <= 0.05) / (double)trials;
	}
	close_to(sum_within / trials, 1, 0.05);
	return sum / trials;
}

static void planted_variance(void **state)
{
	double rejected;

	(void)state;
	close_to(planted_share(1, &rejected), 1, 0.1);
	assert_true(rejected > 0.95);
	close_to(planted_share(0.25, &rejected), 0.25, 0.05);
	assert_true(planted_share(0, &rejected) < 0.06); /* what is cut off at 0 */
	close_to(rejected, 0.05, 0.04);
}

/* Without machines, or with one, nothing changes; machines of a value each are one. */
static void one_machine(void **state)
{
	const double x[] = {0.3, -0.1, 0.25, 0.05, -0.4, -0.02, 0.11};
	const size_t same[] = {3, 3, 3, 3, 3, 3, 3}, each[] = {0, 1, 2, 3, 4, 5, 6};
	struct interval plain = stat_ratio_interval(x, 7), got;

	(void)state;
	got = stat_ratio_interval_of(x, 7, (struct stat_strata){same, false});
	close_to(got.low, plain.low, 0);
	close_to(got.high, plain.high, 0);
	got = stat_ratio_interval_of(x, 7, (struct stat_strata){each, false});
	close_to(got.low, plain.low, 0);
	got = stat_ratio_interval_of(x, 7, (struct stat_strata){same, true});
	close_to(got.low, plain.low, 0);
}

/* How often intervals hold what they are of, and how wide they are, where five machines of six
 * blocks differ more than their blocks do.  `fixed`: the same machines again; their middle is
 * that of their own levels. */
static double coverage(const struct stat_strata *strata, bool fixed, double *width)
{
	static const double levels[] = {-1, -0.5, 0, 0.5, 1};
	struct rng r;
	const int trials = 160;
	int held = 0;

	rng_spread(&r, 4);
	*width = 0;
	for (int t = 0; t < trials; t++) {
		double x[30];
		struct interval i;

		for (int m = 0; m < 5; m++) {
			double level = fixed ? levels[m] : normal(&r);

			for (int b = 0; b < 6; b++)
				x[6 * m + b] = level + 0.3 * normal(&r);
		}
		i = stat_median_interval_of(x, 30, *strata);
		held += i.low <= 0 && 0 <= i.high;
		*width += (i.high - i.low) / trials;
	}
	return (double)held / trials;
}

static void coverage_with_machines(void **state)
{
	size_t of[30];
	const struct stat_strata none = {NULL, false}, given = {of, false}, drawn = {of, true};
	double of_none, of_given, of_drawn, width;

	(void)state;
	for (size_t i = 0; i < 30; i++)
		of[i] = i / 6;
	of_none = coverage(&none, true, &width);
	of_given = coverage(&given, true, &of_drawn);
	assert_true(of_given > 0.92 && of_none > 0.92);
	assert_true(of_drawn < 0.8 * width); /* narrower, as machines are not drawn */
	/* Other machines: blocks alone promise far too much. */
	of_none = coverage(&none, false, &width);
	of_drawn = coverage(&drawn, false, &width);
	if (!(of_none < 0.8 && of_drawn > 0.9))
		fail_msg("%.3f of blocks alone, %.3f of machines", of_none, of_drawn);
}

/* How often the mean over `cells` that were all on the same `machines` holds what it is of,
 * where a machine does the same to every cell. */
static double coverage_of_mean(size_t cells, size_t machines, size_t *carried)
{
	double x[8][48];
	size_t of[48];
	struct stat_group groups[8];
	struct rng r;
	const int trials = 60;
	int held = 0;

	rng_spread(&r, 11);
	for (int t = 0; t < trials; t++) {
		struct interval i;

		for (size_t m = 0; m < machines; m++) {
			double level = normal(&r);

			for (size_t c = 0; c < cells; c++)
				for (size_t b = 0; b < 6; b++)
					x[c][6 * m + b] = level + 0.3 * normal(&r);
		}
		for (size_t b = 0; b < 6 * machines; b++)
			of[b] = b / 6;
		for (size_t c = 0; c < cells; c++)
			groups[c] = (struct stat_group){x[c], 6 * machines, 1, {of, true}};
		i = stat_geomean_interval(groups, cells);
		*carried = i.machines;
		held += i.low <= 1 && 1 <= i.high;
	}
	return (double)held / trials;
}

/* More cells do not tell more of machines, and of few of those an interval holds little. */
static void machines_are_common(void **state)
{
	size_t machines;
	double of_few;

	(void)state;
	if (coverage_of_mean(8, 8, &machines) < 0.9)
		fail_msg("%.3f of eight cells", coverage_of_mean(8, 8, &machines));
	assert_int_equal(machines, 8);
	of_few = coverage_of_mean(8, 2, &machines);
	assert_int_equal(machines, 2);
	assert_true(of_few < 0.8);
}

/* Cells that were on other machines each, and one that was on a machine alone. */
static void machines_of_their_own(void **state)
{
	const double x[] = {0.1, 0.3, 0.2, 0.4, -0.1, 0, 0.15, 0.22};
	const size_t some[] = {1, 1, 7, 7, 4, 4, 4, 4}, others[] = {9, 9, 9, 9, 2, 2, 3, 3},
		     one[] = {5, 5, 5, 5, 5, 5, 5, 5};
	const struct stat_group apart[] = {{x, 8, 1, {some, true}}, {x, 8, 1, {others, true}}},
				alone[] = {{x, 8, 1, {some, true}}, {x, 8, 1, {one, true}}};
	struct interval i = stat_geomean_interval(apart, 2);

	(void)state;
	assert_true(i.low < i.point && i.point < i.high);
	assert_int_equal(i.machines, 3);
	i = stat_geomean_interval(alone, 2);
	assert_true(i.low < i.point && i.point < i.high);
	assert_int_equal(i.machines, 1);
	assert_int_equal(
		stat_ratio_interval_of(x, 8, (struct stat_strata){some, false}).machines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(planted_variance),
		cmocka_unit_test(one_machine),
		cmocka_unit_test(coverage_with_machines),
		cmocka_unit_test(machines_are_common),
		cmocka_unit_test(machines_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
