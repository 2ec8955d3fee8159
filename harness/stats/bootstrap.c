/* The bootstrap behind all intervals of statistics.h. */
#include "harness/stats/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(0x4173686c61723031) /* any constant; part of STAT_BOOTSTRAP_VERSION */

static size_t below(struct stat_random *r, size_t n)
{
	return ((stat_random_next(r) >> 32) * n) >> 32;
}

/* The median of the `total` that were drawn of sorted values, the i-th of them with block
 * of[i].  Counting replaces the sort of every resample. */
static double drawn_median(const double *sorted, const size_t *of, size_t total,
			   const unsigned *drawn)
{
	size_t lower_rank = (total - 1) / 2, upper_rank = total / 2, seen = 0, i = 0;
	double lower;

	while (seen + drawn[of[i]] <= lower_rank)
		seen += drawn[of[i++]];
	lower = sorted[i];
	while (seen + drawn[of[i]] <= upper_rank)
		seen += drawn[of[i++]];
	return (lower + sorted[i]) / 2;
}

/* The tail to cut off at each side, see the header; of n values of `strata` machines each has
 * lost a degree of freedom to its own mean. */
static double expanded_tail(size_t n, size_t strata, size_t df)
{
	double t = stat_student_quantile((1 + STAT_LEVEL) / 2, df);

	return erfc(sqrt((double)n / (double)(n - strata)) * t / M_SQRT2) / 2;
}

/* A member ready to be drawn from: blocks are numbered in the order of its first values. */
struct ranked {
	double *sorted[2];
	size_t *of[2]; /* the block of the i-th of these */
	/* The blocks machine by machine; those of machine k begin at begin[k]. */
	size_t *blocks, *begin, machines;
	bool drawn; /* machines are */
};

/* Machines numbered from 0 by their first value; those with one value are one machine, which
 * joins the first of the others where it has but one itself. */
static size_t number_machines(const struct stat_strata *strata, size_t n, size_t *machine)
{
	size_t *values = calloc(n + 1, sizeof(*values)),
	       *number = calloc(n + 1, sizeof(*number));
	size_t machines = 0, alone = 0, many = 0;

	if (!values || !number)
		abort();
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && strata->of && strata->of[k] != strata->of[i])
			k++;
		machine[i] = k; /* the first value of its machine */
		values[k]++;
	}
	for (size_t i = 0; i < n; i++) {
		alone += values[i] == 1;
		many += values[i] > 1;
	}
	machines = alone > 1 || !many ? 1 : 0; /* number 0 is of those that are alone */
	for (size_t i = 0; i < n; i++)
		if (values[i] > 1)
			number[i] = machines++;
	for (size_t i = 0; i < n; i++)
		machine[i] = number[machine[i]];
	free(values);
	free(number);
	return machines;
}

/* How often each of n blocks is drawn, with replacement; returns how many are in all. */
static size_t draw(struct stat_random *r, const struct ranked *ranked, size_t n,
		   unsigned *drawn)
{
	size_t total = 0;

	memset(drawn, 0, n * sizeof(*drawn));
	for (size_t m = 0; m < ranked->machines; m++) {
		size_t k = ranked->drawn ? below(r, ranked->machines) : m;
		size_t at = ranked->begin[k], own = ranked->begin[k + 1] - at;

		for (size_t i = 0; i < own; i++)
			drawn[ranked->blocks[at + below(r, own)]]++;
		total += own;
	}
	return total;
}

static void part_machines(struct ranked *ranked, const struct stat_pairs *member,
			  const size_t *number)
{
	size_t n = member->n, at = 0, *machine = calloc(n + 1, sizeof(*machine));

	ranked->blocks = calloc(n + 1, sizeof(*ranked->blocks));
	ranked->begin = calloc(n + 2, sizeof(*ranked->begin));
	if (!machine || !ranked->blocks || !ranked->begin)
		abort();
	ranked->machines = number_machines(&member->strata, n, machine);
	ranked->drawn = member->strata.drawn && ranked->machines > 1;
	for (size_t k = 0; k < ranked->machines; k++) {
		ranked->begin[k] = at;
		for (size_t i = 0; i < n; i++)
			if (machine[i] == k)
				ranked->blocks[at++] = number[i];
	}
	ranked->begin[ranked->machines] = at;
	/* Of one machine a draw is a block's own number. */
	for (size_t i = 0; i < n && ranked->machines == 1; i++)
		ranked->blocks[i] = i;
	free(machine);
}

struct numbered {
	double value;
	size_t block;
};

static int by_value(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->value == y->value)
		return (x->block > y->block) - (x->block < y->block);
	return x->value < y->value ? -1 : 1;
}

static struct ranked rank(const struct stat_pairs *member)
{
	struct numbered *list = malloc(member->n * sizeof(*list));
	size_t n = member->n, *number = malloc(n * sizeof(*number));
	struct ranked ranked = {0};

	if (!list || !number)
		abort();
	for (int k = 0; k < (member->weight[1] != 0 ? 2 : 1); k++) {
		ranked.sorted[k] = malloc(n * sizeof(**ranked.sorted));
		ranked.of[k] = malloc(n * sizeof(**ranked.of));
		if (!ranked.sorted[k] || !ranked.of[k])
			abort();
		for (size_t i = 0; i < n; i++)
			list[i] = (struct numbered){member->x[k][i], i};
		qsort(list, n, sizeof(*list), by_value);
		for (size_t i = 0; k == 0 && i < n; i++)
			number[list[i].block] = i;
		for (size_t i = 0; i < n; i++) {
			ranked.sorted[k][i] = list[i].value;
			ranked.of[k][i] = number[list[i].block];
		}
	}
	part_machines(&ranked, member, number);
	free(list);
	free(number);
	return ranked;
}

static double first_mean(const double mean[2], const void *context)
{
	(void)context;
	return mean[0];
}

/* The bootstrap of what `combine` makes of the weighted means over members of each member's
 * median, on the scale of the values. */
static struct interval bootstrap(const struct stat_pairs *members, size_t nmembers,
				 double (*combine)(const double mean[2], const void *context),
				 const void *context)
{
	struct interval result = {0, NAN, NAN, NAN};
	double *estimates, weights[2] = {0}, tail, mean[2];
	struct stat_random random;
	size_t most = 0, df = 0, fewest = SIZE_MAX, strata = 1, total;
	struct ranked *ranked;
	unsigned *drawn;

	if (nmembers == 0)
		return result;
	for (size_t g = 0; g < nmembers; g++) {
		if (members[g].n == 0)
			return (struct interval){0, NAN, NAN, NAN};
		if (g == 0 || members[g].n < result.n)
			result.n = members[g].n;
		if (members[g].n > most)
			most = members[g].n;
		for (int k = 0; k < 2; k++)
			weights[k] += members[g].weight[k];
	}
	ranked = malloc(nmembers * sizeof(*ranked));
	estimates = malloc(STAT_RESAMPLES * sizeof(*estimates));
	drawn = malloc(most * sizeof(*drawn));
	if (!ranked || !estimates || !drawn)
		abort();
	for (int k = 0; k < 2; k++)
		mean[k] = weights[k] != 0 ? 0 : NAN;
	for (size_t g = 0; g < nmembers; g++) {
		ranked[g] = rank(&members[g]);
		df += members[g].n - ranked[g].machines;
		if (members[g].n == result.n && ranked[g].machines > strata)
			strata = ranked[g].machines;
		if (ranked[g].drawn && ranked[g].machines < fewest)
			fewest = ranked[g].machines;
		for (int k = 0; k < 2 && ranked[g].sorted[k]; k++)
			mean[k] += members[g].weight[k] / weights[k] *
				   stat_sorted_quantile(ranked[g].sorted[k], members[g].n, 0.5);
	}
	result.point = combine(mean, context);
	if (result.n >= 2) {
		stat_random_seed(&random, SEED);
		for (size_t r = 0; r < STAT_RESAMPLES; r++) {
			for (int k = 0; k < 2; k++)
				mean[k] = weights[k] != 0 ? 0 : NAN;
			for (size_t g = 0; g < nmembers; g++) {
				total = draw(&random, &ranked[g], members[g].n, drawn);
				for (int k = 0; k < 2 && ranked[g].sorted[k]; k++)
					mean[k] += members[g].weight[k] / weights[k] *
						   drawn_median(ranked[g].sorted[k],
								ranked[g].of[k], total, drawn);
			}
			estimates[r] = combine(mean, context);
		}
		qsort(estimates, STAT_RESAMPLES, sizeof(*estimates), stat_ascending);
		tail = fewest < SIZE_MAX ? expanded_tail(fewest, 1, fewest - 1)
					 : expanded_tail(result.n, strata, df);
		result.low = stat_sorted_quantile(estimates, STAT_RESAMPLES, tail);
		result.high = stat_sorted_quantile(estimates, STAT_RESAMPLES, 1 - tail);
	}
	for (size_t g = 0; g < nmembers; g++)
		for (int k = 0; k < 2; k++) {
			free(ranked[g].sorted[k]);
			free(ranked[g].of[k]);
		}
	for (size_t g = 0; g < nmembers; g++) {
		free(ranked[g].blocks);
		free(ranked[g].begin);
	}
	free(ranked);
	free(estimates);
	free(drawn);
	return result;
}

struct interval stat_median_interval_of(const double *x, size_t n, struct stat_strata strata)
{
	struct stat_pairs all = {.x = {x, NULL}, .n = n, .weight = {1, 0}, .strata = strata};

	return bootstrap(&all, 1, first_mean, NULL);
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
	result = bootstrap(members, ngroups, first_mean, NULL);
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
