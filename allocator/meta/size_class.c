#include "meta/size_class.h"

#include "util/bits.h"

/* All of it is constant arithmetic over the rows of ASH_SIZE_TABLE: the tables are part of the
 * read-only data. */

/* Bytes, regions and tail of a slab of g granules. */
#define BYTES(g) ((g)*ASH_GRANULE)
#define FIT(size, g) (BYTES(g) / (size))
#define TAIL(size, g) (BYTES(g) % (size))

#define ROW(n, size, g) {size, (((uint64_t)1 << 35) + (size)-1) / (size), FIT(size, g), g, 0},

const struct ash_size_class ash_size_classes[ASH_CLASSES] = {{0, 0, 0, 0, 0},
							     ASH_SIZE_TABLE(ROW, )};

const uint8_t ash_size_class_by_16[] = {ASH_BY_16_TABLE};

#define BY_64(i) ASH_CLASS_OF((i)*64)
#define BY_64X8(i)                                                                      \
	BY_64(i), BY_64(i + 1), BY_64(i + 2), BY_64(i + 3), BY_64(i + 4), BY_64(i + 5), \
		BY_64(i + 6), BY_64(i + 7)
#define BY_64X64(i)                                                                    \
	BY_64X8(i), BY_64X8(i + 8), BY_64X8(i + 16), BY_64X8(i + 24), BY_64X8(i + 32), \
		BY_64X8(i + 40), BY_64X8(i + 48), BY_64X8(i + 56)

const uint8_t ash_size_class_by_64[] = {
	BY_64X64(0),   BY_64X64(64),  BY_64X64(128), BY_64X64(192), BY_64X64(256),
	BY_64X64(320), BY_64X64(384), BY_64X64(448), BY_64(512),
};

/* Of each row its size and LEAST, the smallest request that it serves: an enumerator without a
 * value is one more than the one before it, which is the size of the row before. */
#define BOUNDS(n, size, g) LEAST_##size, SIZE_##size = (size),
enum { SIZE_0, ASH_SIZE_TABLE(BOUNDS, ) };

#define WASTE(size) \
	((size) <= 256 || ((size) > 2048 && (size) <= 8192) ? 6 : (size) <= 1024 ? 9 : 10)
#define ROW_IS_SOUND(n, size, g)                                                               \
	static_assert(LEAST_##size <= (size), "the sizes ascend");                             \
	static_assert((size) % ((size) <= ASH_BY_16_MAX ? ASH_SMALL_STEP : 64) == 0,           \
		      "the tables by 16 and by 64 bytes are exact");                           \
	static_assert((size)-LEAST_##size < ASH_SMALL_STEP ||                                  \
			      ((size)-LEAST_##size) * WASTE(size) < (size),                    \
		      "waste below 1/6, 1/9 or 1/10");                                         \
	static_assert(TAIL(size, g) * 32 <= BYTES(g) && FIT(size, g) >= 8,                     \
		      "tail and regions");                                                     \
	/* What ash_region_index rests on. */                                                  \
	static_assert(BYTES(g) <= 1u << 18 && (size) <= 1u << 15, "slab and region size");     \
	/* What of a bitmap lies near is enough from 64 bytes on. */                           \
	static_assert(FIT(size, g) <= 64 * ((size) < 64 ? ASH_BITMAP_WORDS : ASH_BITMAP_NEAR), \
		      "regions per slab");
ASH_SIZE_TABLE(ROW_IS_SOUND, )
static_assert(ASH_CLASS_OF(ASH_SMALL_MAX) == ASH_CLASSES - 1 &&
		      ASH_CLASS_OF(ASH_SMALL_MAX + 1) == ASH_CLASSES,
	      "the last row is the largest small size");

/* Where classes are linear their number is a division: sized frees go by that. */
#define BY_16_IS_CLASS(i) \
	static_assert(ASH_BY_16(i) == ASH_CLASS_OF(16 * (i)), "class by 16 bytes")
#define BY_16_IS_CLASSX8(i)    \
	BY_16_IS_CLASS(i);     \
	BY_16_IS_CLASS(i + 1); \
	BY_16_IS_CLASS(i + 2); \
	BY_16_IS_CLASS(i + 3); \
	BY_16_IS_CLASS(i + 4); \
	BY_16_IS_CLASS(i + 5); \
	BY_16_IS_CLASS(i + 6); \
	BY_16_IS_CLASS(i + 7)
BY_16_IS_CLASSX8(0);
BY_16_IS_CLASSX8(8);
BY_16_IS_CLASSX8(16);
BY_16_IS_CLASSX8(24);
BY_16_IS_CLASSX8(32);
BY_16_IS_CLASSX8(40);
BY_16_IS_CLASSX8(48);
BY_16_IS_CLASSX8(56);
BY_16_IS_CLASS(64);

static_assert(ASH_CLASSES <= 256, "a class is a byte of the map");

unsigned ash_size_class_aligned(size_t n, size_t align)
{
	ash_assert(ash_is_pow2(align));
	if (n > ASH_SMALL_MAX || align > ASH_GRANULE)
		return 0;
	for (unsigned c = n == 0 ? 1 : ash_class_of(n); c < ASH_CLASSES; c++)
		if ((ash_size_classes[c].size & (align - 1)) == 0)
			return c;
	return 0;
}
