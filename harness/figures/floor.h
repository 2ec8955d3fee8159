/* Figure 8b: memory at phase marks beside the page floor; and the table of its mean over time.
 */
#ifndef HARNESS_FIGURES_FLOOR_H
#define HARNESS_FIGURES_FLOOR_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool floor_write(const struct study *study, struct figure *figure);

/* The table held.tsv of all cells and contenders.  False after a complaint. */
bool floor_write_held(const struct study *study);

#endif
