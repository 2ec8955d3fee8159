/* In what two sets of results differ beside their numbers: where, with what and how they were
 * measured. */
#ifndef HARNESS_DIFFERENCE_H
#define HARNESS_DIFFERENCE_H

#include "harness/analysis/result_set.h"

struct difference_field {
	char *name;  /* of the manifest; "environment.kernel", "glibc.version" */
	char *a, *b; /* as JSON writes them, strings without their quotes; "(absent)" */
	/* Numbers of sets that differ in it are of different work or of different machines. */
	bool refused;
};

struct difference {
	struct difference_field *list;
	size_t count;
};

/* What always differs (when, how long the machine was up) is left out.  Free with
 * difference_free. */
struct difference *difference_make(const struct result_set *a, const struct result_set *b);
void difference_free(struct difference *d);

/* The fields for which a comparison is refused with what stands in them, in one line on the
 * heap; null where there is none. */
char *difference_refusal(const struct difference *d);

#endif
