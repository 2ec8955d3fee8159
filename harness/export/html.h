/* Writing HTML that holds itself together: escaped text and inline pictures. */
#ifndef HARNESS_HTML_H
#define HARNESS_HTML_H

#include <stdbool.h>
#include <stdio.h>

/* Text with & < > " ' escaped, fit for content and attributes. */
void html_text(FILE *f, const char *text);
/* The same after formatting. */
void html_format(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A table with these titles, ended by NULL; rows and fields are the caller's until it
 * ends. */
void html_table_begin(FILE *f, const char *const *titles);
void html_table_end(FILE *f);
/* One field of a row. */
void html_cell(FILE *f, const char *text);

/* The SVG file `path` as part of the page: without its XML head and fixed size, with
 * `title` and `description` for those who cannot see it, and with each id (and what
 * refers to it) prefixed by `prefix`, since ids are unique in a page but not over
 * several of gnuplot's files.  Returns false if it cannot be read or is no SVG. */
bool html_svg(FILE *f, const char *path, const char *prefix, const char *title,
	      const char *description);

#endif
