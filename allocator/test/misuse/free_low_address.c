/* A small number that is no pointer at all. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	free(hidden((void *)(uintptr_t)4096));
}
