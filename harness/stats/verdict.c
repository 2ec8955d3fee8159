#include "harness/stats/verdict.h"

#include <math.h>
#include <stdlib.h>

/* How many orders of m and n values give U = u, for u from 0 to m * n, as shares of all.  With
 * the greatest of all values in the one sample or the other,
 * P(u; m, n) = m / (m + n) P(u - n; m - 1, n) + n / (m + n) P(u; m, n - 1). */
static double *distribution_of_u(size_t m, size_t n)
{
	size_t length = m * n + 1;
	double *table = calloc((m + 1) * length, sizeof(*table));

	if (!table)
		abort();
	for (size_t i = 0; i <= m; i++)
		table[i * length] = 1;
	for (size_t k = 1; k <= n; k++)
		for (size_t i = 1; i <= m; i++) {
			double share = (double)i / (double)(i + k);
			const double *above = table + (i - 1) * length;
			double *row = table + i * length;

			for (size_t u = i * k + 1; u-- > 0;)
				row[u] = (1 - share) * row[u] +
					 (u >= k ? share * above[u - k] : 0);
		}
	return table;
}

/* The differences of rank k and m * n + 1 - k bound the interval; 0: no two do. */
static size_t rank_of_bound(size_t m, size_t n)
{
	double tail = (1 - STAT_LEVEL) / 2, sum = 0, mean = (double)(m * n) / 2, deviation;
	size_t k = 0;
	double *table;

	if (m * n > VERDICT_EXACT) {
		deviation = sqrt((double)(m * n) * (double)(m + n + 1) / 12);
		return (size_t)(mean - stat_student_quantile(1 - tail, 10000) * deviation);
	}
	table = distribution_of_u(m, n);
	while (k <= m * n && (sum += table[m * (m * n + 1) + k]) <= tail)
		k++;
	free(table);
	return k;
}

struct interval verdict_unpaired(const double *a, size_t na, const double *b, size_t nb)
{
	struct interval result = {na < nb ? na : nb, NAN, NAN, NAN, 0};
	size_t count = na * nb, rank;
	double *difference = malloc((count ? count : 1) * sizeof(*difference));

	if (!difference)
		abort();
	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			difference[i * nb + k] = b[k] - a[i];
	qsort(difference, count, sizeof(*difference), stat_ascending);
	result.point = exp(stat_median(difference, count));
	rank = count ? rank_of_bound(na, nb) : 0;
	if (rank) {
		result.low = exp(difference[rank - 1]);
		result.high = exp(difference[count - rank]);
	}
	free(difference);
	return result;
}

enum verdict verdict_of(const struct interval *ratio, size_t least)
{
	if (!ratio->n || isnan(ratio->point))
		return VERDICT_NONE;
	if (ratio->n < least || isnan(ratio->low))
		return VERDICT_UNKNOWN;
	if (ratio->high < 1 / VERDICT_EQUIVALENCE)
		return VERDICT_LESS;
	if (ratio->low > VERDICT_EQUIVALENCE)
		return VERDICT_MORE;
	if (ratio->low >= 1 / VERDICT_EQUIVALENCE && ratio->high <= VERDICT_EQUIVALENCE)
		return VERDICT_SAME;
	return VERDICT_UNKNOWN;
}

enum verdict verdict_of_count(double ratio)
{
	struct interval exact = {1, ratio, ratio, ratio, 0};

	return verdict_of(&exact, 1);
}
