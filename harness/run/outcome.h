/* What came of a run set's contenders, all stages of it together. */
#ifndef HARNESS_OUTCOME_H
#define HARNESS_OUTCOME_H

#include <stdbool.h>
#include "harness/run/manifest.h"
#include "harness/run/runset.h"

/* Reads the records and notes in the manifest which contenders failed in every sample (or ran
 * out of time, or were skipped where they did neither), with the reason of the last.  Says
 * each on stderr, and with `strict` each that failed in some.  Returns STATUS_OK, or
 * STATUS_FAILED when there was one to say. */
int outcome_judge(struct manifest *manifest, const struct runset *set, bool strict);

#endif
