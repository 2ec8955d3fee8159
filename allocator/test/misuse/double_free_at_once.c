/* The same small block freed twice in a row. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(64);

	free(p);
	free(hidden(p));
}
