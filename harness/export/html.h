/* A document as one page of HTML that needs nothing else: no script, nothing loaded. */
#ifndef HARNESS_HTML_H
#define HARNESS_HTML_H

#include <stdio.h>

#include "harness/report/document.h"

/* Errors are the stream's. */
void html_write(const struct document *d, FILE *f);

#endif
