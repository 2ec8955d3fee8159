/* A block's address with one high bit wrong: 1 GiB off. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(96);

	free(hidden(p + ((size_t)1 << 30)));
}
