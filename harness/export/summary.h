/* The findings of a set for other programs, one writer a format; the fields are documented in
 * results/README.md.  Errors are the stream's. */
#ifndef HARNESS_EXPORT_SUMMARY_H
#define HARNESS_EXPORT_SUMMARY_H

#include <stdio.h>

#include "harness/report/report.h"

/* One object, ended by a newline. */
void summary_json_write(const struct report *report, FILE *f);

/* A line per finding after one of names, fields quoted as in RFC 4180, lines ended by a newline
 * alone. */
void summary_csv_write(const struct report *report, FILE *f);

#endif
