/* A pointer 16 bytes into a block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(96);

	free(hidden(p + 16));
}
