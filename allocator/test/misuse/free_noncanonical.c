/* An address that no process can have. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	free(hidden((void *)(uintptr_t)0xdead000000000010u));
}
