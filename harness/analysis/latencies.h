/* Latencies of a cell and contender, of all blocks together and against the reference. */
#ifndef HARNESS_LATENCIES_H
#define HARNESS_LATENCIES_H

#include "harness/analysis/comparison.h"

/* The merged histogram of all good samples of a cell and contender, empty if none.  `kind` is
 * "alloc", "free" or "request". */
void latencies_collect(const struct comparison *c, size_t cell, size_t contender,
		       const char *kind, struct distribution *d);

/* A percentile (0 to 1) of one kind against the reference's in the same block: the median of
 * the ratios over blocks.  n is 0 where no block has enough values of both. */
struct interval latencies_ratio(const struct comparison *c, size_t cell, size_t contender,
				const char *kind, double percentile);

#endif
