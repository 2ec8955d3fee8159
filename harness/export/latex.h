/* Text in which every character means itself, for LaTeX without packages. */
#ifndef HARNESS_EXPORT_LATEX_H
#define HARNESS_EXPORT_LATEX_H

#include <stddef.h>
#include <stdio.h>

/* `length` bytes of text.  Letters of Latin-1 stay, other characters that are not ASCII become
 * a question mark, what cannot be printed a blank. */
void latex_text(FILE *f, const char *text, size_t length);

/* The same with one's own list of characters and what stands for each, ended by null. */
void latex_escape(FILE *f, const char *text, size_t length, const char *const *pairs);

#endif
