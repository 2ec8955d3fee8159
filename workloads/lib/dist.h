/* Random quantities with the distributions that published measurements report.
 * Each draws from the caller's rng and keeps no state of its own, so the same seed
 * gives the same values; tables lie in wl_table() memory. */
#ifndef WORKLOADS_DIST_H
#define WORKLOADS_DIST_H

#include <stdint.h>
#include "workloads/shared/rng.h"

/* Uniform integer in [low, high]. */
static inline uint64_t dist_uniform(struct rng *r, uint64_t low, uint64_t high)
{
	return low + rng_below(r, high - low + 1);
}

/* Integer in [low, high] whose logarithm is uniform: as many per doubling. */
uint64_t dist_loguniform(struct rng *r, uint64_t low, uint64_t high);
/* Its mean; `low` where the two are in the wrong order. */
double dist_loguniform_mean(uint64_t low, uint64_t high);

/* Integer in [low, high] whose frequency falls with the inverse square, by inversion: the share
 * below s is (1/low - 1/s) / (1/low - 1/(high + 1)). */
static inline uint64_t dist_inverse_square(struct rng *r, uint64_t low, uint64_t high)
{
	double from = (double)low, to = (double)high + 1;
	double value = 1 / (1 / from - rng_unit(r) * (1 / from - 1 / to));

	return value < to - 1 ? (uint64_t)value : high;
}
/* Its mean; `low` where the two are in the wrong order. */
double dist_inverse_square_mean(uint64_t low, uint64_t high);

double dist_exponential(struct rng *r, double mean);

/* exp(N(mu, sigma^2)); its median is exp(mu), its mean exp(mu + sigma^2/2). */
double dist_lognormal(struct rng *r, double mu, double sigma);

/* Generalized Pareto: location, scale > 0, shape != 0. */
double dist_pareto(struct rng *r, double location, double scale, double shape);

/* Generalized extreme value: location, scale > 0, shape != 0. */
double dist_extreme(struct rng *r, double location, double scale, double shape);

/* A published table of percentiles 0 to 100: uniform between two neighbours. */
double dist_percentiles(struct rng *r, const uint16_t table[101]);

/* Zipf over 1..n: P(k) proportional to k^-exponent, exponent >= 0.  Rejection-inversion
 * (Hoermann and Derflinger, "Rejection-inversion to generate variates from monotone
 * discrete distributions", 1996): no table, about one trial per value. */
struct dist_zipf {
	double exponent, n, from, to, sure;
};

void dist_zipf_init(struct dist_zipf *z, uint64_t n, double exponent);
uint64_t dist_zipf_pick(const struct dist_zipf *z, struct rng *r);

/* Any distribution over 0..n-1, picked in constant time by Walker's alias method in
 * Vose's form: a column is one outcome up to `keep`, another beyond. */
struct dist_alias {
	uint32_t n;
	struct dist_column {
		uint32_t keep; /* in units of 2^-32 of the column */
		uint32_t other;
	} * columns;
};

/* Weights are not negative, their sum is positive, 0 < n < 2^32. */
void dist_alias_init(struct dist_alias *a, const double *weights, uint32_t n);

static inline uint32_t dist_alias_pick(const struct dist_alias *a, struct rng *r)
{
	uint64_t bits = rng_next(r);
	uint32_t i = rng_scale32((uint32_t)bits, a->n);

	return (uint32_t)(bits >> 32) <= a->columns[i].keep ? i : a->columns[i].other;
}

#endif
