/* How much of a scatter is that of groups.  Pure, as statistics.h. */
#ifndef HARNESS_ONE_WAY_H
#define HARNESS_ONE_WAY_H

#include <stddef.h>

#define STAT_ONE_WAY_PERMUTATIONS 999

/* The one-way random effects model: a value is a mean, plus what its group is off, plus what it
 * is off itself.  The variances of both are estimated from the mean squares between and within
 * groups, of groups of any size (the ANOVA estimators: Searle, Casella and McCulloch, Variance
 * Components, 1992, chapter 3); an estimate below 0 is 0. */
struct stat_one_way {
	size_t groups;
	double between, within; /* variances; NaN where there are not two groups, one of two */
	double share;           /* between / (between + within); NaN where both are 0 */
	double p; /* of the permutations of values over groups that differ between groups as
		     much, this one counted (Fisher's test, by the fixed generator) */
};

/* `group` numbers the group of each of n values, in any way. */
struct stat_one_way stat_one_way(const double *x, const size_t *group, size_t n);

#endif
