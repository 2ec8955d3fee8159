/* The address of a local variable. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	_Alignas(16) char room[64];

	free(hidden(room));
}
