/* A report in its formats: a table with a row for each writer. */
#ifndef HARNESS_EXPORT_H
#define HARNESS_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/report/document.h"

struct export_format {
	const char *name; /* of its option */
	const char *file; /* in the folder of results */
	const char *what; /* in the option's help */
	bool always;      /* written whether or not it was asked for */
	void (*write)(const struct document *d, FILE *f);
};

extern const struct export_format export_formats[];
extern const size_t export_nformats;

/* Makes the report of `dir` (see report_make) and writes it in every format that is always
 * written or for which `wanted`, which may be null, is true.  A file that was there is replaced
 * only by a whole one.  Prints `report: PATH` for each, the page's last, when nothing is
 * missing.  Says how far it is unless `quiet`.  Returns what report_make does; complaints name
 * the verb `report`. */
int export_report(const char *dir, const char *reference, const bool *wanted, bool quiet);

#endif
