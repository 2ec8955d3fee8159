/* A block larger than any slab holds. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(200000);

	free(p);
	free(hidden(p));
}
