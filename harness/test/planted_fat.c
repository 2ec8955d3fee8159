/* Holds 64 MiB (or PLANTED_MIB) that nobody asked for. */
#include <sys/mman.h>
#include "harness/test/planted.h"

void planted_begin(void)
{
	const char *text = getenv("PLANTED_MIB");
	size_t bytes = (text ? strtoul(text, NULL, 10) : 64) << 20;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, 1, bytes);
}

void planted_call(void)
{
}
