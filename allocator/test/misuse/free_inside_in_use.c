/* A pointer 16 bytes into a block of a size that is in use: magazines look at alignment only.
 */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p;

	honest_use(96);
	p = malloc(96);
	for (unsigned i = 0; i < 5; i++) /* there is room in the magazine */
		(void)hidden(malloc(96));
	free(hidden(p + 16));
}
