/* Figure 20: what two runs of the same thing differ by (A/A). */
#ifndef HARNESS_FIGURES_NOISE_H
#define HARNESS_FIGURES_NOISE_H

#include "harness/figures/figure.h"

/* Writes the figure's table and its caption, or why it is absent.  False after a complaint. */
bool noise_write(const struct study *study, struct figure *figure);

#endif
