/* realloc of a freed block. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(300);

	free(p);
	hidden(realloc(hidden(p), 2000));
}
