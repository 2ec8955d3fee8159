/* What of a range is in memory. */
#ifndef ASH_TEST_RESIDENT_H
#define ASH_TEST_RESIDENT_H

#include <sys/mman.h>

#include "os/os.h"
#include "test/support/unit.h"

/* Resident OS pages of a range. */
static inline unsigned resident(void *at, size_t bytes)
{
	static unsigned char there[1 << 16];
	unsigned n = 0;
	size_t pages = bytes / ash_os_page;

	assert_true(pages <= sizeof(there));
	assert_int_equal(mincore(at, bytes, there), 0);
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}

#endif
