/* Figure 10: latency over percentiles. */
#ifndef HARNESS_FIGURES_LATENCY_H
#define HARNESS_FIGURES_LATENCY_H

#include "harness/figures/figure.h"

/* Each writes the figure's table and its caption, or why it is absent.  False after a
 * complaint. */
bool latency_write_calls(const struct study *study, struct figure *figure);
bool latency_write_requests(const struct study *study, struct figure *figure);

#endif
