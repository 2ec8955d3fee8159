/* One other free of the same size lies between. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(100), *q = malloc(100);

	free(p);
	free(q);
	free(hidden(p));
}
