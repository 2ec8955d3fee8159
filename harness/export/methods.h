/* The methods of a set for a paper. */
#ifndef HARNESS_EXPORT_METHODS_H
#define HARNESS_EXPORT_METHODS_H

#include "harness/report/report.h"

/* Writes into `folder`, which it makes: methods.tex (paragraphs without a heading) and
 * checklist.tex (a section), which need no package and no preamble and cite references.bib, and
 * methods.md, which has all of it.  The report needs no findings. Returns STATUS_OK, or
 * STATUS_FAILED after a complaint. */
int methods_write(const struct report *report, const char *folder);

#endif
