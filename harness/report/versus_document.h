/* A comparison of two sides as a document: first in what their sets differ, then cell by cell.
 */
#ifndef HARNESS_VERSUS_DOCUMENT_H
#define HARNESS_VERSUS_DOCUMENT_H

#include "harness/analysis/difference.h"
#include "harness/analysis/versus.h"
#include "harness/report/document.h"

/* `difference` is null for two contenders of one set.  Free with document_free. */
struct document *versus_document(const struct versus *versus,
				 const struct difference *difference);

#endif
