/* The gate as a whole: what the user wants of it, and the outcome.
 *
 * Tiers 0 to 2 measure one allocator at a time, by values that repeat exactly (measure.h); they
 * are rows of the table in session.c, and all that compares, keeps and accepts their values
 * goes by that table.  Tier 3 measures base and head side by side and adds its lines by itself.
 */
#ifndef HARNESS_GATE_GATE_H
#define HARNESS_GATE_GATE_H

#include "harness/gate/outcome.h"
#include "harness/gate/request.h"

/* Returns GATE_JUDGED with an outcome, whose gate_outcome_status() is then the exit status; or
 * an exit status: 0 where a baseline was written, else after its message.  Free the outcome in
 * either case. */
int gate_run(const struct gate_request *request, struct gate_outcome *outcome);

#endif
