#include "harness/stats/one_way.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/stats/statistics.h"
#include "workloads/shared/rng.h"

/* Any constant. */
#define SEED UINT64_C(0x6f6e652d776179)

/* Groups numbered from 0 in the order of their first values, and how many values each has. */
static size_t number_groups(const size_t *group, size_t n, size_t *number, size_t *values)
{
	size_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (group[k] != group[i])
			k++;
		number[i] = k < i ? number[k] : groups++;
		values[number[i]]++;
	}
	return groups;
}

/* The sum of squares between groups of values whose mean is 0; `sums` has room for them. */
static double among(const double *x, const size_t *number, size_t n, const size_t *values,
		    size_t groups, double *sums)
{
	double squares = 0;

	memset(sums, 0, groups * sizeof(*sums));
	for (size_t i = 0; i < n; i++)
		sums[number[i]] += x[i];
	for (size_t k = 0; k < groups; k++)
		squares += sums[k] * sums[k] / (double)values[k];
	return squares;
}

static double permuted(double *x, const size_t *number, size_t n, const size_t *values,
		       size_t groups, double *sums, double found)
{
	struct rng random;
	size_t as_much = 1;

	rng_spread(&random, SEED);
	for (int r = 0; r < STAT_ONE_WAY_PERMUTATIONS; r++) {
		for (size_t i = n; i > 1; i--) {
			size_t at = rng_scale32((uint32_t)(rng_next(&random) >> 32), i);
			double kept = x[i - 1];

			x[i - 1] = x[at];
			x[at] = kept;
		}
		/* Sums in another order differ in their last digits. */
		as_much += among(x, number, n, values, groups, sums) >= found * (1 - 1e-9);
	}
	return (double)as_much / (STAT_ONE_WAY_PERMUTATIONS + 1);
}

struct stat_one_way stat_one_way(const double *x, const size_t *group, size_t n)
{
	struct stat_one_way r = {0, NAN, NAN, NAN, NAN};
	double *own = malloc(2 * (n + 1) * sizeof(*own)), *sums;
	size_t *number = calloc(2 * (n + 1), sizeof(*number)), *values;
	double mean = 0, all = 0, squares = 0, between, within, typical;

	if (!own || !number)
		abort();
	sums = own + n + 1;
	values = number + n + 1;
	r.groups = number_groups(group, n, number, values);
	if (r.groups < 2 || n <= r.groups)
		goto out;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		own[i] = x[i] - mean;
		all += own[i] * own[i];
	}
	for (size_t k = 0; k < r.groups; k++)
		squares += (double)values[k] * (double)values[k];
	between = among(own, number, n, values, r.groups, sums);
	r.p = permuted(own, number, n, values, r.groups, sums, between);
	within = fmax(0, all - between) / (double)(n - r.groups);
	between /= (double)(r.groups - 1);
	/* How many values a group has, as far as its mean square goes. */
	typical = ((double)n - squares / (double)n) / (double)(r.groups - 1);
	r.within = within;
	r.between = fmax(0, (between - within) / typical);
	r.share = r.between / (r.between + r.within);
out:
	free(own);
	free(number);
	return r;
}
