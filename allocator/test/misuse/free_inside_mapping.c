/* A pointer one page into a block of 5 MiB. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(5 << 20);

	free(hidden(p + 4096));
}
