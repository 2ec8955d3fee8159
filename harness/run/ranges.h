/* Ranges in parameters: KEY=A..B is every value from A to B, A..B+S every S-th, A..B*F each F
 * times the one before. */
#ifndef HARNESS_RANGES_H
#define HARNESS_RANGES_H

#include "harness/matrix/suite.h"

#define RANGE_VALUES 256 /* of one range */

/* Calls `take` for a choice once for each combination of the values of its ranges; where it has
 * none, once.  It returns 0, or -1 with `why`.  Returns 0, or -1 with `why` (and the choice's
 * blame): a range that is none, or what `take` said. */
int ranges_each(const struct suite_choice *choice,
		int (*take)(const struct suite_choice *, void *, char *, size_t), void *arg,
		char *why, size_t why_size);

#endif
