/* The size classes and the shape of their slabs.
 *
 * 10 classes in steps of 16 bytes up to 160, 11 of 32 bytes up to 512, 8 of 64 bytes up to
 * 1 KiB, then 9 per doubling up to 32 KiB, but 5 between 2 and 8 KiB: 66 in all, numbered from
 * 1; 0 means "no small object".  Class c serves requests above the size of class c - 1.
 *
 * Waste bound.  Let s(c) be the size of class c.  Above 1 KiB, in the doubling (D, 2D], sizes
 * are D + k * D/8 for k = 1..8, and D + D/16: requests just above a power of two are the
 * worst for eighths, and frequent, for programs put headers before blocks of a power of two
 * (17,600 of 1,032 bytes are 44 % of sqlite's peak in a `DELETE`).  The one above 4 KiB is
 * larger by a line, for SQLite's pages, 4,368 bytes with what it keeps of each.  So the worst
 * request is one byte above D + D/8 and wastes less than D/8 of D + D/4: 1/10.  From 257 bytes
 * to 1 KiB it is one byte above 512: 63 of 576 bytes, less than 1/9, 11.1 %.
 *
 * From 2 to 8 KiB k is even: an object there has an OS page or two to itself, whatever its
 * class, and the page that a program freed serves twice as many sizes, which programs notice
 * (allocator/doc/lab/residency.md).  The worst is one byte above D + D/4, and wastes less than
 * D/4 of D + D/2: 1/6.
 *
 * With sizes spread evenly the mean waste above 512 bytes is 4.5 % up to 16 KiB.  Twice as many
 * classes were measured and gain nothing (allocator/doc/lab/residency.md).  Up to 160 bytes the
 * step is 16 bytes, the alignment that malloc promises, so no smaller step is of use.  From
 * there to 256 one byte above 160 is the worst, 31 of 192, less than 1/6: what classes of 16
 * bytes would save there programs lose, for a place that another size just freed cannot be
 * handed out (allocator/doc/lab/residency.md).
 *
 * Slabs.  A slab is a run of granules (16 KiB) cut into regions from its start, so a class
 * guarantees the largest power of two that divides its size as alignment.  Up to 512 bytes it
 * is one granule (at least 32 regions).  Above, making and taking down a slab (some 600
 * instructions) is to be shared by several regions: below 2 KiB the count among 4..8 with the
 * smallest tail (of equals the fewest, whose bitmap is one word), from 2 KiB up the one
 * among 12..16 with at least 8 regions and the smallest tail (of equals the most).  Regions are
 * carved as needed, so a large slab costs addresses, not memory. */
#ifndef ASH_META_SIZE_CLASS_H
#define ASH_META_SIZE_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/assert.h"
#include "util/compiler.h"

#define ASH_SMALL_STEP 16
#define ASH_SMALL_STEP_MAX 160 /* up to here class = ceil(n / 16) */
#define ASH_SMALL_MAX 32768
#define ASH_LINEAR_CLASSES (ASH_SMALL_STEP_MAX / ASH_SMALL_STEP)

/* The classes in their order: X(n, size in bytes, granules of a slab), where n is whatever a
 * macro X needs besides.  The policy is stated here and nowhere else: all that goes by sizes is
 * made from these rows, below and in size_class.c, which proves what is said of them above. */
/* clang-format off */
#define ASH_SIZE_TABLE_BY_16(X, n) \
	X(n,    16,  1) X(n,    32,  1) X(n,    48,  1) X(n,    64,  1) \
	X(n,    80,  1) X(n,    96,  1) X(n,   112,  1) X(n,   128,  1) \
	X(n,   144,  1) X(n,   160,  1) X(n,   192,  1) X(n,   224,  1) \
	X(n,   256,  1) X(n,   288,  1) X(n,   320,  1) X(n,   352,  1) \
	X(n,   384,  1) X(n,   416,  1) X(n,   448,  1) X(n,   480,  1) \
	X(n,   512,  1) \
	X(n,   576,  7) X(n,   640,  5) X(n,   704,  4) X(n,   768,  6) \
	X(n,   832,  6) X(n,   896,  7) X(n,   960,  4) X(n,  1024,  4)
#define ASH_SIZE_TABLE(X, n) \
	ASH_SIZE_TABLE_BY_16(X, n) \
	X(n,  1088,  4) X(n,  1152,  5) X(n,  1280,  5) X(n,  1408,  8) X(n,  1536,  6) \
	X(n,  1664,  6) X(n,  1792,  7) X(n,  1920,  4) X(n,  2048, 16) \
	X(n,  2176, 16) X(n,  2560, 15) X(n,  3072, 15) X(n,  3584, 14) X(n,  4096, 16) \
	X(n,  4416, 13) X(n,  5120, 15) X(n,  6144, 15) X(n,  7168, 14) X(n,  8192, 16) \
	X(n,  8704, 16) X(n,  9216, 13) X(n, 10240, 15) X(n, 11264, 16) X(n, 12288, 15) \
	X(n, 13312, 13) X(n, 14336, 14) X(n, 15360, 15) X(n, 16384, 16) \
	X(n, 17408, 16) X(n, 18432, 16) X(n, 20480, 15) X(n, 22528, 14) X(n, 24576, 15) \
	X(n, 26624, 13) X(n, 28672, 14) X(n, 30720, 15) X(n, 32768, 16)
/* clang-format on */

#define ASH_COUNT_ROW(n, size, granules) +1
#define ASH_COUNT_SMALLER(n, size, granules) +((size) < (n))

enum {
	ASH_CLASSES = 1 ASH_SIZE_TABLE(ASH_COUNT_ROW, ), /* with class 0, of size 0 */
	ASH_BY_16_CLASSES = 1 ASH_SIZE_TABLE_BY_16(ASH_COUNT_ROW, ), /* with class 0 */
};

/* Class of n bytes as a constant expression: so many classes are smaller. */
#define ASH_CLASS_OF(n) ((0 < (n)) ASH_SIZE_TABLE(ASH_COUNT_SMALLER, n))

/* Class of 16 * i bytes, and a table of it: exact and short up to ASH_BY_16_MAX bytes. */
#define ASH_BY_16_MAX 1024
#define ASH_BY_16(i) ((i) <= ASH_LINEAR_CLASSES ? (i) : ASH_CLASS_OF((i)*ASH_SMALL_STEP))
#define ASH_BY_16X8(i)                                                                        \
	ASH_BY_16(i), ASH_BY_16(i + 1), ASH_BY_16(i + 2), ASH_BY_16(i + 3), ASH_BY_16(i + 4), \
		ASH_BY_16(i + 5), ASH_BY_16(i + 6), ASH_BY_16(i + 7)
#define ASH_BY_16_TABLE                                                                    \
	ASH_BY_16X8(0), ASH_BY_16X8(8), ASH_BY_16X8(16), ASH_BY_16X8(24), ASH_BY_16X8(32), \
		ASH_BY_16X8(40), ASH_BY_16X8(48), ASH_BY_16X8(56), ASH_BY_16(64)
static_assert(ASH_BY_16_MAX == 64 * ASH_SMALL_STEP, "the table's length");
static_assert(ASH_CLASS_OF(ASH_BY_16_MAX) == ASH_BY_16_CLASSES - 1, "its last class");

#define ASH_GRANULE_SHIFT 14
#define ASH_GRANULE ((size_t)1 << ASH_GRANULE_SHIFT)

/* Words of a slab's bitmap: 16, for 1,024 regions of 16 bytes.  Slabs of regions of 64 bytes
 * and more need only the first four, whatever their length.  The others lie elsewhere, and most
 * of their pages are never touched. */
#define ASH_BITMAP_WORDS 16
#define ASH_BITMAP_NEAR 4

/* regions == granules * 16 KiB / size; the unit test walks the rows. */
struct ash_size_class {
	uint32_t size;
	uint32_t reciprocal; /* ceil(2^35 / size) */
	uint16_t regions;    /* per slab */
	uint8_t granules;    /* per slab */
	uint8_t pad;
};

extern const struct ash_size_class ash_size_classes[ASH_CLASSES] ASH_HIDDEN;

/* Classes below this one may be of regions that share cache lines; sizes above are whole lines.
 */
#define ASH_LINED_CLASSES ASH_CLASS_OF(512 + 1)

/* So many regions in a row, from the slab's first on, fill whole cache lines: 1, 2 or 4. */
ASH_INLINE unsigned ash_class_group(unsigned c)
{
	unsigned steps = ash_size_classes[c].size / ASH_SMALL_STEP;

	return steps % 4 == 0 ? 1 : steps % 2 == 0 ? 2 : 4;
}
/* The tables of ash_class_of. */
extern const uint8_t ash_size_class_by_16[ASH_BY_16_MAX / ASH_SMALL_STEP + 1] ASH_HIDDEN;
extern const uint8_t ash_size_class_by_64[ASH_SMALL_MAX / 64 + 1] ASH_HIDDEN;

/* Class of n bytes, n above ASH_BY_16_MAX and at most ASH_SMALL_MAX. */
ASH_INLINE unsigned ash_class_by_64(size_t n)
{
	return ash_size_class_by_64[(n + 63) / 64];
}

/* Class of a request of n bytes, n between 1 and ASH_SMALL_MAX. */
ASH_INLINE unsigned ash_class_of(size_t n)
{
	ash_assert(n <= ASH_SMALL_MAX);
	if (ASH_LIKELY(n <= ASH_BY_16_MAX))
		return ash_size_class_by_16[(n + ASH_SMALL_STEP - 1) / ASH_SMALL_STEP];
	return ash_class_by_64(n);
}

static inline size_t ash_class_size(unsigned c)
{
	ash_assert(c < ASH_CLASSES);
	return ash_size_classes[c].size;
}

/* Number of the region that holds the byte at `offset` of a slab.  With r = ceil(2^35 / size)
 * the product exceeds offset * 2^35 / size by less than offset, which is at most 2^18 and so
 * below 2^35 / size for every size up to 2^15: the quotient is exact. */
ASH_INLINE unsigned ash_region_index(uint32_t reciprocal, size_t offset)
{
	return (unsigned)(((uint64_t)offset * reciprocal) >> 35);
}

/* Number of the region that starts at `offset`, below 2^18; where none starts, a number above
 * that of any region.  By the proof above the lower 35 bits of the product are below 2^18 where
 * the division leaves no remainder; else they are at least the reciprocal, which is no less
 * than 2^20.  So for a start the upper 17 of these bits are 0.  The rotation puts them above
 * the quotient. */
ASH_INLINE uint64_t ash_region_at(uint32_t reciprocal, size_t offset)
{
	uint64_t quotient = (uint64_t)offset * reciprocal >> 18;

	return quotient >> 17 | quotient << 47;
}

/* The smallest class of at least n bytes whose regions are all aligned to `align` (a power
 * of two up to the granule); 0 where there is none.  n may be 0. */
unsigned ash_size_class_aligned(size_t n, size_t align);

#endif
