/* realloc of a pointer into a block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = malloc(96);

	hidden(realloc(hidden(p + 16), 200));
}
