/* The figure of series over many sets. */
#ifndef HARNESS_FIGURES_HISTORY_H
#define HARNESS_FIGURES_HISTORY_H

#include "harness/analysis/history.h"

/* More panels than this cannot be read on one page. */
#define HISTORY_PANELS 12

/* Writes DIR/history.tsv with scripts, and draws history.svg and .png: the series that changed,
 * those that did most first, then others.  Returns its caption (free it), or null after a
 * complaint.  What was written without gnuplot stays. */
char *history_draw(const struct history *h, const char *dir);

#endif
