/* A report in its formats: a table with a row for each writer. */
#ifndef HARNESS_EXPORT_H
#define HARNESS_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/report/report.h"

struct export_format {
	const char *name; /* of its option */
	const char *file; /* in the folder of results */
	const char *what; /* in the option's help */
	bool always;      /* written whether or not it was asked for */
	void (*write)(const struct document *d, FILE *f);
};

extern const struct export_format export_formats[];
extern const size_t export_nformats;

/* Prints a document to standard output, as Markdown or as text, and frees it. */
void export_print(struct document *d, bool markdown);

/* The findings in the formats for other programs and for a terminal. */
struct export_summary {
	const char *name; /* of its option */
	const char *file; /* in the folder of results, or null */
	const char *what; /* in the option's help */
	void (*write)(const struct report *report, FILE *f);
};

extern const struct export_summary export_summaries[];
extern const size_t export_nsummaries;

/* Writes the findings, and nothing else, to `path` ("-": standard output).  Returns STATUS_OK,
 * or STATUS_FAILED after a complaint. */
int export_findings(const struct report *report, const struct export_summary *format,
		    const char *path);

/* Makes the report of an open one (see report_make) and writes it in every format that is
 * always written or for which `wanted`, which may be null, is true, and its findings as
 * summary.*.  A file that was there is replaced only by a whole one.  Says how far it is unless
 * `quiet`, prints the findings first if `show`, and `report: PATH` for each report, the page's
 * last, when nothing is missing.  Returns what report_make does. */
int export_report(struct report *report, const bool *wanted, bool quiet, bool show);

#endif
