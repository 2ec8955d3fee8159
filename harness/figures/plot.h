/* The scripts of the figures: bringing them to the report's folder and running them. */
#ifndef HARNESS_PLOT_H
#define HARNESS_PLOT_H

#include "harness/figures/figure.h"

/* set.gp: what all scripts have to know about this set.  False after a complaint. */
bool plot_write_set(const struct study *study);

/* The scripts that every figure loads. */
#define PLOT_SHARED "sheet", "style", "again"

/* Copies NAME.gp, or the file NAMESUFFIX beside it, into the folder `dir`.  False after a
 * complaint. */
bool plot_copy_script(const char *dir, const char *name);
bool plot_copy(const char *dir, const char *name, const char *suffix);

/* Where the script NAME.gp of the bench lies, free it; or null with `why`. */
char *plot_find_script(const char *name, char *why, size_t why_size);

/* Whether there is a gnuplot to run: $GNUPLOT, else that of the PATH.  `thoroughly` starts it
 * and asks for the two terminals that all scripts use.  False with `why`. */
bool plot_find_gnuplot(bool thoroughly, char *why, size_t why_size);

/* Runs gnuplot on NAME.gp there; what it says goes to NAME.log, which stays
 * only if it failed.  Returns its wait status, or -errno if it did not start. */
int plot_run(const char *dir, const char *name);

#endif
