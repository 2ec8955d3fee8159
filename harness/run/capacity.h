/* What the reference allocator can serve here, in requests per second: the rates of
 * the open-loop cells are parts of it, the same for all allocators. */
#ifndef HARNESS_CAPACITY_H
#define HARNESS_CAPACITY_H

#include "harness/matrix/schedule.h"
#include "harness/run/manifest.h"
#include "harness/run/runset.h"
#include "harness/trial/trial.h"

/* Where it is measured, and where it goes. */
struct capacity_place {
	const struct trial_place *trial;
	const struct schedule *schedule; /* of the seeds */
	struct manifest *manifest;
	const struct runset *set;
};

/* Measures it under glibc for one block, in the mode it is used in: the median of three runs of
 * the block's own requests in mode latency, with all their clock readings, where the requests
 * arrive faster than any allocator answers.  All loads of a workload share it.  Leaves it in
 * the manifest, capacity.WORKLOAD[block] (also when it failed: as 0, with a message). */
void capacity_measure(const struct capacity_place *place, const struct cell *cell, int block);

/* What capacity_measure() left, in requests per second; 0 = it could not be measured. */
int64_t capacity_of(const struct manifest *manifest, const struct cell *cell, int block);

/* glibc, which need not be among the contenders that are compared: theirs, else `made`.
 * Free `made` with contender_free(). */
const struct contender *capacity_reference(const struct manifest *manifest,
					   struct contender *made);

#endif
