/* A pointer 1 byte into a block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(96);

	free(hidden(p + 1));
}
