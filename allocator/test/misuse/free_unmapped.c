/* An address where nothing is mapped. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p = mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, 1 << 16);
	free(hidden(p));
}
