/* Pure statistics of small samples: no files, no records, no printing.
 *
 * Intervals are bootstrap intervals of a median, with a generator of numbers that is
 * fixed and versioned (that of the workloads: xoshiro256**, Blackman and Vigna 2021), so
 * that the same data give the same interval on every machine.
 * The median and not the mean, because one disturbed block does not move it.  The
 * plain percentile interval covers too little of few values (of a median: 89 % at 10
 * and at 20); so the tails cut off are those of Hesterberg's expanded percentile
 * interval (What Teachers Should Know About the Bootstrap, 2015): instead of 2.5 %
 * each Phi(-sqrt(n / (n - 1)) * t), t the 97.5 % point of Student's t.  With five
 * values that is [smallest, largest], which covers 1 - 2^(1-n) = 94 %.
 *
 * All functions take values in any order, leave them unchanged, and return NaN
 * where there is nothing to say. */
#ifndef HARNESS_STATISTICS_H
#define HARNESS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An interval of fewer values covers less than it says (see stat_coverage_limit): it is never
 * to be printed as certain. */
#define STAT_MIN_BLOCKS 5

#define STAT_RESAMPLES 10000
#define STAT_LEVEL 0.95
/* Change it with any change that makes the same data give another interval. */
#define STAT_BOOTSTRAP_VERSION "xoshiro256**/1"

/* A point with its interval.  n is the number of values (blocks) behind it; low and
 * high are NaN with n < 2. */
struct interval {
	size_t n;
	double point, low, high;
	size_t machines; /* that it stands on where they are drawn, of several members the
			    fewest; 0 = none are */
};

/* Of fewer than STAT_MIN_BLOCKS values, or of machines that are drawn: an interval of two of
 * them holds what it is of in half of all cases. */
bool stat_too_few(const struct interval *i);

/* Where values come from that were measured on several machines.  By default the machines are
 * fixed: blocks are drawn anew within each, and an interval is that of measuring again on these
 * same machines; those with one value are taken as one, since alone they would not vary.
 * Where they are drawn, too (a machine, then its blocks), it is that of measuring on others
 * like them, and the tails are those of as many values as there are machines: the hierarchical
 * bootstrap of Davison and Hinkley (Bootstrap Methods and their Application, 1997, section
 * 3.8), blocks with replacement.  Of several members the machines are drawn once for all, since
 * what a machine does is common to its values of all of them; a member that was on none of
 * those draws among its own. */
struct stat_strata {
	const size_t *of; /* number of the machine of each value; NULL = one machine */
	bool drawn;
};

/* One member of an aggregate: n values (here: paired log ratios of one cell), and
 * its weight relative to the other members. */
struct stat_group {
	const double *x;
	size_t n;
	double weight;
	struct stat_strata strata;
};

/* Quantile q in [0, 1] with linear interpolation (type 7 of Hyndman and Fan 1996). */
double stat_quantile(const double *x, size_t n, double q);
double stat_median(const double *x, size_t n);
/* The quantile of values that are in ascending order already. */
double stat_sorted_quantile(const double *sorted, size_t n, double q);
/* The same of values in any order, which changes their order: in linear time (Hoare's FIND,
 * Communications of the ACM 4(7), 1961), where a sort would take most of a bootstrap. */
double stat_selected_quantile(double *x, size_t n, double q);
/* For qsort, of doubles without NaN. */
int stat_ascending(const void *a, const void *b);
/* Median absolute deviation from the median, unscaled. */
double stat_mad(const double *x, size_t n);

/* Median of x with the 95 % bootstrap interval. */
struct interval stat_median_interval(const double *x, size_t n);
struct interval stat_median_interval_of(const double *x, size_t n, struct stat_strata strata);

/* The t with P(T <= t) = p, 0.5 <= p < 1, for Student's T with df >= 1. */
double stat_student_quantile(double p, size_t df);

/* log(a[i] / b[i]) for each i where both are finite and positive, written to out
 * (room for n).  Returns their number. */
size_t stat_log_ratios(const double *a, const double *b, size_t n, double *out);

/* Interval of the median of log ratios, on the scale of the ratio. */
struct interval stat_ratio_interval(const double *log_ratios, size_t n);
struct interval stat_ratio_interval_of(const double *log_ratios, size_t n,
				       struct stat_strata strata);

/* Weighted geometric mean over groups of the ratio exp(median of the group's log
 * ratios).  The groups are fixed, as workloads are chosen and not drawn; within each
 * the blocks are drawn anew: a stratified bootstrap (Efron and Tibshirani 1993, chapter 8),
 * tails widened by Student's t of all groups' degrees of freedom and the smallest n.  So the
 * interval is that of measuring the same cells again.  It says nothing about other cells, nor
 * how much one of them makes the mean: that is stat_influence.  .n is the smallest n of a
 * group.  With no group, or an empty one, all is NaN. */
struct interval stat_geomean_interval(const struct stat_group *groups, size_t ngroups);

/* A member of a mean and perhaps of another that is formed of the same n blocks (here: log
 * ratios of time and of memory), with its weight in each: 0 leaves it out of the second, whose
 * values are then not read. */
struct stat_pairs {
	const double *x[2];
	size_t n;
	double weight[2];
	struct stat_strata strata;
};

/* Interval of what `combine` makes of both means, as ratios like those of
 * stat_geomean_interval (the second NaN where no member has a weight in it).  A draw of blocks
 * goes into both, so that it is kept how time and memory of a block hang together.  The draws
 * are those of stat_geomean_interval for the first mean: what is made of it alone has its
 * interval. */
struct interval stat_combined_interval(const struct stat_pairs *members, size_t nmembers,
				       double (*combine)(const double mean[2],
							 const void *context),
				       const void *context);

/* What [smallest, largest] of n values covers of the true median: no interval of it
 * that is made from the data alone can promise more. */
double stat_coverage_limit(size_t n);

#endif
