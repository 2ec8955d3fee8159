/* How a set was measured, as a paper tells it: filled from the manifest and the samples. */
#ifndef HARNESS_METHODS_H
#define HARNESS_METHODS_H

#include <stddef.h>

#include "harness/analysis/comparison.h"

/* Paragraphs, each with its name as the first sentence; works are cited as in references.h. */
struct methods {
	char **paragraph;
	size_t nparagraphs;
};

/* Free it with methods_free. */
struct methods *methods_make(const struct comparison *c);
void methods_free(struct methods *m);

#endif
