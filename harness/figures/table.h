/* Tables of numbers for the scripts of figures, and other files beside them. */
#ifndef HARNESS_TABLE_H
#define HARNESS_TABLE_H

#include <stdio.h>

#include "harness/analysis/doubts.h"
#include "harness/figures/figure.h"

/* A table DIR/report/NAME.tsv: what it holds as comment, then the header line.
 * Null after a complaint. */
FILE *table_open(const struct study *study, const char *name, const char *what,
		 const char *header);
/* A tab and a number; NaN as such. */
void table_number(FILE *f, double value);
/* A tab, why the row's numbers are uncertain ("-" where they are not, or only as an interval
 * contains 1), and the end of the line. */
void table_doubts(FILE *f, const struct doubts *doubts);
/* False after a complaint. */
bool table_close(const struct study *study, const char *name, FILE *f);

/* Any other file DIR/NAMESUFFIX, with the same answers. */
FILE *table_open_other(const char *dir, const char *name, const char *suffix);
bool table_close_other(const char *dir, const char *name, const char *suffix, FILE *f);

#endif
