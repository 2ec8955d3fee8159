/* A trace as text, for people and tests; FORMAT.md tells the lines. */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stddef.h>
#include <stdio.h>
#include "workloads/trace/reader.h"

/* All of it.  Returns 0, or -1 with `why` filled; what was readable before damage has
 * then been printed. */
int trace_dump(struct trace_reader *reader, FILE *out, char *why, size_t why_size);

/* Back: the same file to the byte when the text is that of a whole trace.  `name` is
 * what messages call the text.  Returns 0, or -1 with `why` naming the line. */
int trace_undump(FILE *in, const char *name, const char *path, char *why, size_t why_size);

#endif
