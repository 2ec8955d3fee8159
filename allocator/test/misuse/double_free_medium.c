/* A block of 20,000 bytes. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(20000);

	free(p);
	free(hidden(p));
}
