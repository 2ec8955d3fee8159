/* Instructions by function, from callgrind output files. */
#ifndef HARNESS_PROFILE_H
#define HARNESS_PROFILE_H

#include <stddef.h>
#include <stdint.h>

/* A function of an object file.  Objects are named without their folders, functions without the
 * marks of recursion and of symbol versions; what has no name in an object is one function. */
struct profile_function {
	char *object, *name;
	int64_t self; /* in it, without what it calls */
};

struct profile {
	struct profile_function *list;
	size_t count;
	int64_t total; /* of all functions */
};

/* Fills a profile from the text of such a file; free it with profile_free.  Returns 0, or -1
 * when the text is no such file. */
int profile_read(struct profile *profile, const char *text);
void profile_free(struct profile *profile);

/* A function in two profiles, per operation. */
struct profile_row {
	const char *object, *name; /* of the profiles */
	double a, b;
};

/* All functions of both, that with the greatest difference first; `count` are returned, free
 * them. The counts are divided by the operations that were done. */
struct profile_row *profile_compare(const struct profile *a, double ops_a,
				    const struct profile *b, double ops_b, size_t *count);

#endif
