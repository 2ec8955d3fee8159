/* The price of one pair of malloc and free in a pattern of the workload op-matrix.
 *
 * Instructions: callgrind counts the workload with n pairs and with 2n; the difference
 * over n is free of start, end and filling.  The same difference of the driver alone
 * (idle=1: it calls functions that do nothing instead) is subtracted.  Time: CPU time
 * per pair, less that of the driver alone, both medians over rounds in which every
 * allocator and the driver run once.  In hand-over patterns both hold what two threads
 * did, the hand-over itself being the driver's. */
#ifndef HARNESS_PRICE_H
#define HARNESS_PRICE_H

#include "harness/contenders/contender.h"
#include "harness/stats/statistics.h"
#include "harness/trial/trial.h"

#define PRICE_ROUNDS 5

extern const char *const price_patterns[]; /* by number; ends with NULL */
#define PRICE_PATTERNS 7
#define PRICE_WALK 4 /* has sizes of its own */

struct price {
	double instructions; /* of a pair; NaN = not counted */
	struct interval ns;  /* of a pair; NaN = not measured */
	char reason[200];    /* why something is missing; "" = nothing is */
};

/* Prices of all contenders (usable ones) and the driver's own cost, for one pattern
 * and size.  Stops early, with what there is, when the user wants to end. */
void price_all(const struct trial_place *place, const struct contender *contenders, int n,
	       int pattern, int64_t size, struct price *prices, struct price *driver);

#endif
