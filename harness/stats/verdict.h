/* What an interval of a ratio allows to be said, and the interval for two samples that were
 * drawn apart.  Pure, as the rest of this room. */
#ifndef HARNESS_VERDICT_H
#define HARNESS_VERDICT_H

#include "harness/stats/statistics.h"

/* Two ratios closer than this are the same: below it lies what the layout of a program's own
 * code and stack can do. */
#define VERDICT_EQUIVALENCE 1.02
/* Fewer pairs cannot tell: no interval of the median of five covers more than 93.8 %
 * (stat_coverage_limit). */
#define VERDICT_LEAST_PAIRS 6

enum verdict {
	VERDICT_NONE,    /* nothing to compare */
	VERDICT_LESS,    /* the whole interval lies below 1 / VERDICT_EQUIVALENCE */
	VERDICT_MORE,    /* above VERDICT_EQUIVALENCE */
	VERDICT_SAME,    /* between them */
	VERDICT_UNKNOWN, /* across one of them, or there is no interval */
};

/* The ratio of b to a, on the scale of the ratio, of logarithms that were not taken in pairs:
 * the estimate of Hodges and Lehmann, the median of all differences b - a (Estimates of
 * location based on rank tests, 1963), and the interval of at least STAT_LEVEL between two of
 * them whose ranks the exact distribution of Mann and Whitney's U gives (Hollander, Wolfe and
 * Chicken, Nonparametric Statistical Methods, 2014, 4.3; for more than VERDICT_EXACT pairs its
 * normal approximation).  It supposes no distribution, only that both have the same shape.  n
 * is the smaller number; there is no interval (NaN) where so few values cannot give one: three
 * and four, for example. */
#define VERDICT_EXACT 2500
struct interval verdict_unpaired(const double *a, size_t na, const double *b, size_t nb);

/* The three answers divide the line, so at most one of them is true, and each is given only if
 * the interval holds nothing else: that a difference is at least as large as the equivalence
 * is tested, not that there is one (a test of a minimum effect: Murphy and Myors 1999), and
 * that it is smaller, not that none was found (Schuirmann 1987).  Of an interval of 95 % two
 * equal things are called different in less than 5 % of cases.
 *
 * `least` is the number of values that an interval must stand on. */
enum verdict verdict_of(const struct interval *ratio, size_t least);

/* Of values that repeat, like counts of instructions, the ratio itself decides. */
enum verdict verdict_of_count(double ratio);

#endif
