/* Freed twice, and handed out twice before anybody looks at the slab: its two new owners hold
 * it, and nothing tells that from two blocks. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p[20], *q[200];

	for (unsigned i = 0; i < 20; i++)
		p[i] = malloc(40);
	for (unsigned i = 0; i < 10; i++)
		free(p[i]);
	free(hidden(p[3]));
	for (unsigned i = 0; i < 200; i++)
		q[i] = hidden(malloc(40));
	(void)q;
}
