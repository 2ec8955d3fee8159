/* Thousands of frees of the same size lie between: the first has left the thread's magazine. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	static void *q[5000];
	void *p = malloc(48);

	for (unsigned i = 0; i < 5000; i++)
		q[i] = malloc(48);
	free(p);
	for (unsigned i = 0; i < 5000; i++)
		free(q[i]);
	free(hidden(p));
}
