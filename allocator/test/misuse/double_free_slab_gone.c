/* All blocks around it were freed, too, and their memory went back to the kernel. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p[300];

	for (unsigned i = 0; i < 300; i++)
		p[i] = malloc(8000);
	for (unsigned i = 0; i < 300; i++)
		free(p[i]);
	malloc_trim(0);
	free(hidden(p[150]));
}
