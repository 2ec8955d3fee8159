/* Figures 15 and 15b: sizes and lifetimes of objects. */
#ifndef HARNESS_FIGURES_SIZES_H
#define HARNESS_FIGURES_SIZES_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool sizes_write(const struct study *study, struct figure *figure);
bool sizes_write_lifetimes(const struct study *study, struct figure *figure);

#endif
