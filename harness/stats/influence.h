/* How much a mean over cells hangs on one of them.  Pure, as statistics.h.
 *
 * The cells of a suite are chosen and not drawn, so no interval can speak of cells that nobody
 * chose: the bootstrap interval of a geometric mean (stat_geomean_interval) says only what
 * another run of the same cells would give.  What the choice of cells does to the mean is
 * said beside it, by two numbers that promise no coverage:
 *
 * - the median of the cells, which one cell cannot move far (Fleming and Wallace, How Not to
 *   Lie with Statistics, CACM 29(3), 1986, for why the mean of ratios is the geometric one; the
 *   median is its counterpart with the highest breakdown point, 1/2, where the mean has 0);
 * - the range of the means that are left when each cell in turn is left out: the leave-one-out
 *   values of the jackknife (Quenouille 1956; Tukey 1958; Efron and Tibshirani, An Introduction
 *   to the Bootstrap, 1993, chapter 11), used as they are, as a measure of influence.
 *
 * A workload counts once, however many cells it has (a cell among k of its workload weighs
 * 1/k). Several cells of one workload hang together, so a workload is also left out as a whole.
 */
#ifndef HARNESS_INFLUENCE_H
#define HARNESS_INFLUENCE_H

#include <stdbool.h>
#include <stddef.h>

/* The median of n weighted values: where half of the weight lies on either side; the middle of
 * the two nearest where it falls between them.  Equal weights give the plain median.  Weights
 * are positive; NaN with none. */
double stat_weighted_median(const double *x, const double *weight, size_t n);

/* A mean without a part of its values: value number `index`, or with `kin` all of its kin. */
struct stat_left_out {
	double mean;
	size_t index;
	bool kin;
};

struct stat_influence {
	double mean, median;              /* of all values, weighted as above */
	struct stat_left_out least, most; /* means are NaN where leaving out leaves nothing */
};

/* Of the values x (log ratios of cells); kin[i] numbers the workload of x[i].  With n = 0 all
 * is NaN. */
struct stat_influence stat_influence(const double *x, const size_t *kin, size_t n);

#endif
