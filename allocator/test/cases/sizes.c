/* What calls promise of sizes, where allocators differ. */
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <malloc.h>

#include "test/cases/cases.h"

/* Requests of half the addresses and more, by the calls that round upward. */
CASE(beyond)
{
	unsigned tried = 0, served = 0;

	for (size_t below = 0; below < 40000; below = below * 2 + 1)
		for (size_t most = PTRDIFF_MAX;; most = SIZE_MAX) {
			void *p[] = {malloc(most - below), calloc(1, most - below),
				     realloc(NULL, most - below), memalign(4096, most - below),
				     aligned_alloc(64, (most - below) & ~(size_t)63)};

			for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++, tried++)
				served += p[i] != NULL;
			if (most == SIZE_MAX)
				break;
		}
	return case_measured(served == 0, "%u of %u requests served", served, tried);
}
