/* Two sides of a comparison, cell by cell: two contenders of one set, or contenders of two
 * sets.  Within a set values are paired by block.  Two sets were measured apart, at times that
 * a machine may have been faster or slower: where both hold a third contender, of the same
 * build and with the same variables, its values in the same blocks are divided out first (the
 * control); what is left is compared unpaired. */
#ifndef HARNESS_VERSUS_H
#define HARNESS_VERSUS_H

#include "harness/analysis/comparison.h"
#include "harness/analysis/findings.h"
#include "harness/stats/verdict.h"

struct versus_side {
	const struct comparison *c;
	size_t contender; /* SIZE_MAX: every one that both sides have, with itself */
};

struct versus_row {
	const struct finding_metric *metric;
	size_t cell[2], contender[2]; /* of sides a and b */
	struct interval value[2];     /* medians over blocks, without intervals */
	struct interval ratio;        /* of b to a */
	enum verdict verdict;
	const char *control; /* name of the contender that was divided out, or null */
	const char *why;     /* the verdict is no better known, or null */
	/* Of durations, by what clock and histogram can tell: of each side's value, and of the
	 * ratio.  Where there is one of the ratio the verdict is VERDICT_UNKNOWN. */
	struct doubts value_doubts[2], doubts;
};

struct versus {
	struct versus_side side[2];
	struct versus_row *row; /* by metric, then cell, then contender */
	size_t nrows;
	/* Cells that cannot be compared, one line each with the reason. */
	char **left_out;
	size_t nleft_out;
};

/* Free with versus_free; the sides stay the caller's. */
struct versus *versus_make(struct versus_side a, struct versus_side b);
void versus_free(struct versus *v);

/* The words of a verdict of a metric: faster or slower, leaner or fatter, fewer or more; same,
 * cannot tell. */
const char *versus_word(const struct finding_metric *metric, enum verdict verdict);

#endif
