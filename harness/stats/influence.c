#include "harness/stats/influence.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct weighted {
	double x, weight;
};

static int ascending(const void *a, const void *b)
{
	const struct weighted *x = a, *y = b;

	return (x->x > y->x) - (x->x < y->x);
}

double stat_weighted_median(const double *x, const double *weight, size_t n)
{
	struct weighted *sorted = malloc((n + 1) * sizeof(*sorted));
	double whole = 0, seen = 0, result = NAN;

	if (!sorted)
		abort();
	for (size_t i = 0; i < n; i++) {
		sorted[i] = (struct weighted){x[i], weight[i]};
		whole += weight[i];
	}
	qsort(sorted, n, sizeof(*sorted), ascending);
	for (size_t i = 0; i < n; i++) {
		seen += sorted[i].weight;
		/* Thirds do not add up to one exactly: a hair is no weight. */
		if (2 * seen < whole * (1 - 1e-9))
			continue;
		result = sorted[i].x;
		if (2 * seen <= whole * (1 + 1e-9) && i + 1 < n)
			result = (result + sorted[i + 1].x) / 2;
		break;
	}
	free(sorted);
	return result;
}

/* The values that take part when number `out` is left out, alone or with its kin. */
static bool takes_part(const size_t *kin, size_t i, size_t out, bool with_kin)
{
	return i != out && !(with_kin && kin[i] == kin[out]);
}

/* The mean without `out` (SIZE_MAX: of all), each kin with the weight 1. */
static double mean_without(const double *x, const size_t *kin, size_t n, size_t out,
			   bool with_kin)
{
	double sum = 0, weights = 0;

	for (size_t i = 0; i < n; i++) {
		double same = 0;

		if (out != SIZE_MAX && !takes_part(kin, i, out, with_kin))
			continue;
		for (size_t k = 0; k < n; k++)
			same += kin[k] == kin[i] &&
				(out == SIZE_MAX || takes_part(kin, k, out, with_kin));
		sum += x[i] / same;
		weights += 1 / same;
	}
	return weights > 0 ? sum / weights : NAN;
}

static void left_out(struct stat_influence *all, double mean, size_t index, bool kin)
{
	struct stat_left_out without = {mean, index, kin};

	if (isnan(mean))
		return;
	if (isnan(all->least.mean) || mean < all->least.mean)
		all->least = without;
	if (isnan(all->most.mean) || mean > all->most.mean)
		all->most = without;
}

struct stat_influence stat_influence(const double *x, const size_t *kin, size_t n)
{
	struct stat_influence result = {NAN, NAN, {NAN, 0, false}, {NAN, 0, false}};
	double *weight = malloc((n + 1) * sizeof(*weight));

	if (!weight)
		abort();
	result.mean = mean_without(x, kin, n, SIZE_MAX, false);
	for (size_t i = 0; i < n; i++) {
		size_t same = 0, first = n;

		for (size_t k = n; k-- > 0;)
			if (kin[k] == kin[i]) {
				same++;
				first = k;
			}
		weight[i] = 1 / (double)same;
		left_out(&result, mean_without(x, kin, n, i, false), i, false);
		if (same > 1 && first == i)
			left_out(&result, mean_without(x, kin, n, i, true), i, true);
	}
	result.median = stat_weighted_median(x, weight, n);
	free(weight);
	return result;
}
