#include "harness/stats/change.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/stats/statistics.h"
#include "workloads/shared/rng.h"

#define SEED UINT64_C(0x4368616e67653031) /* any constant */

/* Sums of distances: at [i * (n + 1) + j] those of the first i values to the first j. */
struct distances {
	double *sum;
	size_t n;
};

static void measure(struct distances *d, const double *x, size_t n)
{
	size_t wide = n + 1;

	d->n = n;
	for (size_t j = 0; j <= n; j++)
		d->sum[j] = 0;
	for (size_t i = 1; i <= n; i++) {
		double line = 0;

		d->sum[i * wide] = 0;
		for (size_t j = 1; j <= n; j++) {
			line += fabs(x[i - 1] - x[j - 1]);
			d->sum[i * wide + j] = d->sum[(i - 1) * wide + j] + line;
		}
	}
}

/* Of the values from a to before b to those from c to before e. */
static double between(const struct distances *d, size_t a, size_t b, size_t c, size_t e)
{
	size_t wide = d->n + 1;

	return d->sum[b * wide + e] - d->sum[a * wide + e] - d->sum[b * wide + c] +
	       d->sum[a * wide + c];
}

/* The best cut: before value *at, beside what follows it up to some later one (so that a second
 * change behind the first does not hide it).  Returns the statistic. */
static double best_cut(const struct distances *d, size_t *at)
{
	double best = -HUGE_VAL;

	for (size_t cut = STAT_CHANGE_LEAST; cut + STAT_CHANGE_LEAST <= d->n; cut++)
		for (size_t end = cut + STAT_CHANGE_LEAST; end <= d->n; end++) {
			double n = (double)cut, m = (double)(end - cut);
			double cross = between(d, 0, cut, cut, end),
			       before = between(d, 0, cut, 0, cut),
			       behind = between(d, cut, end, cut, end);
			double energy = 2 * cross / (n * m) - before / (n * (n - 1)) -
					behind / (m * (m - 1));
			double q = n * m / (n + m) * energy;

			if (q > best) {
				best = q;
				*at = cut;
			}
		}
	return best;
}

static void shuffle(double *x, size_t n, struct rng *r)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = rng_scale32((uint32_t)(rng_next(r) >> 32), i);
		double kept = x[i - 1];

		x[i - 1] = x[k];
		x[k] = kept;
	}
}

/* Looks for changes in n values whose first is number `begin` of the series. */
static size_t divide(struct distances *d, const double *x, size_t begin, size_t n, double level,
		     struct stat_change *out)
{
	size_t at = 0, as_good = 1, found, other,
	       most = (size_t)(level * (STAT_CHANGE_PERMUTATIONS + 1));
	struct rng random;
	double best, *order;

	if (n < 2 * STAT_CHANGE_LEAST)
		return 0;
	measure(d, x + begin, n);
	best = best_cut(d, &at);
	if (!(best > 0))
		return 0;
	order = malloc(n * sizeof(*order));
	if (!order)
		abort();
	for (size_t i = 0; i < n; i++)
		order[i] = x[begin + i];
	rng_spread(&random, SEED);
	for (int k = 0; k < STAT_CHANGE_PERMUTATIONS && as_good <= most; k++) {
		shuffle(order, n, &random);
		measure(d, order, n);
		/* The same sum in another order differs in its last digits. */
		as_good += best_cut(d, &other) >= best * (1 - 1e-9);
	}
	free(order);
	if (as_good > most)
		return 0;
	found = divide(d, x, begin, at, level, out);
	out[found++] = (struct stat_change){begin + at,
					    (double)as_good / (STAT_CHANGE_PERMUTATIONS + 1)};
	return found + divide(d, x, begin + at, n - at, level, out + found);
}

size_t stat_changes(const double *x, size_t n, double level, struct stat_change *out)
{
	size_t begin = n > STAT_CHANGE_MOST ? n - STAT_CHANGE_MOST : 0, found;
	struct distances d;

	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return 0;
	d.sum = malloc((n - begin + 1) * (n - begin + 1) * sizeof(*d.sum));
	if (!d.sum)
		abort();
	found = divide(&d, x, begin, n - begin, level, out);
	free(d.sum);
	return found;
}

size_t stat_change_fewest(double level)
{
	double ways = 2; /* of choosing half of n */
	size_t n = 2;

	while (n < 2 * STAT_CHANGE_LEAST || 2 / ways * 1.5 > level) {
		n++;
		ways *= n % 2 ? (double)n / (double)(n / 2 + 1) : 2;
	}
	return n;
}

double stat_change_smallest(size_t n, double sigma)
{
	double steps =
		4.7 + 190 / ((double)n * (double)n); /* of the error of their difference */

	return n < stat_change_fewest(0.01) ? NAN : steps * sigma * 2 / sqrt((double)n);
}
