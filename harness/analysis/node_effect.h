/* What the machines of a cluster do to the numbers of a set: each machine's own ratio, and how
 * much of the scatter between blocks is the machines'. */
#ifndef HARNESS_NODE_EFFECT_H
#define HARNESS_NODE_EFFECT_H

#include "harness/analysis/comparison.h"
#include "harness/stats/one_way.h"

/* Of the log ratios of a cell and contender to the reference; of the reference itself those of
 * its values (a slow machine is slow for all, which ratios do not show). */
struct stat_one_way node_effect(const struct comparison *c, size_t cell, size_t contender,
				enum metric metric);

/* Whether the cell has a block of the reference's on every machine that has one of any
 * throughput cell. */
bool node_effect_common(const struct comparison *c, size_t cell);

/* The geometric mean over the common throughput cells of a contender's ratios on one machine;
 * of the reference itself of its values there to those of all machines, median to median.
 * All is NaN where the machine has none. */
struct interval node_effect_mean(const struct comparison *c, size_t node, size_t contender,
				 enum metric metric);

#endif
