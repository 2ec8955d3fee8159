/* Figure 21: the machines of a cluster, each with its own ratios. */
#ifndef HARNESS_FIGURES_NODES_H
#define HARNESS_FIGURES_NODES_H

#include "harness/figures/figure.h"

/* Writes the figure's table and its caption, or why it is absent.  False after a complaint. */
bool nodes_write(const struct study *study, struct figure *figure);

#endif
