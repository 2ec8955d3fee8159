/* A run set from its manifest to its end: what `run` and a shard of a cluster have in common.
 */
#ifndef HARNESS_MEASURE_H
#define HARNESS_MEASURE_H

#include "harness/run/manifest.h"
#include "harness/run/request.h"
#include "harness/run/runset.h"

/* Measures what the set lacks, and leaves the manifest finished in its folder, unless the user
 * ends it or something breaks.  Of the request counts what is of this run alone: budget, quiet,
 * strict, no_repeat and, where the manifest has none yet, counters.  `extended` says that the
 * plan was added to, `again` is the command that goes on with the set.  `*measured` becomes
 * true when there is something new to report on, well or not.  Returns the exit status, after
 * its message. */
int measure_set(struct manifest *manifest, struct runset *set,
		const struct run_request *request, bool extended, const char *again,
		bool *measured);

#endif
