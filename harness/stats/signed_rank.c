#include "harness/stats/signed_rank.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
	double distance; /* from the shift, without its sign */
	bool above;
	unsigned twice_rank; /* ranks are halves where values tie */
};

static int by_distance(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	return (left->distance > right->distance) - (left->distance < right->distance);
}

/* Ranks what is not at the shift itself, in `out`; returns how many these are. */
static size_t rank(const double *x, size_t n, double shift, struct ranked *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (x[i] != shift)
			out[m++] = (struct ranked){.distance = fabs(x[i] - shift),
						   .above = x[i] > shift};
	qsort(out, m, sizeof(*out), by_distance);
	for (size_t first = 0, end; first < m; first = end) {
		for (end = first + 1; end < m && out[end].distance == out[first].distance;)
			end++;
		for (size_t i = first; i < end; i++) /* ranks first + 1 to end, on average */
			out[i].twice_rank = (unsigned)(first + 1 + end);
	}
	return m;
}

/* The distribution of the sum of ranks, both taken twice, over all choices of signs: [s] is the
 * share of them with the sum s, up to *most.  NULL where there is no memory. */
static double *distribution(const struct ranked *ranked, size_t n, size_t *most)
{
	double *share;

	*most = 0;
	for (size_t i = 0; i < n; i++)
		*most += ranked[i].twice_rank;
	share = calloc(*most + 1, sizeof(*share));
	if (share == NULL)
		return NULL;
	share[0] = 1;
	for (size_t i = 0, so_far = 0; i < n; i++) {
		size_t r = ranked[i].twice_rank;

		so_far += r;
		for (size_t s = so_far + 1; s-- > 0;)
			share[s] = (share[s] + (s >= r ? share[s - r] : 0)) / 2;
	}
	return share;
}

static double tail(const double *x, size_t n, double shift, bool above)
{
	struct ranked *ranked;
	size_t m, most, sum = 0;
	double *share, p = NAN;

	if (n > STAT_SIGNED_RANK_MOST || !isfinite(shift))
		return NAN;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return NAN;
	ranked = malloc((n + 1) * sizeof(*ranked));
	if (ranked == NULL)
		return NAN;
	m = rank(x, n, shift, ranked);
	for (size_t i = 0; i < m; i++)
		if (ranked[i].above == above)
			sum += ranked[i].twice_rank;
	share = distribution(ranked, m, &most);
	if (share != NULL) {
		p = 0;
		for (size_t s = sum; s <= most; s++)
			p += share[s];
	}
	free(share);
	free(ranked);
	return p > 1 ? 1 : p;
}

double stat_signed_rank_above(const double *x, size_t n, double shift)
{
	return tail(x, n, shift, true);
}

double stat_signed_rank_below(const double *x, size_t n, double shift)
{
	return tail(x, n, shift, false);
}

double stat_signed_rank_sum(const double *x, size_t n, double shift)
{
	struct ranked *ranked;
	size_t m, twice = 0;

	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return NAN;
	ranked = malloc((n + 1) * sizeof(*ranked));
	if (ranked == NULL || !isfinite(shift)) {
		free(ranked);
		return NAN;
	}
	m = rank(x, n, shift, ranked);
	for (size_t i = 0; i < m; i++)
		if (ranked[i].above)
			twice += ranked[i].twice_rank;
	free(ranked);
	return (double)twice / 2;
}

/* How many of the means lie outside the interval at either end: as many as rank sums, without
 * ties, whose chance together is not more than the tail.  0 where even one is too many. */
static size_t cut(size_t n, double tail_share)
{
	struct ranked *ranked = calloc(n, sizeof(*ranked));
	size_t most = 0, k = 0;
	double *share = NULL, sum = 0;

	if (ranked != NULL) {
		for (size_t i = 0; i < n; i++)
			ranked[i].twice_rank = (unsigned)(2 * (i + 1));
		share = distribution(ranked, n, &most);
	}
	if (share != NULL)
		while (2 * k < most && (sum += share[2 * k]) <= tail_share)
			k++;
	free(share);
	free(ranked);
	return k;
}

double stat_signed_rank_critical(size_t n, double alpha)
{
	size_t sums = n * (n + 1) / 2, k;

	if (n > STAT_SIGNED_RANK_MOST)
		return NAN;
	/* Sums are as likely from above as from below: the k greatest of them. */
	k = n > 0 ? cut(n, alpha) : 0;
	return k > 0 ? (double)(sums - (k - 1)) : INFINITY;
}

struct interval stat_signed_rank_interval(const double *x, size_t n, double level)
{
	struct interval interval = {n, NAN, NAN, NAN, 0};
	size_t means = n * (n + 1) / 2, m = 0, k;
	double *mean;

	if (n == 0 || n > STAT_SIGNED_RANK_MOST || !(level > 0 && level < 1))
		return interval;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return interval;
	mean = malloc(means * sizeof(*mean));
	if (mean == NULL)
		return interval;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			mean[m++] = (x[i] + x[j]) / 2;
	qsort(mean, means, sizeof(*mean), stat_ascending);
	interval.point = stat_median(mean, means);
	k = cut(n, (1 - level) / 2);
	if (k > 0) {
		interval.low = mean[k - 1];
		interval.high = mean[means - k];
	}
	free(mean);
	return interval;
}
