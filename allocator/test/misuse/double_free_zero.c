/* malloc(0) is a block like others. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(0);

	free(p);
	free(hidden(p));
}
