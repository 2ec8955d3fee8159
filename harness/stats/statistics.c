#include "harness/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Puts the value of that rank in its place: none greater before it, none lesser after it. */
static void select_rank(double *x, size_t n, size_t rank)
{
	size_t first = 0, last = n - 1;

	while (first < last) {
		double pivot = x[first + (last - first) / 2];
		size_t i = first, j = last;

		for (;;) {
			while (x[i] < pivot)
				i++;
			while (pivot < x[j])
				j--;
			if (i >= j)
				break;
			double swapped = x[i];

			x[i++] = x[j];
			x[j--] = swapped;
		}
		/* j may have gone one below i, which then starts the upper part. */
		if (rank <= j)
			last = j;
		else
			first = j + 1;
	}
}

double stat_selected_quantile(double *x, size_t n, double q)
{
	size_t below = n > 0 ? (size_t)(q * (double)(n - 1)) : 0;

	/* All that a quantile reads of values in order is in its place. */
	if (below < n)
		select_rank(x, n, below);
	if (below + 1 < n)
		select_rank(x + below + 1, n - below - 1, 0);
	return stat_sorted_quantile(x, n, q);
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
