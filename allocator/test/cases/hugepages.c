/* What ends huge pages, where an allocator makes some. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/cases/cases.h"

/* KiB of the process that lie in huge pages. */
static long huge(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[200];
	long kib = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "AnonHugePages: %ld", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib;
}

static void split_mapping(const char *how, void *at)
{
	void *page = (void *)((uintptr_t)at & ~(uintptr_t)4095);

	if (strcmp(how, "lock") == 0)
		mlock(page, 4096);
	if (strcmp(how, "protect") == 0)
		mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* One page of the heap is locked or protected when it has a quarter of 200 MiB; then all of it
 * is in steady use for some seconds.  An allocator may leave out many huge pages where the host
 * takes long for each: it has to have some that it had not before that page. */

CASE(split)
{
	enum { BLOCKS = 200000, SIZE = 1000, MORE = 4 << 10 };
	static char *block[BLOCKS];
	const char *how = count > 0 ? arguments[0] : "none";
	long most = 0, before = 0;

	for (unsigned i = 0; i < BLOCKS; i++) {
		block[i] = malloc(SIZE);
		memset(block[i], 1, SIZE);
		if (i == BLOCKS / 4) {
			before = huge();
			split_mapping(how, block[i]);
		}
	}
	for (unsigned tenth = 0; tenth < 150 && most < before + MORE; tenth++) {
		for (unsigned i = 0; i < 1000; i++) {
			unsigned k = (tenth * 1000 + i) * 7919u % BLOCKS;

			free(block[k]);
			block[k] = malloc(SIZE);
			memset(block[k], 1, SIZE);
		}
		usleep(100000);
		if (huge() > most)
			most = huge();
	}
	return case_measured(most >= before + MORE,
			     "%ld of 200 MiB in huge pages, %ld of the first 50", most >> 10,
			     before >> 10);
}
