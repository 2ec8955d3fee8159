/* The address of a static variable. */
#include "test/misuse/misuse.h"

static _Alignas(16) char room[64];

static void wrong(void)
{
	free(hidden(room));
}
