/* What goes into a paper: figures of a column's width, tables, and a document that holds all.
 */
#ifndef HARNESS_EXPORT_PAPER_H
#define HARNESS_EXPORT_PAPER_H

#include <stdbool.h>

#include "harness/report/report.h"

/* Widths of a column, in inches, as two-column classes have them; by name ("single",
 * "double").  NaN for another name. */
double paper_column(const char *name);
/* The same width in TeX's points. */
double paper_width_pt(double column_in);

/* Makes DIR/paper/ of a set with its findings: figures as PDF, and where sheet->latex is true
 * also with text that LaTeX sets; their scripts and tables; tables/ of numbers as .tex, .csv
 * and .md, with report->terms also of a fleet's cost; main.tex.  What was there of them is
 * replaced.  Says how far it is unless `quiet`, and `paper: PATH` at the end.  Returns
 * STATUS_OK, or STATUS_INCOMPLETE after a complaint. */
int paper_write(struct report *report, const struct sheet *sheet, bool quiet);

#endif
