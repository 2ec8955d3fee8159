/* Wilcoxon's signed-rank test, exact, and the point and interval that go with it.  Pure, as
 * statistics.h.
 *
 * The values are differences of pairs (here: log ratios of two builds in one block), taken to
 * be symmetric about their centre, as differences of two that are exchangeable are.  The test
 * is Wilcoxon's (Individual Comparisons by Ranking Methods, Biometrics Bulletin 1(6), 1945);
 * the point is the median of all pairwise means and the interval runs between two of them
 * (Hodges and Lehmann, Estimates of Location Based on Rank Tests, 1963), so that the interval
 * leaves out a value just when the test refuses it.  Of normal values it needs 5 % more than
 * the t-test (efficiency 3 / pi), of heavy tails fewer, and one wild value does not move it.
 * Tied values share the mean of their ranks; the distribution is then counted over those
 * (Streitberg and Roehmel 1986). */
#ifndef HARNESS_SIGNED_RANK_H
#define HARNESS_SIGNED_RANK_H

#include <stddef.h>
#include "harness/stats/statistics.h"

/* More values than this are refused (NaN): the count takes the cube of n. */
#define STAT_SIGNED_RANK_MOST 400

/* The probability, were the centre of x at `shift`, of rank sums that speak for a higher centre
 * as strongly as these do, or more.  Values at `shift` itself say nothing and are left out
 * (Wilcoxon); 1 where none is left, NaN where x is not finite or too long. */
double stat_signed_rank_above(const double *x, size_t n, double shift);
/* The same for a lower centre. */
double stat_signed_rank_below(const double *x, size_t n, double shift);

/* The sum of the ranks of the values above `shift`, by their distance from it; NaN as above. */
double stat_signed_rank_sum(const double *x, size_t n, double shift);
/* The least such sum whose chance, or that of a greater one, is at most alpha among n values
 * without ties: what many tests of equally many values are quickly made with.  INFINITY where
 * n is too small for that, NaN where it is too large. */
double stat_signed_rank_critical(size_t n, double alpha);

/* The centre of x with the interval of at least this level, 0 < level < 1.  low and high are
 * NaN where n values cannot give such an interval (1 - 2^(1-n) is the most they can). */
struct interval stat_signed_rank_interval(const double *x, size_t n, double level);

#endif
