/* The colour and the mark of each contender, the same in every figure. */
#ifndef HARNESS_STYLE_H
#define HARNESS_STYLE_H

#include "harness/analysis/result_set.h"

struct style {
	const char *colour; /* #rrggbb */
	int mark;           /* gnuplot's point type */
};

/* Styles of all contenders of the set: known names have theirs, others take what is
 * left in order.  Colours are those of Okabe and Ito (2008), which the common forms
 * of colour blindness keep apart.  Free the result. */
struct style *style_make(const struct result_set *set);

#endif
