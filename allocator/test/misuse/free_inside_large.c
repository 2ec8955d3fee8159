/* A pointer into the middle of a block of 300,000 bytes. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(300000);

	free(hidden(p + 64 * 1024));
}
