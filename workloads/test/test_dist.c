/* Distributions against their formulas: the tolerances are five standard errors at
 * the number of draws, so a right generator passes at nearly every seed and a wrong
 * parameter fails. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "workloads/servers/data/tables.h"
#include "workloads/lib/dist.h"
#include "workloads/servers/kv_schedule.h"
#include "workloads/shared/workload.h"

#define N 200000

static double values[N];

static int ascending(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static double quantile(double p)
{
	qsort(values, N, sizeof(values[0]), ascending);
	return values[(size_t)(p * N)];
}

/* The share of values below x must be p, whatever the distribution. */
static void assert_share_below(double x, double p)
{
	double below = 0;

	for (int i = 0; i < N; i++)
		below += values[i] < x;
	assert_true(fabs(below / N - p) < 5 * sqrt(p * (1 - p) / N));
}

static void same_seed_same_numbers(void **state)
{
	struct rng a, b, c;
	int same = 0;

	(void)state;
	rng_seed(&a, 1, 0);
	rng_seed(&b, 1, 0);
	rng_seed(&c, 1, 1);
	for (int i = 0; i < 1000; i++) {
		uint64_t x = rng_next(&a);

		assert_true(x == rng_next(&b));
		same += x == rng_next(&c);
	}
	assert_int_equal(same, 0);
	/* Every bit is set half the time. */
	for (int bit = 0; bit < 64; bit++) {
		int set = 0;

		for (int i = 0; i < 10000; i++)
			set += rng_next(&a) >> bit & 1;
		assert_in_range(set, 4750, 5250);
	}
}

static void uniform(void **state)
{
	struct rng r;
	double sum = 0;

	(void)state;
	rng_seed(&r, 2, 0);
	for (int i = 0; i < N; i++) {
		uint64_t v = dist_uniform(&r, 10, 19);

		assert_in_range(v, 10, 19);
		sum += (double)v;
	}
	assert_true(fabs(sum / N - 14.5) < 5 * sqrt(99.0 / 12 / N));
	for (int i = 0; i < 100; i++)
		assert_int_equal(dist_uniform(&r, 7, 7), 7);
}

static void loguniform(void **state)
{
	struct rng r;
	double sum = 0;

	(void)state;
	rng_seed(&r, 3, 0);
	for (int i = 0; i < N; i++) {
		uint64_t v = dist_loguniform(&r, 512, 16383);

		assert_in_range(v, 512, 16383);
		values[i] = (double)v;
	}
	/* The mean, within five standard errors; a draw's standard deviation is below it. */
	for (int i = 0; i < N; i++)
		sum += values[i];
	assert_true(fabs(sum / N / dist_loguniform_mean(512, 16383) - 1) < 5 / sqrt(N));
	assert_true(dist_loguniform_mean(9, 8) == 9 && dist_loguniform_mean(9, 3) == 9);
	/* Five doublings: a fifth below each. */
	assert_share_below(1024, 0.2);
	assert_share_below(2048, 0.4);
	assert_share_below(8192, 0.8);
}

static void exponential(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 4, 0);
	for (int i = 0; i < N; i++)
		values[i] = dist_exponential(&r, 3);
	assert_share_below(3 * log(2), 0.5);
	assert_share_below(3 * log(100), 0.99);
	assert_share_below(0.03, 1 - exp(-0.01));
}

static void lognormal(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 5, 0);
	for (int i = 0; i < N; i++)
		values[i] = dist_lognormal(&r, 2, 0.5);
	assert_share_below(exp(2), 0.5);
	assert_share_below(exp(2 + 0.5), 0.8413447);
	assert_share_below(exp(2 - 0.5 * 2), 0.0227501);
}

static void pareto(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 6, 0);
	for (int i = 0; i < N; i++)
		values[i] = dist_pareto(&r, 15, 214.476, 0.348238);
	for (double p = 0.1; p < 0.95; p += 0.2)
		assert_share_below(15 + 214.476 * (pow(1 - p, -0.348238) - 1) / 0.348238, p);
	assert_true(quantile(0) >= 15);
}

static void extreme(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 7, 0);
	for (int i = 0; i < N; i++)
		values[i] = dist_extreme(&r, 30.7984, 8.20449, 0.078688);
	for (double p = 0.1; p < 0.95; p += 0.2)
		assert_share_below(30.7984 + 8.20449 * (pow(-log(p), -0.078688) - 1) / 0.078688,
				   p);
}

static void zipf_of(double exponent, uint64_t n, uint64_t seed)
{
	struct dist_zipf z;
	struct rng r;
	double sum = 0, hits[4] = {0};

	rng_seed(&r, seed, 0);
	dist_zipf_init(&z, n, exponent);
	for (uint64_t k = 1; k <= n; k++)
		sum += pow((double)k, -exponent);
	for (int i = 0; i < N; i++) {
		uint64_t k = dist_zipf_pick(&z, &r);

		assert_in_range(k, 1, n);
		if (k <= 3)
			hits[k]++;
		hits[0] += k == n;
	}
	for (uint64_t k = 0; k <= 3; k++) {
		double p = pow(k ? (double)k : (double)n, -exponent) / sum;

		assert_true(fabs(hits[k] / N - p) < 5 * sqrt(p * (1 - p) / N));
	}
}

static void zipf(void **state)
{
	(void)state;
	zipf_of(0, 10, 8);
	zipf_of(0.5, 100, 9);
	zipf_of(0.99, 1000, 10);
	zipf_of(1, 1000, 11);
	zipf_of(1.88, 100000, 12);
}

static void alias(void **state)
{
	static const double weights[] = {0, 1, 2, 3, 0, 94, 0.001};
	struct dist_alias a;
	struct rng r;
	double hits[7] = {0};

	(void)state;
	rng_seed(&r, 13, 0);
	dist_alias_init(&a, weights, 7);
	for (int i = 0; i < N; i++)
		hits[dist_alias_pick(&a, &r)]++;
	for (int i = 0; i < 7; i++) {
		double p = weights[i] / 100.001;

		assert_true(fabs(hits[i] / N - p) <= 5 * sqrt(p * (1 - p) / N) + 1e-9);
	}
}

/* What the source's full tables give, per binary: median and 90 % of allocated sizes,
 * and the mean size up to 1 MiB. */
static const struct {
	const struct fleet_table *table;
	unsigned p50, p90;
	double mean_alloc, mean_live;
} fleet[] = {
	{&fleet_0, 64, 376, 475.41, 787.94},   {&fleet_1, 48, 184, 197.29, 124.13},
	{&fleet_2, 48, 240, 207.92, 984.60},   {&fleet_3, 48, 256, 414.66, 198.29},
	{&fleet_4, 48, 296, 353.55, 212.01},   {&fleet_5, 48, 240, 287.08, 187.41},
	{&fleet_6, 64, 1040, 637.75, 97.72},   {&fleet_7, 64, 328, 368.45, 887.32},
	{&fleet_8, 48, 1664, 1332.06, 320.18}, {&fleet_9, 48, 208, 334.35, 169.38},
};

/* The tables' columns are shares of a whole, and the picks follow them. */
static void one_fleet(int b)
{
	const struct fleet_row *rows = fleet[b].table->rows;
	unsigned count = fleet[b].table->count;
	double *weight = calloc(count, sizeof(*weight)), rate = 0, live = 0, alloc_mean = 0,
	       live_mean = 0;
	struct dist_alias a;
	struct rng r;

	assert_non_null(weight);
	for (unsigned i = 0; i < count; i++) {
		assert_true(i == 0 || rows[i].size > rows[i - 1].size);
		weight[i] = rows[i].rate;
		rate += rows[i].rate;
		live += rows[i].live;
		alloc_mean += (double)rows[i].size * rows[i].rate * 1e-9;
		live_mean += (double)rows[i].size * rows[i].live * 1e-9;
	}
	/* Sizes above 1 MiB are left out: up to 3 of 100,000 allocations, and 4 of 1000
	 * live objects. */
	assert_true(fabs(rate / 1e9 - 1) < 4e-5);
	assert_true(fabs(live / 1e9 - 1) < 4e-3);
	/* Steps of an eighth of a doubling, named by their mean of allocations. */
	assert_true(fabs(alloc_mean / fleet[b].mean_alloc - 1) < 0.02);
	assert_true(fabs(live_mean / fleet[b].mean_live - 1) < 0.03);
	rng_seed(&r, 14, (uint64_t)b);
	dist_alias_init(&a, weight, count);
	for (int i = 0; i < N; i++)
		values[i] = rows[dist_alias_pick(&a, &r)].size;
	assert_int_equal((int)quantile(0.5), fleet[b].p50);
	assert_true(fabs(quantile(0.9) / fleet[b].p90 - 1) < 0.125);
	free(weight);
}

static void fleets(void **state)
{
	(void)state;
	for (int b = 0; b < 10; b++)
		one_fleet(b);
}

static void meta(void **state)
{
	double sum = 0, mean = 0;

	(void)state;
	for (unsigned i = 0; i < meta_kvcache_rows_count; i++) {
		sum += meta_kvcache_rows[i].weight;
		mean += meta_kvcache_rows[i].size * 1e-9 * meta_kvcache_rows[i].weight;
	}
	assert_true(fabs(sum / 1e9 - 1) < 1e-6);
	assert_true(fabs(mean / 335 - 1) < 0.01);
}

/* Published over the clusters: p10, p50 and p90 of mean keys are 18, 36 and 54 bytes,
 * of mean values 28, 224 and 4266; 20 have more than 30 % writes. */
static void twitter(void **state)
{
	double key[60], value[60];
	int n = 0, writers = 0;

	(void)state;
	for (unsigned i = 0; i < twitter_rows_count; i++) {
		if (!twitter_rows[i].key)
			continue;
		key[n] = twitter_rows[i].key;
		value[n++] = twitter_rows[i].value;
		writers += twitter_rows[i].writes > 30;
	}
	assert_int_equal(n, 53);
	qsort(key, (size_t)n, sizeof(key[0]), ascending);
	qsort(value, (size_t)n, sizeof(value[0]), ascending);
	assert_true(key[5] == 18 && key[26] == 36 && key[46] <= 54 && key[47] >= 54);
	assert_true(value[5] == 28 && value[26] == 224 && value[46] <= 4266 &&
		    value[47] >= 4266);
	assert_int_equal(writers, 20);
}

/* Published quantiles of prompt and answer, and the draws between them. */
static void azure(void **state)
{
	static const int wanted[AZURE_TABLES][6] = {
		[AZURE_CONVERSATION] = {1020, 2735, 4142, 129, 424, 601},
		[AZURE_CODE] = {1469, 5194, 7436, 13, 55, 252},
	};
	static const int at[] = {50, 90, 99};
	struct rng r;

	(void)state;
	for (int k = 0; k < AZURE_TABLES; k++) {
		for (int i = 0; i < 3; i++) {
			assert_int_equal(azure_tables[k].prompt[at[i]], wanted[k][i]);
			assert_int_equal(azure_tables[k].answer[at[i]], wanted[k][3 + i]);
		}
		rng_seed(&r, 16, (uint64_t)k);
		for (int i = 0; i < N; i++)
			values[i] = dist_percentiles(&r, azure_tables[k].prompt);
		for (int i = 0; i < 3; i++)
			assert_true(fabs(quantile(at[i] / 100.0) / wanted[k][i] - 1) < 0.03);
	}
}

static void schedule_mean(void **state)
{
	struct kv_plan plan = {
		.requests = N, .keys = 1000, .write_percent = 100, .zipf = 0.99, .cluster = 6};
	struct kv_schedule s = {0};
	struct rng r;
	double sum = 0;

	(void)state;
	for (int sizes = KV_ETC; sizes <= KV_TWITTER; sizes++) {
		double keys = sizes == KV_TWITTER ? twitter_rows[5].key : 36;

		plan.sizes = (enum kv_sizes)sizes;
		s = (struct kv_schedule){0};
		sum = 0;
		rng_seed(&r, 15, 0);
		kv_schedule_make(&s, &plan, &r);
		for (int i = 0; i < N; i++) {
			assert_true(s.request[i].flags & KV_WRITE);
			sum += s.request[i].value_size;
		}
		/* Heavy tails: 5 % is some standard errors. */
		assert_true(fabs(sum / N / (kv_mean_item(&plan) - keys) - 1) < 0.05);
		/* A table from 1024 buckets holds 1000 keys without growing. */
		assert_int_equal(s.allocs, 1 + 3 * N);
		assert_in_range(s.items, 900, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_numbers),
		cmocka_unit_test(uniform),
		cmocka_unit_test(loguniform),
		cmocka_unit_test(exponential),
		cmocka_unit_test(lognormal),
		cmocka_unit_test(pareto),
		cmocka_unit_test(extreme),
		cmocka_unit_test(zipf),
		cmocka_unit_test(alias),
		cmocka_unit_test(fleets),
		cmocka_unit_test(meta),
		cmocka_unit_test(twitter),
		cmocka_unit_test(azure),
		cmocka_unit_test(schedule_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
