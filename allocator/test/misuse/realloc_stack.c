/* realloc of a local variable. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	_Alignas(16) char room[64];

	hidden(realloc(hidden(room), 200));
}
