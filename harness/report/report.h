/* From a folder of results to a report: compared, drawn, and as a document for the writers. */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stdbool.h>

#include "harness/report/document.h"

/* Compares what is in `dir` with the contender `reference` (null: glibc or, where it has no
 * good sample, the first contender that has one) and makes DIR/report/ with tables, scripts
 * and figures, saying how far it is unless `quiet`.  What was measured is never touched.
 *
 * Returns STATUS_OK; STATUS_USAGE where dir or reference is unusable; STATUS_INCOMPLETE where
 * something of the report is missing.  The last two after one complaint.  *document is then
 * what can be written all the same, or null; free it with document_free. */
int report_make(const char *dir, const char *reference, bool quiet, struct document **document);

#endif
