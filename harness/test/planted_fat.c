/* Holds 64 MiB that nobody asked for. */
#include <sys/mman.h>
#include "harness/test/planted.h"

#define FAT ((size_t)64 << 20)

void planted_begin(void)
{
	void *p = mmap(NULL, FAT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, 1, FAT);
}

void planted_call(void)
{
}
