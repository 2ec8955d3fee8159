/* Text for LaTeX, in which every character means itself. */
#ifndef HARNESS_EXPORT_TEX_H
#define HARNESS_EXPORT_TEX_H

#include <stdio.h>

/* Text for any LaTeX of today, also pdfLaTeX without packages: what has a meaning there is
 * escaped, Latin-1 letters stand as they are, other characters as [U+1234], bytes that are no
 * UTF-8 as [0xFF], and control characters as a space. */
void tex_text(const char *text, FILE *f);
/* The same of its first `length` bytes. */
void tex_part(const char *text, size_t length, FILE *f);

/* How wide it is in TeX's points, set in 8 pt; rather more than less. */
double tex_width_pt(const char *text);

/* The same text, in the middle of which is left out what makes it wider than `most`. */
void tex_cut(const char *text, double most, FILE *f);

#endif
