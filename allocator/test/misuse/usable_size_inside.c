/* malloc_usable_size of a pointer into a block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(100);

	if (malloc_usable_size(hidden(p + 16)) > 0)
		say("it has a size\n");
}
