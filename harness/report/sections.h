/* A report as a document. */
#ifndef HARNESS_SECTIONS_H
#define HARNESS_SECTIONS_H

#include "harness/figures/figures.h"
#include "harness/report/document.h"

/* All sections in their order; `figures` as figures_make left them.  Free with
 * document_free. */
struct document *sections_make(const struct study *study, const struct figures *figures);

#endif
