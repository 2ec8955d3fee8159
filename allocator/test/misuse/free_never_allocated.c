/* A place behind the last block, which no call has returned yet. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(1500), *furthest = p;

	/* The highest of many is the newest part of the newest slab. */
	for (unsigned i = 0; i < 1000; i++) {
		char *q = malloc(1500);

		if (q > furthest)
			furthest = q;
	}
	free(hidden(furthest + 4 * malloc_usable_size(furthest)));
}
