/* Pictures of gnuplot's inside a page. */
#ifndef HARNESS_SVG_H
#define HARNESS_SVG_H

#include <stdbool.h>
#include <stdio.h>

/* Text with & < > " ' escaped, fit for content and attributes. */
void svg_text(FILE *f, const char *text);

/* The SVG file `path` as part of the page: without its XML head and fixed size, with
 * `title` and `description` for those who cannot see it, and with each id (and what
 * refers to it) prefixed by `prefix`, since ids are unique in a page but not over
 * several of gnuplot's files.  Returns false if it cannot be read or is no SVG. */
bool svg_embed(FILE *f, const char *path, const char *prefix, const char *title,
	       const char *description);

#endif
