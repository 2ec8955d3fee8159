/* The bootstrap behind all intervals of statistics.h. */
#include "harness/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/stats/memo.h"
#include "harness/stats/resample.h"

#define SEED UINT64_C(0x4173686c61723031) /* any constant; part of STAT_BOOTSTRAP_VERSION */

/* The tail to cut off at each side, see the header; of n values of `strata` machines each has
 * lost a degree of freedom to its own mean. */
static double expanded_tail(size_t n, size_t strata, size_t df)
{
	double t = stat_student_quantile((1 + STAT_LEVEL) / 2, df);

	return erfc(sqrt((double)n / (double)(n - strata)) * t / M_SQRT2) / 2;
}

static double first_mean(const double mean[2], const void *context)
{
	(void)context;
	return mean[0];
}

/* On how few machines a member was whose machines are to be drawn; 0 where none are. */
static size_t fewest_machines(const struct resample *r, const struct stat_pairs *members)
{
	size_t fewest = 0;

	for (size_t g = 0; g < r->nmembers; g++)
		if (members[g].strata.drawn && (!fewest || r->member[g].machines < fewest))
			fewest = r->member[g].machines;
	return fewest;
}

/* The tail of members with at least n values each. */
static double tail_of(const struct resample *r, size_t n)
{
	size_t df = 0, fewest = SIZE_MAX, strata = 1;

	for (size_t g = 0; g < r->nmembers; g++) {
		const struct resampled *m = &r->member[g];

		df += m->n - m->machines;
		if (m->n == n && m->machines > strata)
			strata = m->machines;
		if (m->drawn && m->machines < fewest)
			fewest = m->machines;
	}
	return fewest < SIZE_MAX ? expanded_tail(fewest, 1, fewest - 1)
				 : expanded_tail(n, strata, df);
}

/* The weighted means over members of what they have of each. */
static void add_weighted(const struct stat_pairs *member, const double weights[2],
			 const double median[2], double mean[2])
{
	for (int k = 0; k < 2; k++)
		if (member->weight[k] != 0 || k == 0)
			mean[k] += member->weight[k] / weights[k] * median[k];
}

/* The bootstrap of what `combine` makes of the weighted means over members of each member's
 * median, on the scale of the values. */
static struct interval bootstrap(const struct stat_pairs *members, size_t nmembers,
				 double (*combine)(const double mean[2], const void *context),
				 const void *context)
{
	struct interval result = {0, NAN, NAN, NAN, 0};
	double *estimates, weights[2] = {0}, none[2], mean[2], median[2], tail;
	struct resample resample;

	if (nmembers == 0)
		return result;
	for (size_t g = 0; g < nmembers; g++) {
		if (members[g].n == 0)
			return (struct interval){0, NAN, NAN, NAN, 0};
		if (g == 0 || members[g].n < result.n)
			result.n = members[g].n;
		for (int k = 0; k < 2; k++)
			weights[k] += members[g].weight[k];
	}
	resample_begin(&resample, members, nmembers, SEED);
	estimates = malloc(STAT_RESAMPLES * sizeof(*estimates));
	if (!estimates)
		abort();
	for (int k = 0; k < 2; k++)
		mean[k] = none[k] = weights[k] != 0 ? 0 : NAN;
	for (size_t g = 0; g < nmembers; g++) {
		for (int k = 0; k < 2 && resample.member[g].sorted[k]; k++)
			median[k] = stat_sorted_quantile(resample.member[g].sorted[k],
							 members[g].n, 0.5);
		add_weighted(&members[g], weights, median, mean);
	}
	result.point = combine(mean, context);
	result.machines = fewest_machines(&resample, members);
	if (result.n >= 2) {
		for (size_t r = 0; r < STAT_RESAMPLES; r++) {
			memcpy(mean, none, sizeof(mean));
			resample_machines(&resample);
			for (size_t g = 0; g < nmembers; g++) {
				resample_member(&resample, g, median);
				add_weighted(&members[g], weights, median, mean);
			}
			estimates[r] = combine(mean, context);
		}
		tail = tail_of(&resample, result.n);
		result.low = stat_selected_quantile(estimates, STAT_RESAMPLES, tail);
		result.high = stat_selected_quantile(estimates, STAT_RESAMPLES, 1 - tail);
	}
	resample_free(&resample);
	free(estimates);
	return result;
}

/* All that an interval of first means is made of. */
static struct memo_key key_of(const struct stat_pairs *members, size_t nmembers)
{
	struct memo_key key = {0};

	for (size_t g = 0; g < nmembers; g++) {
		const struct stat_pairs *m = &members[g];
		const unsigned char kind[] = {m->strata.of != NULL, m->strata.drawn};

		memo_add(&key, &m->n, sizeof(m->n));
		memo_add(&key, &m->weight[0], sizeof(m->weight[0]));
		memo_add(&key, kind, sizeof(kind));
		memo_add(&key, m->x[0], m->n * sizeof(*m->x[0]));
		if (m->strata.of)
			memo_add(&key, m->strata.of, m->n * sizeof(*m->strata.of));
	}
	return key;
}

/* The bootstrap of the first mean alone; computed once of the same members. */
static struct interval bootstrap_first(const struct stat_pairs *members, size_t nmembers)
{
	struct memo_key key = key_of(members, nmembers);
	struct interval result;

	if (key.length && memo_find(&key, &result)) {
		memo_key_free(&key);
		return result;
	}
	result = bootstrap(members, nmembers, first_mean, NULL);
	if (key.length)
		memo_keep(&key, &result);
	return result;
}

struct interval stat_median_interval_of(const double *x, size_t n, struct stat_strata strata)
{
	struct stat_pairs all = {.x = {x, NULL}, .n = n, .weight = {1, 0}, .strata = strata};

	return bootstrap_first(&all, 1);
}

struct interval stat_median_interval(const double *x, size_t n)
{
	return stat_median_interval_of(x, n, (struct stat_strata){.of = NULL});
}

struct interval stat_geomean_interval(const struct stat_group *groups, size_t ngroups)
{
	struct stat_pairs *members = malloc((ngroups + 1) * sizeof(*members));
	struct interval result;

	if (!members)
		abort();
	for (size_t g = 0; g < ngroups; g++)
		members[g] = (struct stat_pairs){{groups[g].x, NULL},
						 groups[g].n,
						 {groups[g].weight, 0},
						 groups[g].strata};
	result = bootstrap_first(members, ngroups);
	free(members);
	result.point = exp(result.point);
	result.low = exp(result.low);
	result.high = exp(result.high);
	return result;
}

struct interval stat_ratio_interval_of(const double *log_ratios, size_t n,
				       struct stat_strata strata)
{
	struct stat_group all = {log_ratios, n, 1, strata};

	return stat_geomean_interval(&all, 1);
}

struct interval stat_ratio_interval(const double *log_ratios, size_t n)
{
	return stat_ratio_interval_of(log_ratios, n, (struct stat_strata){.of = NULL});
}

struct combination {
	double (*combine)(const double mean[2], const void *context);
	const void *context;
};

static double combine_ratios(const double mean[2], const void *context)
{
	const double ratio[2] = {exp(mean[0]), exp(mean[1])};
	const struct combination *c = context;

	return c->combine(ratio, c->context);
}

struct interval stat_combined_interval(const struct stat_pairs *members, size_t nmembers,
				       double (*combine)(const double mean[2],
							 const void *context),
				       const void *context)
{
	struct combination c = {combine, context};

	return bootstrap(members, nmembers, combine_ratios, &c);
}
