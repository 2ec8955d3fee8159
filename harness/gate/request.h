/* What the user wants of a gate. */
#ifndef HARNESS_GATE_REQUEST_H
#define HARNESS_GATE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#define GATE_TIERS 4
#define GATE_TIME 3       /* the tier of what does not repeat */
#define GATE_OWN "ashlar" /* head, where nobody says another */
#define GATE_SEED 1       /* where nobody says another */

/* Exit statuses of the verb.  Those of tests of Automake are a skip and its hard error, which
 * --automake puts in place of a mistake and of what is broken. */
enum gate_exit {
	GATE_EXIT_PASS = 0,
	GATE_EXIT_FAIL = 1,
	GATE_EXIT_USAGE = 2,
	GATE_EXIT_BROKEN = 3,
	GATE_EXIT_INCONCLUSIVE = 4,
	GATE_EXIT_SKIPPED = 77,
	GATE_EXIT_AUTOMAKE_ERROR = 99
};

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
	int pairs;                    /* of tier 3 at most; 0 = what the budget has room for */
	double precision;             /* of tier 3, as a share; 0 = none is asked for */
	bool inconclusive_passes, quiet;
};

#define GATE_JUDGED (-1)

#endif
