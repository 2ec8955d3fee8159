/* Sizes by which large objects are counted in statistics: above ASH_SMALL_MAX four for each
 * doubling, the first 40 KiB and the last 7 EiB.  (Usable sizes go by OS pages.) */
#ifndef ASH_META_LARGE_SIZE_H
#define ASH_META_LARGE_SIZE_H

#include <stddef.h>
#include "meta/size_class.h"
#include "util/bits.h"

#define ASH_LARGE_SIZES 191u

/* ASH_SMALL_MAX << (i + 1) / 4 and its quarters: 5/4, 6/4, 7/4 and 8/4 of it. */
ASH_INLINE size_t ash_large_size(unsigned i)
{
	return ((size_t)ASH_SMALL_MAX / 4 * (5 + i % 4)) << (i / 4);
}

/* The first that is no less than `bytes`; the last where none is. */
ASH_INLINE unsigned ash_large_size_above(size_t bytes)
{
	unsigned doubling, i;

	if (bytes <= ASH_SMALL_MAX)
		return 0;
	/* Of the bits behind the first one the next two are the quarter. */
	doubling = ash_log2_floor(bytes - 1) - ash_log2_floor(ASH_SMALL_MAX);
	i = 4 * doubling + (unsigned)((bytes - 1) / (ASH_SMALL_MAX / 4) >> doubling & 3);
	return i < ASH_LARGE_SIZES ? i : ASH_LARGE_SIZES - 1;
}

/* How many of one size came and went, ever. */
struct ash_large_count {
	uint64_t nmalloc, ndalloc;
};

#endif
