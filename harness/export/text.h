/* A document as plain text for a terminal: its tables in columns, no figures. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <stdio.h>

#include "harness/report/document.h"

/* A table that is wider than `width` columns is printed in parts, each with the table's first
 * column; 0: no limit.  Errors are the stream's. */
void text_write(const struct document *d, FILE *f, size_t width);

/* Columns of the terminal behind a stream, 0 if there is none. */
size_t text_width(FILE *f);

#endif
