/* Many other frees lie between, so that no look at the last few can see it. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p[40];

	for (unsigned i = 0; i < 40; i++)
		p[i] = malloc(48);
	for (unsigned i = 0; i < 40; i++)
		free(p[i]);
	free(hidden(p[3]));
}
