/* Series over many sets of results as a document. */
#ifndef HARNESS_HISTORY_DOCUMENT_H
#define HARNESS_HISTORY_DOCUMENT_H

#include "harness/analysis/history.h"
#include "harness/report/document.h"

/* `picture` and what a figure shows as in document_figure, all null where none was drawn.  Free
 * it with document_free. */
struct document *history_document(const struct history *h, const char *folder,
				  const char *picture, const char *caption);

#endif
