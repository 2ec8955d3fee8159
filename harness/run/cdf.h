/* Sizes and lifetimes of the objects of a run set's own workloads, for a figure: what the
 * numbers beside it were measured on. */
#ifndef HARNESS_CDF_H
#define HARNESS_CDF_H

#include "harness/run/runner.h"

/* The part of a budget that is kept for it. */
#define CDF_BUDGET_PART 20

/* One pass of each workload in the plan, under glibc, into DIR/cdf/WORKLOAD.tsv; nothing of
 * it is timed or recorded as a sample.  A workload whose file is there is done, so that a
 * run set that is completed later does the rest.  What could not be had is said in one line
 * each, as is what has no room before `until_ns` (0 = no end).  Returns false when the user
 * ended it. */
bool cdf_record(struct runner *runner, uint64_t until_ns);

#endif
