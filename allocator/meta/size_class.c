#include "meta/size_class.h"

#include "meta/descriptor.h"

/* Everything below is constant arithmetic: the tables are part of the read-only data.  Its
 * formulas keep a layout of their own. */
/* clang-format off */

/* Size of class c: linear by 16, by 64, then of doubling d, which starts at D = 1024 << d, the
 * k-th: D + D/16 for k = 0, D + k * D/8 for the others. */
#define BY_64 (ASH_LINEAR_CLASSES + 8)
#define DOUBLING_OF(c) (((c) - BY_64 - 1) / 9)
#define K_OF(c) (((c) - BY_64 - 1) % 9)
#define GEOMETRIC(d, k) (((size_t)1024 << (d)) + ((k) == 0 ? (size_t)64 << (d) : (k) * ((size_t)128 << (d))))
#define SIZE(c) ((c) <= ASH_LINEAR_CLASSES ? (size_t)(c) * ASH_SMALL_STEP : \
		 (c) <= BY_64 ? (size_t)ASH_SMALL_STEP_MAX + ((c) - ASH_LINEAR_CLASSES) * 64 : \
		 GEOMETRIC(DOUBLING_OF(c), K_OF(c)))

/* Class of n, for n <= 32768: the doubling by comparison, the step by division. */
#define DOUBLING(n) ((n) <= 2048 ? 0 : (n) <= 4096 ? 1 : (n) <= 8192 ? 2 : (n) <= 16384 ? 3 : 4)
#define LOW(n) (1024u << DOUBLING(n))
#define K(n) ((n) - LOW(n) <= LOW(n) / 16 ? 0 : ((n) - LOW(n) + LOW(n) / 8 - 1) / (LOW(n) / 8))
#define CLASS(n) ((n) <= 512 ? ((n) + 15) / 16 : \
		  (n) <= 1024 ? ASH_LINEAR_CLASSES + ((n) - 512 + 63) / 64 : \
		  BY_64 + 1 + 9 * DOUBLING(n) + K(n))

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
	X(41, 4) X(42, 5) X(43, 5) X(44, 8) X(45, 6) X(46, 6) X(47, 7) X(48, 4) X(49, 16) \
	X(50, 16) X(51, 12) X(52, 15) X(53, 16) X(54, 15) X(55, 13) X(56, 14) X(57, 15) X(58, 16) \
	X(59, 16) X(60, 13) X(61, 15) X(62, 16) X(63, 15) X(64, 13) X(65, 14) X(66, 15) X(67, 16) \
	X(68, 16) X(69, 13) X(70, 15) X(71, 16) X(72, 15) X(73, 13) X(74, 14) X(75, 15) X(76, 16) \
	X(77, 16) X(78, 16) X(79, 15) X(80, 14) X(81, 15) X(82, 13) X(83, 14) X(84, 15) X(85, 16)

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
static_assert(SIZE(33) == 576 && SIZE(40) == 1024 && SIZE(41) == 1088 && SIZE(42) == 1152 && SIZE(85) == ASH_SMALL_MAX, "larger classes");
static_assert(CLASS(512) == 32 && CLASS(513) == 33 && CLASS(1024) == 40 && CLASS(1025) == 41, "class of a size");
static_assert(CLASS(32768) == 85 && CLASS(30721) == 85 && CLASS(30720) == 84, "class of a large size");
static_assert(CLASS(2048) == 49 && CLASS(2049) == 50 && CLASS(2176) == 50 && CLASS(2177) == 51, "class above a power of two");
/* All sizes are multiples of 64 bytes above 512, so a table by 64 bytes is exact there. */
static_assert(SIZE(41) % 64 == 0 && 1024 / 8 % 64 == 0, "table by 64 bytes");
/* The worst of each kind. */
static_assert((SIZE(33) - 513) * 9 <= SIZE(33) && (SIZE(79) - (SIZE(78) + 1)) * 10 <= SIZE(79), "waste bounds");
/* What ash_region_index rests on. */
static_assert(16 * ASH_GRANULE <= (1u << 18) && ASH_SMALL_MAX <= (1u << 15), "slab and region size");
/* What of a bitmap lies near is enough from 64 bytes on. */
static_assert(FIT(1, 1) <= ASH_BITMAP_WORDS * 64 && FIT(4, 1) <= ASH_BITMAP_NEAR * 64, "regions per granule");
static_assert(FIT(33, 8) <= ASH_BITMAP_NEAR * 64 && FIT(50, 16) <= ASH_BITMAP_NEAR * 64, "regions per slab");

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
