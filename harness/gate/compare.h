/* Two sets of exact values become lines of an outcome. */
#ifndef HARNESS_GATE_COMPARE_H
#define HARNESS_GATE_COMPARE_H

#include "harness/gate/limits.h"
#include "harness/gate/measure.h"
#include "harness/gate/outcome.h"

/* Adds a line for each value of a tier that either side has, then one for the geometric mean of
 * each metric whose mean has a limit.  `again` is the beginning of a command that measures a
 * line again.  `whole`: head was measured in all cells, so one that only base has is missing.
 * `means`: in all cells of the tier, of which alone a mean has its limit.
 * A value that exceeds base by more than its limit is a fail, or accepted where base says so
 * up to that; in a mean such a cell counts from what was accepted. */
void gate_compare(const struct gate_values *base, const struct gate_values *head, int tier,
		  bool whole, bool means, const struct gate_limits *limits, const char *again,
		  struct gate_outcome *outcome);

#endif
