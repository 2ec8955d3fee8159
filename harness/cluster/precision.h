/* How many blocks a cell needs until its intervals are as narrow as is wanted. */
#ifndef HARNESS_CLUSTER_PRECISION_H
#define HARNESS_CLUSTER_PRECISION_H

#include "harness/analysis/result_set.h"
#include "harness/run/manifest.h"

/* A cell that needs more is not worth its time: it gets as many, and that is said. */
#define PRECISION_MOST 1000

/* Of n log ratios with variance s^2 (within machines, of which there are `groups`) the blocks
 * that a 95 % interval of their median needs to be within `precision` (a share) to either side,
 * in four of five cases: Student's t times sqrt(pi/2) s/sqrt(blocks), the median's error where
 * values scatter normally, with the upper 80 % limit of s, since a pilot's s is itself a guess
 * (Browne, On the use of a pilot sample for sample size determination, Statistics in Medicine
 * 14, 1995; the quantile of chi-square by Wilson and Hilferty, 1931).  At least
 * STAT_MIN_BLOCKS, at most PRECISION_MOST + 1; 0 where n leaves no degree of freedom. */
int precision_blocks(double variance, size_t n, size_t groups, double precision);

/* Gives the throughput cells of a set the blocks that they need for every contender in it but
 * the reference and `null`, by a pilot's ratios of CPU time, and prints a line for each.  Cells
 * that the pilot has not keep theirs.  With `raise` none gets fewer than it has.  `*changed`
 * says whether any has others now.  Returns STATUS_OK, or STATUS_USAGE after its message:
 * nothing of the set is in the pilot, or the pilot is a pool. */
int precision_apply(struct manifest *set, struct result_set *pilot, double precision,
		    bool raise, bool *changed);

#endif
