/* The address of a string literal. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	free(hidden((void *)(uintptr_t) "a literal"));
}
