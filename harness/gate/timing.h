/* Tier 3 of a gate: CPU time and peak memory of two builds, measured now side by side.
 *
 * First the noise of this machine is found out, from pairs of base with itself (noise.h), and
 * with it delta, the difference that counts, and the smallest effect that the budget can show:
 * both are said before anything is compared.  Then base and head run in blocks of random order
 * (run/), and the pairs are judged at four looks (looks.h), or once at the end where a
 * precision was asked for: a stop by the width of an interval is none by what it says.  */
#ifndef HARNESS_GATE_TIMING_H
#define HARNESS_GATE_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/contenders/contender.h"
#include "harness/gate/limits.h"
#include "harness/gate/outcome.h"

#define GATE_TIME_BUDGET_S 600
#define GATE_TIME_ALPHA 0.01 /* chance of any false fail: 10 in 1,000 runs at most */
#define GATE_TIME_LEAST 0.03 /* least delta */

struct gate_timing {
	const struct contender *base, *head; /* resolved */
	const char *folder;                  /* an empty one of ours: run sets are made in it */
	const char *cells; /* globs of cells and workloads, separated by commas; NULL = all */
	int budget_s;      /* of all of it; 0 = GATE_TIME_BUDGET_S */
	int pairs;         /* of base and head at most; 0 = what the budget has room for */
	double precision; /* half-width that is wanted of each interval, as a share; 0 = none */
	uint64_t seed;
	const char *cache; /* folder in which A/A pairs are kept; NULL = nowhere */
	const struct gate_limits *limits; /* least deltas; NULL = those that hold unless
					     somebody says otherwise */
	const char *again; /* the command that does the same, but for the cell; NULL = none */
	bool quiet;
};

/* Adds a line for the time and one for the peak memory of each cell, those of the user's
 * commands (matrix/command.h) instead of its own where there are any.  Returns 0, also where
 * the user ended it (interrupt_wanted()), or -1 with `why`: nothing could be measured. */
int gate_time(const struct gate_timing *timing, struct gate_outcome *outcome, char *why,
	      size_t why_size);

#endif
