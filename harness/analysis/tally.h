/* What became of the samples of a set, counted in one place for all who tell it.  Second runs
 * of a contender (A/A) are beside the set and not among them. */
#ifndef HARNESS_TALLY_H
#define HARNESS_TALLY_H

#include "harness/analysis/result_set.h"

struct tally {
	size_t all; /* good + failed + timeout + skipped */
	size_t good, failed, timeout, skipped;
	size_t replaced; /* of the good ones: their block was measured twice, the other counts
			  */
};

struct tally tally_of(const struct result_set *set);

/* "7 of 9 samples are good (2 replaced, as their block was measured twice), 2 were skipped, 0
 * failed and 0 ran out of time"; free() it. */
char *tally_text(const struct tally *t);

#endif
