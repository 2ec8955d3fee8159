/* What exact values depend on: of two builds measured in the same count class, none but the
 * build's own difference is seen.  The machine is no part of it. */
#ifndef HARNESS_GATE_COUNT_CLASS_H
#define HARNESS_GATE_COUNT_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/contenders/contender.h"
#include "harness/gate/outcome.h"

#define GATE_CLASS_FIELDS 8

struct gate_class {
	struct gate_field list[GATE_CLASS_FIELDS];
	size_t count;
};

enum gate_class_of {
	/* Architecture, compiler of the build, C library, valgrind, suite version. */
	GATE_CLASS_COUNTS,
	/* And page size, transparent huge pages, kernel series: what memory depends on. */
	GATE_CLASS_MEMORY
};

/* Of this system and a build. */
void gate_class_take(struct gate_class *class, const struct contender *build,
		     enum gate_class_of of);
void gate_class_add(struct gate_class *class, const char *key, const char *value);
void gate_class_free(struct gate_class *class);

/* The fields in which two differ, "key (a, here b)" with commas between, on the heap; NULL
 * where there are none. */
char *gate_class_difference(const struct gate_class *a, const struct gate_class *here,
			    size_t *count);

#endif
