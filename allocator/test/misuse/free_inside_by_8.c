/* A pointer 8 bytes into a block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(96);

	free(hidden(p + 8));
}
