/* From a folder of results to a report: compared, drawn, and as a document for the writers. */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stdbool.h>

#include "harness/analysis/findings.h"
#include "harness/analysis/means.h"
#include "harness/figures/figures.h"
#include "harness/report/document.h"

/* A folder of results, compared. */
struct report {
	struct result_set *set;
	struct comparison *c;
	struct means *means;
	struct findings *findings;
	struct held *held; /* null before report_held */
	/* What its page tells beyond the set, as study says it; null and false at first. */
	const struct fleet_terms *terms;
	bool pictures_only;
};

/* Reads what is in `dir` and compares it with the contender `reference` (null: glibc or, where
 * it has no good sample, the first contender that has one, if any has).  Returns STATUS_OK, or
 * STATUS_USAGE after a complaint, where dir or reference is unusable.  Close it with
 * report_close. */
int report_open(struct report *report, const char *dir, const char *reference);
/* The same without the findings (null), which take most of the time. */
int report_begin(struct report *report, const char *dir, const char *reference);
void report_close(struct report *report);

/* Its memory over time, which is read when it is first asked for. */
const struct held *report_held(struct report *report);

/* Makes DIR/report/ with tables, scripts and figures, saying how far it is unless
 * `quiet`.  What was measured is never touched.
 * Returns STATUS_OK, or after one complaint STATUS_INCOMPLETE where something of it is missing.
 * *document is what can be written all the same, or null; free it with document_free. */
int report_make(struct report *report, bool quiet, struct document **document);

/* The figures of a set for a paper, with their tables and scripts, in the folder `dir`, which
 * is there.  `figures` says what came of each, and is there to be freed in any case.  Returns
 * what figures_make does. */
int report_draw(struct report *report, const struct sheet *sheet, bool quiet, const char *dir,
		struct figures *figures);

#endif
