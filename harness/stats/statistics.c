#include "harness/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int stat_ascending(const void *a, const void *b)
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
		qsort(copy, n, sizeof(*copy), stat_ascending);
	}
	return copy;
}

double stat_sorted_quantile(const double *sorted, size_t n, double q)
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
	result = stat_sorted_quantile(sorted, n, q);
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

bool stat_too_few(const struct interval *i)
{
	return i->n < STAT_MIN_BLOCKS || (i->machines && i->machines < STAT_MIN_BLOCKS);
}

double stat_coverage_limit(size_t n)
{
	return n ? 1 - pow(2, 1 - (double)n) : NAN;
}
