/* The colour and the mark of each contender, the same in every figure. */
#ifndef HARNESS_REPORT_STYLE_H
#define HARNESS_REPORT_STYLE_H

#include "harness/analysis/comparison.h"

struct style {
	const char *colour; /* #rrggbb */
	int mark;           /* gnuplot's point type */
};

/* Styles of all contenders of the set: known names have theirs, others take what is
 * left in order.  Colours are those of Okabe and Ito (2008), which the common forms
 * of colour blindness keep apart.  Free the result. */
struct style *styles_make(const struct result_set *set);

/* The contenders that figures show, in order: those with a good sample, `null` after
 * all others.  out has room for all; returns their number, *nulls how many of them
 * (at the end) are `null`. */
size_t styles_shown(const struct result_set *set, size_t *out, size_t *nulls);

#endif
