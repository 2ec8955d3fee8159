/* Where a series of measurements changes its level.  Pure, as statistics.h.
 *
 * The method is E-divisive (Matteson and James, A Nonparametric Approach for Multiple Change
 * Point Analysis of Multivariate Data, Journal of the American Statistical Association
 * 109(505), 2014), the one that Daly et al. brought to performance regressions (The Use of
 * Change Point Detection to Identify Software Performance Regressions in a Continuous
 * Integration System, ICPE 2020): the series is cut where the energy distance of what lies
 * before and behind, weighted by their numbers, is largest, and again in both parts as long as
 * a cut is significant.  Distances are absolute differences (the exponent is 1).
 *
 * A cut is significant where no more than `level` of the permutations of its part of the series
 * find a cut as good: the test of the paper, which knows of the search for the best place, and
 * not the t-test that Fleming et al. put in its place for the sake of determinism (Hunter:
 * Using Change Point Detection to Hunt for Performance Regressions, ICPE 2023).  Here the
 * permutations are drawn by the fixed generator of statistics.h instead: the same series has
 * the same changes everywhere. */
#ifndef HARNESS_CHANGE_H
#define HARNESS_CHANGE_H

#include <stddef.h>

/* No part is shorter: a change is seen at the earliest when so many values lie behind it. */
#define STAT_CHANGE_LEAST 3
#define STAT_CHANGE_PERMUTATIONS 999
/* Of a longer series only this many last values are looked at: each permutation takes the
 * square of their number. */
#define STAT_CHANGE_MOST 400

struct stat_change {
	size_t at; /* of the first value behind the change */
	double p;  /* of the permutations, this one counted */
};

/* The changes of x in order, into out (room for n).  0 < level < 1.  Returns their number;
 * values that are not finite make it 0. */
size_t stat_changes(const double *x, size_t n, double level, struct stat_change *out);

/* The fewest values in which a clean step in the middle is found at this level: of n values two
 * in so many orders as there are ways to choose n / 2 of them are as far apart; a half is added
 * for the chance of the draw.  Fewer show a step by luck alone, where its neighbours stand out
 * too. */
size_t stat_change_fewest(double level);

/* The smallest step in the middle of n values that is found four times in five at level 0.01
 * where the values scatter normally by `sigma`: by simulation (harness/test/test_change.c), in
 * the unit of the values.  NaN where n is too few for any. */
double stat_change_smallest(size_t n, double sigma);

#endif
