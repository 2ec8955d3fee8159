/* Figures 5 and 16: speed over threads, and what an operation costs. */
#ifndef HARNESS_FIGURES_COST_H
#define HARNESS_FIGURES_COST_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool cost_write_scalability(const struct study *study, struct figure *figure);
bool cost_write_kernel(const struct study *study, struct figure *figure);
bool cost_write_instructions(const struct study *study, struct figure *figure);

#endif
