/* All figures of a report: each is a table of numbers, a gnuplot script that stands
 * alone beside it, and the pictures the script makes. */
#ifndef HARNESS_FIGURES_H
#define HARNESS_FIGURES_H

#include "harness/figures/figure.h"

struct figures {
	struct figure *list; /* in the order in which they are shown */
	size_t count;
};

/* Whether the scripts of all figures and a gnuplot that can run them are there; false with
 * `why`.  For who has long to go before a report is due. */
bool figures_can_be_drawn(char *why, size_t why_size);

/* Writes all tables, copies the scripts and draws; `figures` says what came of each, and is
 * there to be freed in any case.  Returns STATUS_OK, or STATUS_INCOMPLETE after a complaint;
 * tables and scripts are then there as far as they got. */
int figures_make(const struct study *study, struct figures *figures);
/* Removes from DIR/report what `report` makes again of a set that is kept: scripts, their
 * tables and PNGs.  What stays are the SVGs that a page shows, and the table that it names. */
void figures_keep_pictures(const char *dir);
void figures_free(struct figures *figures);

#endif
