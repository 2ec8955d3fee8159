#include "harness/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(0x4173686c61723031) /* any constant; part of STAT_BOOTSTRAP_VERSION */

void stat_random_seed(struct stat_random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		r->s[i] = z ^ (z >> 31);
	}
}

static uint64_t rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t stat_random_next(struct stat_random *r)
{
	uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *sorted_copy(const double *x, size_t n)
{
	double *copy = malloc((n ? n : 1) * sizeof(*copy));

	if (!copy)
		abort();
	if (n) {
		memcpy(copy, x, n * sizeof(*copy));
		qsort(copy, n, sizeof(*copy), ascending);
	}
	return copy;
}

static double sorted_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t below = (size_t)at;

	if (n == 0)
		return NAN;
	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

double stat_quantile(const double *x, size_t n, double q)
{
	double *sorted, result;

	if (n == 0)
		return NAN;
	sorted = sorted_copy(x, n);
	result = sorted_quantile(sorted, n, q);
	free(sorted);
	return result;
}

double stat_median(const double *x, size_t n)
{
	return stat_quantile(x, n, 0.5);
}

double stat_mad(const double *x, size_t n)
{
	double centre = stat_median(x, n), *distance, result;

	if (n == 0)
		return NAN;
	distance = sorted_copy(x, n);
	for (size_t i = 0; i < n; i++)
		distance[i] = fabs(distance[i] - centre);
	result = stat_median(distance, n);
	free(distance);
	return result;
}

size_t stat_log_ratios(const double *a, const double *b, size_t n, double *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(a[i]) && isfinite(b[i]) && a[i] > 0 && b[i] > 0)
			out[kept++] = log(a[i] / b[i]);
	return kept;
}

/* The median of n values drawn with replacement from `sorted`.  Counting how often
 * each was drawn replaces the sort of every resample. */
static double resampled_median(struct stat_random *r, const double *sorted, size_t n,
			       unsigned *drawn)
{
	size_t lower_rank = (n - 1) / 2, upper_rank = n / 2, seen = 0, i = 0;
	double lower;

	memset(drawn, 0, n * sizeof(*drawn));
	for (size_t k = 0; k < n; k++)
		drawn[((stat_random_next(r) >> 32) * n) >> 32]++;
	while (seen + drawn[i] <= lower_rank)
		seen += drawn[i++];
	lower = sorted[i];
	while (seen + drawn[i] <= upper_rank)
		seen += drawn[i++];
	return (lower + sorted[i]) / 2;
}

/* P(T <= t) for Student's T with df degrees of freedom (Abramowitz and Stegun, 26.7.3
 * and 26.7.4). */
static double student_cdf(double t, size_t df)
{
	double angle = atan(t / sqrt((double)df)), c = cos(angle), term, sum = 0;

	if (df % 2) {
		term = c;
		for (size_t k = 3; k <= df; k += 2) {
			sum += term;
			term *= c * c * (double)(k - 1) / (double)k;
		}
		return 0.5 + (angle + sin(angle) * sum) / M_PI;
	}
	term = 1;
	for (size_t k = 2; k <= df; k += 2) {
		sum += term;
		term *= c * c * (double)(k - 1) / (double)k;
	}
	return 0.5 + sin(angle) * sum / 2;
}

double stat_student_quantile(double p, size_t df)
{
	double low = 0, high = 1;

	if (df == 0)
		return NAN;
	while (student_cdf(high, df) < p)
		high *= 2;
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (student_cdf(middle, df) < p)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* The tail to cut off at each side, see the header. */
static double expanded_tail(size_t n, size_t df)
{
	double t = stat_student_quantile((1 + STAT_LEVEL) / 2, df);

	return erfc(sqrt((double)n / (double)(n - 1)) * t / M_SQRT2) / 2;
}

/* The bootstrap, on the scale of the values: the weighted mean over groups of each
 * group's median.  One group is the plain case. */
static struct interval bootstrap(const struct stat_group *groups, size_t ngroups)
{
	struct interval result = {0, NAN, NAN, NAN};
	double **sorted, *estimates, weights = 0, tail;
	struct stat_random random;
	size_t most = 0, df = 0;
	unsigned *drawn;

	if (ngroups == 0)
		return result;
	for (size_t g = 0; g < ngroups; g++) {
		if (groups[g].n == 0)
			return result;
		if (g == 0 || groups[g].n < result.n)
			result.n = groups[g].n;
		if (groups[g].n > most)
			most = groups[g].n;
		weights += groups[g].weight;
		df += groups[g].n - 1;
	}
	sorted = malloc(ngroups * sizeof(*sorted));
	estimates = malloc(STAT_RESAMPLES * sizeof(*estimates));
	drawn = malloc(most * sizeof(*drawn));
	if (!sorted || !estimates || !drawn)
		abort();
	result.point = 0;
	for (size_t g = 0; g < ngroups; g++) {
		sorted[g] = sorted_copy(groups[g].x, groups[g].n);
		result.point += groups[g].weight / weights *
				sorted_quantile(sorted[g], groups[g].n, 0.5);
	}
	if (result.n >= 2) {
		stat_random_seed(&random, SEED);
		for (size_t k = 0; k < STAT_RESAMPLES; k++) {
			estimates[k] = 0;
			for (size_t g = 0; g < ngroups; g++)
				estimates[k] += groups[g].weight / weights *
						resampled_median(&random, sorted[g],
								 groups[g].n, drawn);
		}
		qsort(estimates, STAT_RESAMPLES, sizeof(*estimates), ascending);
		tail = expanded_tail(result.n, df);
		result.low = sorted_quantile(estimates, STAT_RESAMPLES, tail);
		result.high = sorted_quantile(estimates, STAT_RESAMPLES, 1 - tail);
	}
	for (size_t g = 0; g < ngroups; g++)
		free(sorted[g]);
	free(sorted);
	free(estimates);
	free(drawn);
	return result;
}

struct interval stat_median_interval(const double *x, size_t n)
{
	struct stat_group all = {x, n, 1};

	return bootstrap(&all, 1);
}

struct interval stat_geomean_interval(const struct stat_group *groups, size_t ngroups)
{
	struct interval result = bootstrap(groups, ngroups);

	result.point = exp(result.point);
	result.low = exp(result.low);
	result.high = exp(result.high);
	return result;
}

struct interval stat_ratio_interval(const double *log_ratios, size_t n)
{
	struct stat_group all = {log_ratios, n, 1};

	return stat_geomean_interval(&all, 1);
}

double stat_coverage_limit(size_t n)
{
	return n ? 1 - pow(2, 1 - (double)n) : NAN;
}
