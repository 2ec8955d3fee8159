/* A document in GitHub's flavour of Markdown, its figures as links. */
#ifndef HARNESS_MARKDOWN_H
#define HARNESS_MARKDOWN_H

#include <stdio.h>

#include "harness/report/document.h"

/* Text in which every character means itself. */
void markdown_text(const char *text, FILE *f);
/* The same of its first `length` bytes. */
void markdown_part(const char *text, size_t length, FILE *f);

/* Errors are the stream's. */
void markdown_write(const struct document *d, FILE *f);

#endif
