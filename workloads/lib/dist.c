#include "workloads/lib/dist.h"

#include <math.h>
#include "workloads/shared/workload.h"

/* In (0, 1]: safe for a logarithm. */
static double positive_unit(struct rng *r)
{
	return 1 - rng_unit(r);
}

uint64_t dist_loguniform(struct rng *r, uint64_t low, uint64_t high)
{
	uint64_t value = (uint64_t)((double)low *
				    exp(rng_unit(r) * log((double)(high + 1) / (double)low)));

	return value > high ? high : value;
}

double dist_loguniform_mean(uint64_t low, uint64_t high)
{
	double from = (double)low, to = (double)high + 1;

	return to > from ? (to - from) / log(to / from) : from;
}

double dist_inverse_square_mean(uint64_t low, uint64_t high)
{
	double from = (double)low, to = (double)high + 1;

	return to > from ? log(to / from) / (1 / from - 1 / to) : from;
}

double dist_exponential(struct rng *r, double mean)
{
	return -mean * log(positive_unit(r));
}

double dist_lognormal(struct rng *r, double mu, double sigma)
{
	double radius = sqrt(-2 * log(positive_unit(r)));

	return exp(mu + sigma * radius * cos(2 * M_PI * rng_unit(r)));
}

double dist_pareto(struct rng *r, double location, double scale, double shape)
{
	return location + scale * (pow(positive_unit(r), -shape) - 1) / shape;
}

double dist_extreme(struct rng *r, double location, double scale, double shape)
{
	/* positive_unit() may be 1, whose logarithm 0 would make an infinity. */
	double u = (rng_unit(r) * 0x1p53 + 0.5) * 0x1p-53;

	return location + scale * (pow(-log(u), -shape) - 1) / shape;
}

double dist_percentiles(struct rng *r, const uint16_t table[101])
{
	double at = rng_unit(r) * 100;
	unsigned i = (unsigned)at;

	return table[i] + (at - i) * (table[i + 1] - table[i]);
}

/* Integral of x^-exponent, and its inverse. */
static double area(double exponent, double x)
{
	return exponent == 1 ? log(x) : (pow(x, 1 - exponent) - 1) / (1 - exponent);
}

static double inverse_area(double exponent, double y)
{
	return exponent == 1 ? exp(y) : pow(1 + y * (1 - exponent), 1 / (1 - exponent));
}

void dist_zipf_init(struct dist_zipf *z, uint64_t n, double exponent)
{
	z->exponent = exponent;
	z->n = (double)n;
	/* Under the curve from 1/2 on, where the first step is cut to the mass of 1. */
	z->from = area(exponent, 1.5) - 1;
	z->to = area(exponent, z->n + 0.5);
	/* Within this distance below an integer no test is needed. */
	z->sure = 2 - inverse_area(exponent, area(exponent, 2.5) - pow(2, -exponent));
}

uint64_t dist_zipf_pick(const struct dist_zipf *z, struct rng *r)
{
	for (;;) {
		double y = z->to + rng_unit(r) * (z->from - z->to);
		double x = inverse_area(z->exponent, y), k = floor(x + 0.5);

		if (k < 1)
			k = 1;
		else if (k > z->n)
			k = z->n;
		if (k - x <= z->sure || y >= area(z->exponent, k + 0.5) - pow(k, -z->exponent))
			return (uint64_t)k;
	}
}

void dist_alias_init(struct dist_alias *a, const double *weights, uint32_t n)
{
	/* Columns still too low and too high, as two stacks that grow towards each other. */
	uint32_t *work = wl_table(n * sizeof(*work)), low = 0, high = n;
	double *share = wl_table(n * sizeof(*share)), sum = 0;

	a->n = n;
	a->columns = wl_table(n * sizeof(*a->columns));
	for (uint32_t i = 0; i < n; i++)
		sum += weights[i];
	for (uint32_t i = 0; i < n; i++) {
		share[i] = weights[i] / sum * n;
		if (share[i] < 1)
			work[low++] = i;
		else
			work[--high] = i;
	}
	while (low > 0 && high < n) {
		uint32_t poor = work[--low], rich = work[high];

		a->columns[poor].keep = (uint32_t)(share[poor] * 0xffffffff);
		a->columns[poor].other = rich;
		share[rich] -= 1 - share[poor];
		if (share[rich] < 1) {
			high++;
			work[low++] = rich;
		}
	}
	/* What is left is full, but for rounding. */
	while (low > 0)
		work[--high] = work[--low];
	for (; high < n; high++) {
		a->columns[work[high]].keep = UINT32_MAX;
		a->columns[work[high]].other = work[high];
	}
	wl_table_free(work, n * sizeof(*work));
	wl_table_free(share, n * sizeof(*share));
}
