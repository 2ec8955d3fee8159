/* Nothing wrong at all: it must be left alone. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = malloc(64);

	p = hidden(realloc(p, 5000));
	free(p);
	p = malloc(64);
	free(hidden(p));
}
