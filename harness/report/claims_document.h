/* Claims beside what a set of results says of them, as a document. */
#ifndef HARNESS_CLAIMS_DOCUMENT_H
#define HARNESS_CLAIMS_DOCUMENT_H

#include "harness/analysis/claims.h"
#include "harness/report/report.h"

/* A line per claim.  `exactly`: the set is the one that they are of.  `counts` (of
 * CLAIM_STATES) receives how many came to what; a claim of its own set alone that is held
 * against another counts nowhere and has no line.  Free with document_free. */
struct document *claims_document(const struct claims *claims, const struct report *report,
				 bool exactly, size_t counts[CLAIM_STATES]);

#endif
