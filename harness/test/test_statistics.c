#include "harness/test/unit.h"
#include "harness/stats/influence.h"
#include "harness/stats/memo.h"
#include "harness/stats/statistics.h"
#include "harness/stats/verdict.h"
#include "workloads/shared/rng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void close_to(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.12g is not within %g of %.12g", got, tolerance, want);
}

/* Known answers, worked out by hand from the definitions. */
static void order_statistics(void **state)
{
	const double x[] = {9, 1, 4, 16, 25, 36, 49};
	const double even[] = {4, 1, 3, 2};

	(void)state;
	close_to(stat_median(x, 7), 16, 0);
	close_to(stat_median(even, 4), 2.5, 0);
	close_to(stat_quantile(x, 7, 0.25), 6.5, 1e-12);
	close_to(stat_quantile(x, 7, 0.9), 41.2, 1e-12);
	close_to(stat_quantile(x, 7, 0), 1, 0);
	close_to(stat_quantile(x, 7, 1), 49, 0);
	close_to(stat_mad(x, 7), 12, 0);
	close_to(stat_mad(even, 4), 1, 0);
	assert_true(isnan(stat_median(x, 0)));
	assert_true(isnan(stat_mad(x, 0)));
	close_to(x[0], 9, 0); /* left as it was */
}

/* The quantiles of a sort, bit for bit, of few and many values, with ties, in any order. */
static void selected_like_sorted(void **state)
{
	const double at[] = {0, 0.013, 0.025, 0.5, 0.75, 0.975, 1};
	struct rng r;
	double x[300], changed[300];

	(void)state;
	rng_spread(&r, 7);
	for (size_t n = 1; n <= 300; n++)
		for (size_t kinds = 1; kinds <= 1000; kinds *= 10) {
			for (size_t i = 0; i < n; i++)
				x[i] = (double)(rng_next(&r) % kinds) / 7;
			if (kinds == 100) /* in order already */
				qsort(x, n, sizeof(*x), stat_ascending);
			memcpy(changed, x, n * sizeof(*x));
			for (size_t k = 0; k < sizeof(at) / sizeof(*at); k++)
				close_to(stat_selected_quantile(changed, n, at[k]),
					 stat_quantile(x, n, at[k]), 0);
			qsort(changed, n, sizeof(*changed), stat_ascending);
			qsort(x, n, sizeof(*x), stat_ascending);
			assert_memory_equal(changed, x, n * sizeof(*x));
		}
	assert_true(isnan(stat_selected_quantile(x, 0, 0.5)));
}

/* First outputs of xoshiro256** from the state 1, 2, 3, 4, as published with its ports. */
static void generator_is_fixed(void **state)
{
	struct rng r = {{1, 2, 3, 4}};
	struct rng again, twin;

	(void)state;
	assert_true(rng_next(&r) == UINT64_C(11520));
	assert_true(rng_next(&r) == UINT64_C(0));
	assert_true(rng_next(&r) == UINT64_C(1509978240));
	assert_true(rng_next(&r) == UINT64_C(1215971899390074240));
	rng_spread(&again, 0);
	/* splitmix64 from 0 */
	assert_true(again.s[0] == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(again.s[1] == UINT64_C(0x6e789e6aa1b965f4));
	rng_spread(&twin, 0);
	for (int i = 0; i < 100; i++)
		assert_true(rng_next(&again) == rng_next(&twin));
}

static void pairing(void **state)
{
	const double a[] = {2, NAN, 8, 0, 3}, b[] = {1, 1, 4, 1, NAN};
	double ratio[5];

	(void)state;
	assert_int_equal(stat_log_ratios(a, b, 5, ratio), 2);
	close_to(ratio[0], log(2), 1e-15);
	close_to(ratio[1], log(2), 1e-15);
}

static void few_values(void **state)
{
	const double same[] = {0.5, 0.5, 0.5}, five[] = {5, 1, 4, 2, 3};
	struct interval i;

	(void)state;
	i = stat_median_interval(same, 0);
	assert_true(i.n == 0 && isnan(i.point) && isnan(i.low) && isnan(i.high));
	i = stat_median_interval(same, 1);
	assert_true(i.n == 1 && i.point == 0.5 && isnan(i.low) && isnan(i.high));
	i = stat_median_interval(same, 3);
	assert_true(i.n == 3 && i.point == 0.5 && i.low == 0.5 && i.high == 0.5);
	/* P(3 or more of 5 draws are the smallest) = 5.8 %: the 2.5 % point is it. */
	i = stat_median_interval(five, 5);
	assert_true(i.n == 5 && i.point == 3 && i.low == 1 && i.high == 5);
	close_to(stat_coverage_limit(5), 0.9375, 0);
	close_to(stat_coverage_limit(1), 0, 0);
}

static void same_data_same_interval(void **state)
{
	double x[40], turned[40];
	struct interval a, b;
	struct rng r;

	(void)state;
	rng_spread(&r, 7);
	for (int i = 0; i < 40; i++)
		x[i] = turned[39 - i] = (double)(rng_next(&r) >> 40);
	a = stat_ratio_interval(x, 0);
	assert_true(isnan(a.point));
	a = stat_median_interval(x, 40);
	b = stat_median_interval(turned, 40);
	assert_true(a.low == b.low && a.high == b.high && a.point == b.point);
	assert_true(a.low < a.point && a.point < a.high);
}

static void geometric_mean(void **state)
{
	double two[] = {log(2), log(2), log(2)}, eight[] = {log(8), log(8)};
	struct stat_group groups[] = {{.x = two, .n = 3, .weight = 1},
				      {.x = eight, .n = 2, .weight = 1}};
	struct interval i;

	(void)state;
	i = stat_geomean_interval(groups, 2);
	close_to(i.point, 4, 1e-12);
	close_to(i.low, 4, 1e-12);
	close_to(i.high, 4, 1e-12);
	assert_int_equal(i.n, 2);
	groups[1].weight = 3;
	close_to(stat_geomean_interval(groups, 2).point, pow(2, 10.0 / 4), 1e-12);
	groups[1].n = 0;
	assert_true(isnan(stat_geomean_interval(groups, 2).point));
	assert_true(isnan(stat_geomean_interval(groups, 0).point));
}

static void weighted_median(void **state)
{
	const double x[] = {3, 1, 2, 10}, same[] = {1, 1, 1, 1}, heavy[] = {1, 1, 1, 5};
	const double thirds[] = {1.0 / 3, 1.0 / 3, 1.0 / 3, 1};

	(void)state;
	close_to(stat_weighted_median(x, same, 4), 2.5, 0);
	close_to(stat_weighted_median(x, same, 3), 2, 0);
	close_to(stat_weighted_median(x, heavy, 4), 10, 0);
	/* Half of the weight on either side of the gap from 3 to 10. */
	close_to(stat_weighted_median(x, thirds, 4), 6.5, 0);
	close_to(stat_weighted_median(x, same, 1), 3, 0);
	assert_true(isnan(stat_weighted_median(x, same, 0)));
}

static void influence(void **state)
{
	const double x[] = {0, 6, 3, -9};
	const size_t apart[] = {0, 1, 2, 3}, kin[] = {7, 7, 2, 3};
	struct stat_influence i;

	(void)state;
	i = stat_influence(x, apart, 4);
	close_to(i.mean, 0, 0);
	close_to(i.median, 1.5, 0);
	close_to(i.least.mean, -2, 1e-15); /* (0 + 3 - 9) / 3 */
	assert_true(i.least.index == 1 && !i.least.kin);
	close_to(i.most.mean, 3, 1e-15); /* (0 + 6 + 3) / 3 */
	assert_true(i.most.index == 3 && !i.most.kin);
	/* 0 and 6 count as one value: (3 + 3 - 9) / 3.  Without 6 the 0 has the whole weight of
	 * the two: (0 + 3 - 9) / 3; without both (3 - 9) / 2. */
	i = stat_influence(x, kin, 4);
	close_to(i.mean, -1, 1e-15);
	close_to(i.median, 1.5, 0); /* the weights of -9 and 0 are half of all: up to 3 */
	close_to(i.least.mean, -3, 1e-15);
	assert_true(i.least.index == 0 && i.least.kin);
	close_to(i.most.mean, 3, 1e-15);
	assert_true(i.most.index == 3 && !i.most.kin);
	/* What leaves nothing is no mean. */
	i = stat_influence(x + 1, kin, 1);
	close_to(i.mean, 6, 0);
	close_to(i.median, 6, 0);
	assert_true(isnan(i.least.mean) && isnan(i.most.mean));
	i = stat_influence(x, kin, 2);
	close_to(i.least.mean, 0, 0);
	close_to(i.most.mean, 6, 0);
	assert_true(!i.least.kin && !i.most.kin);
	assert_true(isnan(stat_influence(x, kin, 0).mean));
}

/* Sums of 12 uniform values: nearly normal, median 0. */
static double noise(struct rng *r)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += rng_unit(r);
	return sum;
}

/* Tables of the t distribution. */
static void student(void **state)
{
	(void)state;
	close_to(stat_student_quantile(0.975, 1), 12.706, 5e-4);
	close_to(stat_student_quantile(0.975, 2), 4.303, 5e-4);
	close_to(stat_student_quantile(0.975, 4), 2.776, 5e-4);
	close_to(stat_student_quantile(0.975, 9), 2.262, 5e-4);
	close_to(stat_student_quantile(0.95, 30), 1.697, 5e-4);
	close_to(stat_student_quantile(0.975, 1000), 1.962, 5e-4);
}

/* How often the interval holds the truth: within 400 trials 3.5 deviations around
 * what the order statistics cover, 93.75 % at 5 values, 97.9 % at 10, 96.5 % at 15. */
static void coverage(void **state)
{
	const size_t sizes[] = {5, 10, 15};
	const int least[] = {358, 382, 373}, most[] = {392, 400, 399};
	struct rng r;

	(void)state;
	rng_spread(&r, 42);
	for (int k = 0; k < 3; k++) {
		int held = 0;

		for (int trial = 0; trial < 400; trial++) {
			struct interval i;
			double x[15];

			for (size_t j = 0; j < sizes[k]; j++)
				x[j] = 0.2 + 0.1 * noise(&r);
			i = stat_ratio_interval(x, sizes[k]);
			held += i.low <= exp(0.2) && exp(0.2) <= i.high;
		}
		assert_in_range(held, least[k], most[k]);
	}
}

/* The same for the mean of six groups of five, which differ in level and in noise. */
static void coverage_of_geomean(void **state)
{
	struct rng r;
	int held = 0;

	(void)state;
	rng_spread(&r, 43);
	for (int trial = 0; trial < 200; trial++) {
		struct stat_group groups[6];
		struct interval i;
		double x[6][5];

		for (int g = 0; g < 6; g++) {
			for (int j = 0; j < 5; j++)
				x[g][j] = 0.1 * g + 0.02 * (g + 1) * noise(&r);
			groups[g] = (struct stat_group){.x = x[g], .n = 5, .weight = 1};
		}
		i = stat_geomean_interval(groups, 6);
		held += i.low <= exp(0.25) && exp(0.25) <= i.high;
	}
	assert_in_range(held, 182, 200);
}

/* And where the noise of one group of five makes that of the mean: no more degrees of freedom
 * than its own are there, and yet what its order statistics cover, 93.75 %, is held. */
static void coverage_of_one_noisy_group(void **state)
{
	struct rng r;
	int held = 0;

	(void)state;
	rng_spread(&r, 44);
	for (int trial = 0; trial < 100; trial++) {
		struct stat_group groups[3];
		struct interval i;
		double x[3][5];

		for (int g = 0; g < 3; g++) {
			for (int j = 0; j < 5; j++)
				x[g][j] = 0.1 * g + (g ? 0.002 : 0.2) * noise(&r);
			groups[g] = (struct stat_group){.x = x[g], .n = 5, .weight = 1};
		}
		i = stat_geomean_interval(groups, 3);
		held += i.low <= exp(0.1) && exp(0.1) <= i.high;
	}
	assert_in_range(held, 85, 100);
}

/* Ranks of bounds from the tables of Mann and Whitney's U (two-sided, 5 %): 4 and 4 have the
 * extremes, 5 and 5 leave two differences at each end, 10 and 10 twenty-three. */
static void unpaired_by_hand(void **state)
{
	static const size_t sizes[] = {4, 5, 10}, left[] = {0, 2, 23};
	double a[60] = {0}, b[60];
	struct interval i;

	(void)state;
	/* All differences are those of b: each value na times. */
	for (size_t k = 0; k < 3; k++) {
		size_t n = sizes[k];

		for (size_t j = 0; j < n; j++)
			b[j] = (double)j;
		i = verdict_unpaired(a, n, b, n);
		close_to(log(i.low), (double)(left[k] / n), 1e-12);
		close_to(log(i.high), (double)(n - 1 - left[k] / n), 1e-12);
		close_to(log(i.point), (double)(n - 1) / 2, 1e-12);
	}
	i = verdict_unpaired(a, 3, b, 4);
	assert_true(isnan(i.low) && i.n == 3);
	assert_false(isnan(verdict_unpaired(a, 3, b, 5).low));
	assert_int_equal(verdict_unpaired(a, 0, b, 5).n, 0);
	/* The approximation goes on where the exact distribution ends. */
	for (size_t j = 0; j < 60; j++)
		b[j] = (double)j;
	i = verdict_unpaired(a, 50, b, 50);
	close_to(log(verdict_unpaired(a, 51, b, 50).low), log(i.low), 1);
	close_to(log(verdict_unpaired(a, 51, b, 50).high), log(i.high), 1);
}

static enum verdict say(double low, double high, size_t n)
{
	struct interval i = {n, sqrt(low * high), low, high, 0};

	return verdict_of(&i, VERDICT_LEAST_PAIRS);
}

static void verdicts(void **state)
{
	const struct interval none = {0, NAN, NAN, NAN, 0}, alone = {9, 1.5, NAN, NAN, 0};

	(void)state;
	assert_int_equal(say(1.05, 1.1, 6), VERDICT_MORE);
	assert_int_equal(say(0.8, 0.97, 6), VERDICT_LESS);
	assert_int_equal(say(0.99, 1.015, 6), VERDICT_SAME);
	assert_int_equal(say(1.001, 1.015, 6), VERDICT_SAME);
	assert_int_equal(say(1.01, 1.03, 6), VERDICT_UNKNOWN);
	assert_int_equal(say(0.5, 2, 6), VERDICT_UNKNOWN);
	assert_int_equal(say(1.05, 1.1, 5), VERDICT_UNKNOWN);
	assert_int_equal(verdict_of(&none, 1), VERDICT_NONE);
	assert_int_equal(verdict_of(&alone, 1), VERDICT_UNKNOWN);
	assert_int_equal(verdict_of_count(1.019), VERDICT_SAME);
	assert_int_equal(verdict_of_count(0.5), VERDICT_LESS);
	assert_int_equal(verdict_of_count(NAN), VERDICT_NONE);
}

/* One value of a cell: noise on the scale of logarithms, and, of the second shape, a disturbed
 * block now and then. */
static double measured(struct rng *r, double spread, bool disturbed)
{
	double x = spread * noise(r);

	return disturbed && rng_next(r) % 10 == 0 ? x + 0.3 : x;
}

/* Of `trials` cells, the number called less, more and same.  `n` blocks each; b is slower by
 * `slower`. */
static void call_cells(bool paired, size_t n, double spread, bool disturbed, double slower,
		       int trials, int calls[5])
{
	struct rng r;

	rng_spread(&r, 44 + n);
	memset(calls, 0, 5 * sizeof(*calls));
	for (int trial = 0; trial < trials; trial++) {
		struct interval i;
		double a[20], b[20];

		for (size_t j = 0; j < n; j++) {
			a[j] = measured(&r, spread, disturbed);
			b[j] = measured(&r, spread, disturbed) + log(slower);
			if (paired)
				b[j] -= a[j];
		}
		i = paired ? stat_ratio_interval(b, n) : verdict_unpaired(a, n, b, n);
		calls[verdict_of(&i, paired ? VERDICT_LEAST_PAIRS : 1)]++;
	}
}

/* The same thing on both sides is called different in at most 5 % of cells, whatever the noise,
 * the blocks and the pairing.  (In 10,000 cells of each it was 4.8 % at most.) */
static void same_is_not_called_different(void **state)
{
	static const struct {
		bool paired;
		size_t blocks;
		double spread;
		bool disturbed;
	} cases[] = {
		{true, 5, 0.2, true},   {true, 6, 0.2, true},    {true, 10, 0.05, true},
		{true, 10, 0.2, false}, {false, 3, 0.2, true},   {false, 4, 0.2, false},
		{false, 5, 0.2, true},  {false, 10, 0.05, true}, {false, 10, 0.2, false},
		{false, 20, 0.5, true},
	};
	const int trials = 300;

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
		int calls[5], different;

		call_cells(cases[k].paired, cases[k].blocks, cases[k].spread,
			   cases[k].disturbed, 1, trials, calls);
		different = calls[VERDICT_LESS] + calls[VERDICT_MORE];
		print_message("# %s, %zu blocks, spread %g%s: %d of %d called different\n",
			      cases[k].paired ? "pairs" : "apart", cases[k].blocks,
			      cases[k].spread, cases[k].disturbed ? ", disturbed" : "",
			      different, trials);
		assert_in_range(different, 0, trials / 20);
	}
}

static void planted_is_found(void **state)
{
	const int trials = 100;
	int calls[5];

	(void)state;
	for (int paired = 0; paired < 2; paired++) {
		call_cells(paired, 10, 0.03, false, 1.1, trials, calls);
		assert_in_range(calls[VERDICT_MORE], 95, 100);
		assert_int_equal(calls[VERDICT_LESS] + calls[VERDICT_SAME], 0);
		call_cells(paired, 10, 0.03, false, 1 / 1.1, trials, calls);
		assert_in_range(calls[VERDICT_LESS], 95, 100);
		call_cells(paired, 10, 0.02, true, 1.1, trials, calls);
		assert_in_range(calls[VERDICT_MORE], 75, 100);
		call_cells(paired, 10, 0.005, false, 1, trials, calls);
		assert_in_range(calls[VERDICT_SAME], 95, 100);
	}
}

static double first_of(const double mean[2], const void *unused)
{
	(void)unused;
	return mean[0];
}

static double product(const double mean[2], const void *factor)
{
	return *(const double *)factor * mean[0] * mean[1];
}

/* What one mean alone makes has that mean's interval; time and memory of a block stay together,
 * so that where one makes up for the other in every block nothing is left to doubt. */
static void two_means_of_the_same_blocks(void **state)
{
	const double time[] = {-0.3, 0.1, 0.25, -0.05, 0.4, 0.02, -0.11};
	const double memory[] = {0.3, -0.1, -0.25, 0.05, -0.4, -0.02, 0.11}, factor = 3;
	const double other[] = {0.2, 0.21, 0.19, 0.25, 0.3};
	const struct stat_group alone[] = {{.x = time, .n = 7, .weight = 1},
					   {.x = other, .n = 5, .weight = 0.5}};
	const struct stat_pairs members[] = {{.x = {time, memory}, .n = 7, .weight = {1, 1}},
					     {.x = {other, NULL}, .n = 5, .weight = {0.5, 0}}};
	struct interval want = stat_geomean_interval(alone, 2);
	struct interval got = stat_combined_interval(members, 2, first_of, NULL);

	(void)state;
	close_to(got.point, want.point, 1e-12);
	close_to(got.low, want.low, 1e-12);
	close_to(got.high, want.high, 1e-12);
	assert_int_equal(got.n, 5);
	got = stat_combined_interval(members, 1, product, &factor);
	close_to(got.point, 3, 1e-12);
	close_to(got.low, 3, 1e-12);
	close_to(got.high, 3, 1e-12);
	/* Of the first mean alone there is no second. */
	got = stat_combined_interval(members + 1, 1, product, &factor);
	assert_true(isnan(got.point));
	got = stat_combined_interval(members, 0, first_of, NULL);
	assert_true(isnan(got.point) && isnan(got.low) && got.n == 0);
}

/* An interval asked for again is found and not drawn again; what differs in a value, its place,
 * a weight or a machine is another. */
static void computed_once(void **state)
{
	const double x[] = {4, 1, 3, 2, 9, 7, 5}, y[] = {4, 1, 3.5, 5, 9, 7, 5};
	const size_t machine[] = {0, 0, 0, 0, 1, 1, 1}, other[] = {0, 0, 0, 1, 1, 1, 1};
	struct stat_group groups[] = {{.x = x, .n = 7, .weight = 1},
				      {.x = y, .n = 7, .weight = 1}};
	struct interval first = stat_median_interval(x, 7), again, geomean;
	size_t before = memo_found();

	(void)state;
	again = stat_median_interval(x, 7);
	assert_int_equal(memo_found(), before + 1);
	assert_memory_equal(&again, &first, sizeof(first));
	/* A ratio is the same on another scale. */
	again = stat_ratio_interval(x, 7);
	assert_int_equal(memo_found(), before + 2);
	close_to(again.low, exp(first.low), 0);
	close_to(stat_median_interval(y, 7).point, 5, 0);
	stat_median_interval(x, 6);
	stat_median_interval_of(x, 7, (struct stat_strata){machine, false});
	stat_median_interval_of(x, 7, (struct stat_strata){machine, true});
	stat_median_interval_of(x, 7, (struct stat_strata){other, false});
	geomean = stat_geomean_interval(groups, 2);
	groups[1].weight = 2;
	assert_true(stat_geomean_interval(groups, 2).point > geomean.point);
	assert_int_equal(memo_found(), before + 2);
}

/* More than are kept: those are forgotten, and computed again to the same. */
static void forgets(void **state)
{
	struct interval seven = {7, 7, 6, 8, 0}, found;
	size_t known = 0;

	(void)state;
	for (size_t i = 0; i < 2 * MEMO_MOST + 10; i++) {
		struct interval one = {i, (double)i, 0, 0, 0};
		struct memo_key key = {0};

		memo_add(&key, "of a test", 9);
		memo_add(&key, &i, sizeof(i));
		assert_false(memo_find(&key, &found));
		memo_keep(&key, i == 7 ? &seven : &one);
		assert_null(key.bytes);
	}
	for (size_t i = 0; i < 2 * MEMO_MOST + 10; i++) {
		struct memo_key key = {0};

		memo_add(&key, "of a test", 9);
		memo_add(&key, &i, sizeof(i));
		if (memo_find(&key, &found)) {
			assert_int_equal(found.n, i);
			known++;
		}
		memo_key_free(&key);
	}
	assert_true(known > 0 && known <= MEMO_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(computed_once),
		cmocka_unit_test(forgets),
		cmocka_unit_test(two_means_of_the_same_blocks),
		cmocka_unit_test(order_statistics),
		cmocka_unit_test(selected_like_sorted),
		cmocka_unit_test(generator_is_fixed),
		cmocka_unit_test(pairing),
		cmocka_unit_test(few_values),
		cmocka_unit_test(same_data_same_interval),
		cmocka_unit_test(geometric_mean),
		cmocka_unit_test(weighted_median),
		cmocka_unit_test(influence),
		cmocka_unit_test(student),
		cmocka_unit_test(coverage),
		cmocka_unit_test(coverage_of_geomean),
		cmocka_unit_test(coverage_of_one_noisy_group),
		cmocka_unit_test(unpaired_by_hand),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(same_is_not_called_different),
		cmocka_unit_test(planted_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
