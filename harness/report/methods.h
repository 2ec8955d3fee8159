/* How a set was measured, as a paper tells it, and what it does of SIGPLAN's checklist: filled
 * from the manifest and the samples. */
#ifndef HARNESS_METHODS_H
#define HARNESS_METHODS_H

#include <stddef.h>

#include "harness/report/report.h"

/* In a text a work is cited as METHODS_CITE("key"), of keys of references.h; a writer makes of
 * it what its format has. */
#define METHODS_CITE_BEGIN '\001'
#define METHODS_CITE_END '\002'
#define METHODS_CITE(key) "\001" key "\002"

struct methods_item {
	const char *part;   /* of the checklist: a heading before this item, or null */
	const char *name;   /* of the fault that the checklist asks about */
	const char *answer; /* "done", "in part", "not done", "for the paper" */
	char *text;
};

struct methods {
	char **paragraph;
	size_t nparagraphs;
	struct methods_item *item;
	size_t nitems;
};

/* Free it with methods_free. */
struct methods *methods_make(const struct report *report);
void methods_free(struct methods *m);

#endif
