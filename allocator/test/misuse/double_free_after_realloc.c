/* The old address of a block that realloc moved. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(100), *old = hidden(p), *q;

	q = realloc(p, 50000);
	if (q != old)
		free(hidden(old));
}
