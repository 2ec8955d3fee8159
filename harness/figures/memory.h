/* Figures 7, 7b, 8 and 9: memory over time. */
#ifndef HARNESS_FIGURES_MEMORY_H
#define HARNESS_FIGURES_MEMORY_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool memory_write_drain(const struct study *study, struct figure *figure);
bool memory_write_timelines(const struct study *study, struct figure *figure);
bool memory_write_fragmentation(const struct study *study, struct figure *figure);
bool memory_write_return(const struct study *study, struct figure *figure);

#endif
