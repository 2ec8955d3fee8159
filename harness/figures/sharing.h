/* Figures 17 and 17b: cache lines of several threads. */
#ifndef HARNESS_FIGURES_SHARING_H
#define HARNESS_FIGURES_SHARING_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool sharing_write_lines(const struct study *study, struct figure *figure);
bool sharing_write_transfers(const struct study *study, struct figure *figure);

#endif
