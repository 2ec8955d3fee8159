/* A set of results in a page of text: what a user sees when a run ends, and summary.md. */
#ifndef HARNESS_REPORT_SUMMARY_H
#define HARNESS_REPORT_SUMMARY_H

#include "harness/report/report.h"

/* A line per contender, then a line per cell with the ratios of all.  `whole` has programs and
 * own workloads in one line, and adds the numbers as they are and the latencies.  Free with
 * document_free. */
struct document *summary_make(const struct report *report, bool whole);

#endif
