/* Figures 1, 2, 3, 12 and 12b: paired ratios against the reference. */
#ifndef HARNESS_FIGURES_RATIOS_H
#define HARNESS_FIGURES_RATIOS_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool ratios_write_time(const struct study *study, struct figure *figure);
bool ratios_write_memory(const struct study *study, struct figure *figure);
bool ratios_write_forest(const struct study *study, struct figure *figure);
bool ratios_write_trade_off_programs(const struct study *study, struct figure *figure);
bool ratios_write_trade_off_workloads(const struct study *study, struct figure *figure);

#endif
