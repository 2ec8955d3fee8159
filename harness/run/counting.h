/* Which sets of counters a run set has, and what serves each of them on this machine. */
#ifndef HARNESS_COUNTING_H
#define HARNESS_COUNTING_H

#include <jansson.h>
#include "harness/machine/counters.h"
#include "harness/run/manifest.h"
#include "harness/run/request.h"

/* The sets callgrind and locality are cells of their own modes: asks for them, beside what
 * the request asks for, in every part of it. */
void counting_add_modes(struct run_request *request);

/* What the manifest says of counters (results/README.md, `counters`): the sets asked for (0:
 * the default ones), and the tier that serves each, probed on the calling process.  A new
 * object. */
json_t *counting_plan(const struct counter_source *source, counter_choice asked);

/* The sets that can be had, from such an object; of one without sets (older ones) none. */
counter_choice counting_choice(const json_t *counters);

/* Prints a line for each set: the tier that serves it and why; and one when sets get no block.
 */
void counting_show(const struct manifest *manifest);

#endif
