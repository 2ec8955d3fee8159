/* The gate as a whole: what the user wants of it, and the outcome.
 *
 * Tiers 0 to 2 measure one allocator at a time, by values that repeat exactly (measure.h); they
 * are rows of the table in gate.c, and all that compares, keeps and accepts their values goes
 * by that table.  Tier 3 measures base and head side by side and adds its lines by itself. */
#ifndef HARNESS_GATE_GATE_H
#define HARNESS_GATE_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/gate/outcome.h"

#define GATE_TIERS 4

enum { GATE_EXIT_PASS, GATE_EXIT_FAIL, GATE_EXIT_USAGE, GATE_EXIT_BROKEN };

struct gate_request {
	const char *base, *head; /* as candidate.h takes them; NULL = not said */
	/* Files of baselines, in place of base; NULL = not said. */
	const char *baseline, *update;
	const char *accept, *because; /* with baseline: cells that are wanted, and why */
	const char *tiers;            /* "0-2", "1,3"; NULL = all that the form has */
	const char *cells;            /* globs with commas; NULL = all of each tier */
	const char *job;              /* file with limits; NULL = none */
	uint64_t seed;                /* of the padding of environments, and of schedules */
	int budget_s;                 /* of tier 3; 0 = its own */
	bool inconclusive_passes, quiet;
};

#define GATE_JUDGED (-1)

/* Returns GATE_JUDGED with an outcome, whose gate_outcome_status() is then the exit status; or
 * an exit status: 0 where a baseline was written, else after its message.  Free the outcome in
 * either case. */
int gate_run(const struct gate_request *request, struct gate_outcome *outcome);

#endif
