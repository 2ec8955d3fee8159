/* Sizes by which large objects are counted in statistics: above ASH_SMALL_MAX four for each
 * doubling, the first 40 KiB and the last 7 EiB.  (Usable sizes go by OS pages.) */
#ifndef ASH_META_LARGE_SIZE_H
#define ASH_META_LARGE_SIZE_H

#include <stddef.h>
#include <stdint.h>
#include "meta/size_class.h"
#include "util/bits.h"
#include "util/compiler.h"

#define ASH_LARGE_SIZES 191u
/* The first so many reach to 32 MiB. */
#define ASH_LARGE_FREQUENT 40u

/* Of 1 to ASH_LARGE_BY_8K_MAX bytes at [(bytes - 1) / 8 KiB]. */
#define ASH_LARGE_BY_8K ((size_t)8 << 10)
#define ASH_LARGE_BY_8K_MAX ((size_t)1 << 20)
extern const uint8_t ash_large_size_by_8k[ASH_LARGE_BY_8K_MAX / ASH_LARGE_BY_8K] ASH_HIDDEN;

/* ASH_SMALL_MAX << (i + 1) / 4 and its quarters: 5/4, 6/4, 7/4 and 8/4 of it. */
ASH_INLINE size_t ash_large_size(unsigned i)
{
	return ((size_t)ASH_SMALL_MAX / 4 * (5 + i % 4)) << (i / 4);
}

/* The first that is no less than `bytes`; the last where none is. */
ASH_INLINE unsigned ash_large_size_above(size_t bytes)
{
	size_t steps = (bytes - 1) / ASH_LARGE_BY_8K;
	unsigned doubling, i;

	if (ASH_LIKELY(bytes - 1 < ASH_LARGE_BY_8K_MAX)) /* (0 is none of them.) */
		return ash_large_size_by_8k[steps];
	if (bytes == 0)
		return 0;
	/* The first bit of the steps is 4 of them, and the next two are the quarter. */
	doubling = ash_log2_floor(steps) - 2;
	i = 4 * doubling + (unsigned)(steps >> doubling) - 4;
	return i < ASH_LARGE_SIZES ? i : ASH_LARGE_SIZES - 1;
}

/* How many of one size came and went, ever. */
struct ash_large_count {
	uint64_t nmalloc, ndalloc;
};

#endif
