/* How long a turn takes, before it is measured. */
#ifndef HARNESS_CLUSTER_ESTIMATE_H
#define HARNESS_CLUSTER_ESTIMATE_H

#include "harness/analysis/result_set.h"
#include "harness/run/manifest.h"

/* Seconds of a turn of each cell and contender that is in it, with starting and ending the
 * process: the mean of what the pilot's samples of the same cell took, where it has none that
 * of its mode in the reviewed set of results/.  Array by cell; free it. */
double *estimate_sample_seconds(const struct manifest *set, const struct result_set *pilot);

#endif
