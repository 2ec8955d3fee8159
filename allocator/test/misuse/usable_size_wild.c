/* malloc_usable_size of a global. */
#include "test/misuse/misuse.h"

static _Alignas(16) char room[64];

static void wrong(void)
{
	if (malloc_usable_size(hidden(room)) > 0)
		say("it has a size\n");
}
