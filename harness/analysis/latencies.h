/* Latencies of a cell and contender, of all blocks together and against the reference. */
#ifndef HARNESS_LATENCIES_H
#define HARNESS_LATENCIES_H

#include "harness/analysis/comparison.h"
#include "harness/analysis/doubts.h"

/* Samples of an open loop that did not keep up: of how many, and the least share of what was
 * offered that was answered (1 where all kept up or there is no open loop).  One of them is
 * enough: percentiles of the blocks that kept up would be those of the better half. */
struct saturation {
	size_t samples, of;
	double least_share;
};
struct saturation latencies_saturation(const struct comparison *c, size_t cell,
				       size_t contender);

/* The merged histogram of all good samples of a cell and contender, empty if none, or if any is
 * saturated.  `kind` is
 * "alloc", "free" or "request". */
void latencies_collect(const struct comparison *c, size_t cell, size_t contender,
		       const char *kind, struct distribution *d);

/* What the clock of a cell's samples can tell: the dearest reading that any of them says, and
 * the step of the machine's clock.  Where a record does not say, the manifest's cost of a
 * reading stands for either: a step is never seen to be longer. */
struct clock_limits latencies_clock(const struct comparison *c, size_t cell);

/* A percentile (0 to 1) of one kind by block, NaN where there is none; out has room for
 * c->nblocks. */
void latencies_values(const struct comparison *c, size_t cell, size_t contender,
		      const char *kind, double percentile, double *out);

/* A percentile (0 to 1) of one kind against the reference's in the same block: the median of
 * the ratios over blocks, and what is to be doubted of it.  n is 0 where no block has enough
 * values of both. */
struct interval latencies_ratio(const struct comparison *c, size_t cell, size_t contender,
				const char *kind, double percentile, struct doubts *doubts);

#endif
