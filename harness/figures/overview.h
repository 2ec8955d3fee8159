/* Figures 4, 13, 14 and 14b: all blocks, all cells, all contenders at one look. */
#ifndef HARNESS_FIGURES_OVERVIEW_H
#define HARNESS_FIGURES_OVERVIEW_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool overview_write_spread(const struct study *study, struct figure *figure);
bool overview_write_map(const struct study *study, struct figure *figure);
bool overview_write_profile_programs(const struct study *study, struct figure *figure);
bool overview_write_profile_workloads(const struct study *study, struct figure *figure);

#endif
