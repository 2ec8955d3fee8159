#include "meta/size_class.h"

#include "meta/descriptor.h"

/* Everything below is constant arithmetic: the tables are part of the read-only data.  Its
 * formulas keep a layout of their own. */
/* clang-format off */

/* Size of class c: linear, or in the doubling that starts at D = 512 << d the k-th step. */
#define STEP(c) (((c) - ASH_LINEAR_CLASSES - 1) % 8 + 1)
#define BASE(c) ((size_t)ASH_SMALL_STEP_MAX << (((c) - ASH_LINEAR_CLASSES - 1) / 8))
#define SIZE(c) ((c) <= ASH_LINEAR_CLASSES ? (size_t)(c) * ASH_SMALL_STEP : BASE(c) + STEP(c) * (BASE(c) / 8))

/* Class of n, for 512 < n <= 32768: the doubling by comparison, the step by division. */
#define DOUBLING(n) ((n) <= 1024 ? 0 : (n) <= 2048 ? 1 : (n) <= 4096 ? 2 : (n) <= 8192 ? 3 : (n) <= 16384 ? 4 : 5)
#define LOW(n) (512u << DOUBLING(n))
#define ABOVE(n) (ASH_LINEAR_CLASSES + 8 * DOUBLING(n) + ((n) - LOW(n) + LOW(n) / 8 - 1) / (LOW(n) / 8))
#define CLASS(n) ((n) <= 512 ? ((n) + 15) / 16 : ABOVE(n))

/* Regions and tail of a slab of g granules. */
#define FIT(c, g) ((g) * ASH_GRANULE / SIZE(c))
#define TAIL(c, g) ((g) * ASH_GRANULE - FIT(c, g) * SIZE(c))

/* X(class, granules of its slabs).  One up to 512 bytes.  Below 2 KiB the fewest from 4 to 8
 * with the smallest share of tail; above, from 12 to 16 with the smallest share of tail, of
 * equals the most, and 8 regions.  (Chosen by the unit test's rule: a preprocessor that chooses
 * takes gigabytes.) */
#define LINEAR8(X, c) X(c, 1) X(c + 1, 1) X(c + 2, 1) X(c + 3, 1) X(c + 4, 1) X(c + 5, 1) X(c + 6, 1) X(c + 7, 1)
#define SLABS(X) \
	LINEAR8(X, 1) LINEAR8(X, 9) LINEAR8(X, 17) LINEAR8(X, 25) \
	X(33, 7) X(34, 5) X(35, 4) X(36, 6) X(37, 6) X(38, 7) X(39, 4) X(40, 4) \
	X(41, 5) X(42, 5) X(43, 8) X(44, 6) X(45, 6) X(46, 7) X(47, 4) X(48, 16) \
	X(49, 12) X(50, 15) X(51, 16) X(52, 15) X(53, 13) X(54, 14) X(55, 15) X(56, 16) \
	X(57, 13) X(58, 15) X(59, 16) X(60, 15) X(61, 13) X(62, 14) X(63, 15) X(64, 16) \
	X(65, 13) X(66, 15) X(67, 16) X(68, 15) X(69, 13) X(70, 14) X(71, 15) X(72, 16) \
	X(73, 16) X(74, 15) X(75, 14) X(76, 15) X(77, 13) X(78, 14) X(79, 15) X(80, 16)

#define SHAPE(c, g) { SIZE(c), (uint32_t)((((uint64_t)1 << 35) + SIZE(c) - 1) / SIZE(c)), FIT(c, g), g, 0 },
#define ROW(c, g) [c] = SHAPE(c, g)
#define GIVEN(c, g) [ASH_STACK_GIVEN + (c)] = SHAPE(c, g)

const struct ash_size_class ash_size_classes[ASH_STACKS] = {
	SLABS(ROW)
	LINEAR8(GIVEN, 1)
};

#define AT(i) CLASS((i) * 64)
#define AT8(i) AT(i), AT(i + 1), AT(i + 2), AT(i + 3), AT(i + 4), AT(i + 5), AT(i + 6), AT(i + 7)
#define AT64(i) AT8(i), AT8(i + 8), AT8(i + 16), AT8(i + 24), AT8(i + 32), AT8(i + 40), AT8(i + 48), AT8(i + 56)

const uint8_t ash_class_by_64[ASH_SMALL_MAX / 64 + 1] = {
	AT64(0), AT64(64), AT64(128), AT64(192), AT64(256), AT64(320), AT64(384), AT64(448), AT(512),
};

/* The tables in a few certain points; the unit test walks all sizes. */
static_assert(ASH_GIVEN_CLASSES == 8 && ASH_GIVEN_CLASSES <= ASH_LINEAR_CLASSES, "rows of second stacks");
static_assert(ASH_STACKS <= 256, "a stack is a byte of the map");
static_assert(SIZE(1) == 16 && SIZE(32) == 512, "linear classes");
static_assert(SIZE(33) == 576 && SIZE(40) == 1024 && SIZE(80) == ASH_SMALL_MAX, "geometric classes");
static_assert(CLASS(512) == 32 && CLASS(513) == 33 && CLASS(1024) == 40 && CLASS(1025) == 41, "class of a size");
static_assert(CLASS(32768) == 80 && CLASS(30721) == 80 && CLASS(30720) == 79, "class of a large size");
/* A step of the first doubling is 64 bytes, so a table by 64 bytes is exact above 512. */
static_assert(512 / 8 % 64 == 0, "table by 64 bytes");
/* Waste of the first class of a doubling, the worst. */
static_assert((SIZE(33) - 513) * 9 <= SIZE(33) && (SIZE(73) - 16385) * 9 <= SIZE(73), "waste bound 1/9");
/* What ash_region_index rests on. */
static_assert(16 * ASH_GRANULE <= (1u << 18) && ASH_SMALL_MAX <= (1u << 15), "slab and region size");
/* What of a bitmap lies near is enough from 64 bytes on. */
static_assert(FIT(1, 1) <= ASH_BITMAP_WORDS * 64 && FIT(4, 1) <= ASH_BITMAP_NEAR * 64, "regions per granule");
static_assert(FIT(33, 8) <= ASH_BITMAP_NEAR * 64 && FIT(49, 16) <= ASH_BITMAP_NEAR * 64, "regions per slab");

#define BOUND(c, g) static_assert(TAIL(c, g) * 32 <= (g) * ASH_GRANULE && FIT(c, g) >= 8, "tail and regions");
SLABS(BOUND)

/* clang-format on */

unsigned ash_class_aligned(size_t n, size_t align)
{
	if (n > ASH_SMALL_MAX || align > ASH_GRANULE)
		return 0;
	for (unsigned c = n == 0 ? 1 : ash_class_of(n); c < ASH_CLASSES; c++)
		if ((ash_size_classes[c].size & (align - 1)) == 0)
			return c;
	return 0;
}
