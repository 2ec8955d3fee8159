/* A block of 3 MiB, which is a mapping of its own. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(3 << 20);

	free(p);
	free(hidden(p));
}
