/* More for a run set that exists: blocks, cells and contenders beside what it holds.  What was
 * measured stays as it is and keeps its numbers; what is new is one more stage of the schedule.
 */
#ifndef HARNESS_EXTENSION_H
#define HARNESS_EXTENSION_H

#include <stdbool.h>
#include "harness/run/manifest.h"
#include "harness/run/request.h"

/* Whether the request wants more than what the set was begun with. */
bool extension_wanted(const struct run_request *request);

/* Adds to the manifest what the request names and the set lacks.  --workload names cells, which
 * are taken in as the set's suite has them; --blocks raises the number of those cells, or
 * without --workload of the throughput cells, or of the modes named; --allocator adds
 * contenders.  argv (without its first) is recorded as the command.  `*added` is false where
 * the set holds all of it already.  Returns STATUS_OK, or STATUS_USAGE after its message, and
 * the set's folder is then as it was. */
int extension_add(const struct run_request *request, int argc, char **argv,
		  struct manifest *manifest, bool *added);

#endif
