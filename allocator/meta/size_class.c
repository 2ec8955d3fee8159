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
/* The better of g granules and more, h: the smaller share of tail (compared by cross
 * multiplication), of equals the fewer; or enough regions, and of equals the more. */
#define FEWER(c, g, h) (TAIL(c, h) * (g) < TAIL(c, g) * (h) ? (h) : (g))
#define BEST2(c, g, h) (FIT(c, g) < 8 || TAIL(c, h) * (g) <= TAIL(c, g) * (h) ? (h) : (g))
#define FEWER5(c) FEWER(c, 4, 5)
#define FEWER6(c) FEWER(c, FEWER5(c), 6)
#define FEWER7(c) FEWER(c, FEWER6(c), 7)
#define FEWER8(c) FEWER(c, FEWER7(c), 8)
#define BEST13(c) BEST2(c, 12, 13)
#define BEST14(c) BEST2(c, BEST13(c), 14)
#define BEST15(c) BEST2(c, BEST14(c), 15)
#define BEST16(c) BEST2(c, BEST15(c), 16)
#define GRANULES(c) (SIZE(c) <= 512 ? 1 : SIZE(c) < 2048 ? FEWER8(c) : BEST16(c))

#define SHAPE(c) { SIZE(c), (uint32_t)((((uint64_t)1 << 35) + SIZE(c) - 1) / SIZE(c)), FIT(c, GRANULES(c)), GRANULES(c), 0 }
#define ROW(c) [c] = SHAPE(c)
#define GIVEN(c) [ASH_STACK_GIVEN + (c)] = SHAPE(c)
#define ROWS8(c) ROW(c), ROW(c + 1), ROW(c + 2), ROW(c + 3), ROW(c + 4), ROW(c + 5), ROW(c + 6), ROW(c + 7)

const struct ash_size_class ash_size_classes[ASH_STACKS] = {
	ROWS8(1), ROWS8(9), ROWS8(17), ROWS8(25), ROWS8(33),
	ROWS8(41), ROWS8(49), ROWS8(57), ROWS8(65), ROWS8(73),
	GIVEN(1), GIVEN(2), GIVEN(3), GIVEN(4), GIVEN(5), GIVEN(6), GIVEN(7), GIVEN(8),
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
static_assert(GRANULES(1) == 1 && GRANULES(32) == 1 && GRANULES(40) == 4, "small slabs");
/* What ash_region_index rests on. */
static_assert(16 * ASH_GRANULE <= (1u << 18) && ASH_SMALL_MAX <= (1u << 15), "slab and region size");
/* What of a bitmap lies near is enough from 64 bytes on. */
static_assert(FIT(1, 1) <= ASH_BITMAP_WORDS * 64 && FIT(4, 1) <= ASH_BITMAP_NEAR * 64, "regions per granule");
static_assert(FIT(33, 8) <= ASH_BITMAP_NEAR * 64 && FIT(49, 16) <= ASH_BITMAP_NEAR * 64, "regions per slab");

#define TAIL_BOUND(c) (TAIL(c, GRANULES(c)) * 32 <= GRANULES(c) * ASH_GRANULE && FIT(c, GRANULES(c)) >= 8)
#define TAIL_BOUND8(c) (TAIL_BOUND(c) && TAIL_BOUND(c + 1) && TAIL_BOUND(c + 2) && TAIL_BOUND(c + 3) && \
			TAIL_BOUND(c + 4) && TAIL_BOUND(c + 5) && TAIL_BOUND(c + 6) && TAIL_BOUND(c + 7))
static_assert(TAIL_BOUND8(1) && TAIL_BOUND8(9) && TAIL_BOUND8(17) && TAIL_BOUND8(25) && TAIL_BOUND8(33), "tails");
static_assert(TAIL_BOUND8(41) && TAIL_BOUND8(49) && TAIL_BOUND8(57) && TAIL_BOUND8(65) && TAIL_BOUND8(73), "tails");

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
