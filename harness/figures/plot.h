/* The scripts of the figures: bringing them to the report's folder and running them. */
#ifndef HARNESS_REPORT_PLOT_H
#define HARNESS_REPORT_PLOT_H

#include "harness/figures/figures.h"

/* set.gp: what all scripts have to know about this set.  False after one line on stderr. */
bool plot_write_set(const struct report *r);

/* Copies NAME.gp beside the tables.  False after one line on stderr. */
bool plot_copy_script(const struct report *r, const char *name);

/* Runs gnuplot on NAME.gp in the folder; what it says goes to NAME.log, which stays
 * only if it failed.  Returns its wait status, or -errno if it did not start. */
int plot_run(const struct report *r, const char *name);

#endif
