/* The size classes and the shape of their slabs.
 *
 * 32 classes in steps of 16 bytes up to 512, 8 of 64 bytes up to 1 KiB, then 9 per doubling
 * up to 32 KiB: 85 in all, numbered from 1; 0 means "no small object".  Class c serves
 * requests above the size of class c - 1.
 *
 * Waste bound.  Let s(c) be the size of class c.  Above 1 KiB, in the doubling (D, 2D], sizes
 * are D + k * D/8 for k = 1..8, and D + D/16: requests just above a power of two are the
 * worst for eighths, and frequent, for programs put headers before blocks of a power of two
 * (17,600 of 1,032 bytes are 44 % of sqlite's peak in a `DELETE`).  So the worst request is
 * one byte above D + D/8 and wastes less than D/8 of D + D/4: 1/10.  From 512 bytes to 1 KiB
 * it is one byte above 512: 63 of 576 bytes, less than 1/9, 11.1 %.  With sizes spread evenly
 * the mean waste is 3.8 %; size mixes of real programs measure 4.4 %.  Twice as many classes
 * were measured and gain nothing (allocator/doc/pages.md).  Up to 512 bytes the step is
 * 16 bytes, the alignment that malloc promises, so no smaller step is of use.
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
#include "util/compiler.h"

#define ASH_CLASSES 86 /* with class 0 */
#define ASH_SMALL_STEP 16
#define ASH_SMALL_STEP_MAX 512 /* up to here class = ceil(n / 16) */
#define ASH_SMALL_MAX 32768
#define ASH_BY_16_MAX 1024 /* up to here a table by steps of 16 is exact and short */
#define ASH_LINEAR_CLASSES (ASH_SMALL_STEP_MAX / ASH_SMALL_STEP)

/* A thread keeps a stack of free objects per class, which malloc takes from.  free gives to
 * the same, but in the smallest classes to a second one, which takes the first one's place when
 * that is empty: what malloc returns then does not wait for the store of a free just before,
 * address and all, which makes up most of the time that tiny objects take.  Larger ones are
 * better served by the object freed last, the one that the data cache holds
 * (allocator/doc/caches.md).
 *
 * Stacks are numbered: class c is its own, and the second of class c is ASH_STACK_GIVEN + c. */
#define ASH_GIVEN_CLASSES 8 /* classes 1 to 8, 128 bytes, have a second stack */
#define ASH_STACK_GIVEN (ASH_CLASSES - 1)
#define ASH_STACKS (ASH_CLASSES + ASH_GIVEN_CLASSES)

#define ASH_GRANULE_SHIFT 14
#define ASH_GRANULE ((size_t)1 << ASH_GRANULE_SHIFT)

struct ash_size_class {
	uint32_t size;
	uint32_t reciprocal; /* ceil(2^35 / size) */
	uint16_t regions;    /* per slab */
	uint8_t granules;    /* per slab */
	uint8_t pad;
};

/* By class, and by the number of a second stack, too. */
extern const struct ash_size_class ash_size_classes[ASH_STACKS] ASH_HIDDEN;
/* Class of n for n <= ASH_SMALL_MAX at [(n + 63) / 64]; exact above 512 bytes. */
extern const uint8_t ash_class_by_64[ASH_SMALL_MAX / 64 + 1] ASH_HIDDEN;

/* Class of a request of n bytes, n between 1 and ASH_SMALL_MAX. */
ASH_INLINE unsigned ash_class_of(size_t n)
{
	if (ASH_LIKELY(n <= ASH_SMALL_STEP_MAX))
		return (unsigned)((n + ASH_SMALL_STEP - 1) / ASH_SMALL_STEP);
	return ash_class_by_64[(n + 63) / 64];
}

ASH_INLINE bool ash_class_is_given(unsigned class)
{
	return class <= ASH_GIVEN_CLASSES;
}

/* The stack that free gives objects of the class to. */
ASH_INLINE unsigned ash_class_free_stack(unsigned class)
{
	return ash_class_is_given(class) ? ASH_STACK_GIVEN + class : class;
}

ASH_INLINE unsigned ash_stack_class(unsigned stack)
{
	return stack > ASH_STACK_GIVEN ? stack - ASH_STACK_GIVEN : stack;
}

static inline size_t ash_class_size(unsigned c)
{
	return ash_size_classes[c].size;
}

/* Number of the region that holds the byte at `offset` of a slab.  With r = ceil(2^35 / size)
 * the product exceeds offset * 2^35 / size by less than offset, which is at most 2^18 and so
 * below 2^35 / size for every size up to 2^15: the quotient is exact. */
ASH_INLINE unsigned ash_region_index(uint32_t reciprocal, size_t offset)
{
	return (unsigned)(((uint64_t)offset * reciprocal) >> 35);
}

/* Number of the region that starts at `offset`, below 2^18; an offset at which none starts
 * gives a number above any.  By the proof above the lower 35 bits of the product are below 2^18
 * where the division leaves no rest, and else at least the reciprocal, which is no less than
 * 2^20: rotated, the bits between, which have to be 0, come to stand above the quotient. */
ASH_INLINE uint64_t ash_region_at(uint32_t reciprocal, size_t offset)
{
	uint64_t quotient = (uint64_t)offset * reciprocal >> 18;

	return quotient >> 17 | quotient << 47;
}

/* The smallest class of at least n bytes whose regions are all aligned to `align` (a power
 * of two up to the granule); 0 where there is none.  n may be 0. */
unsigned ash_class_aligned(size_t n, size_t align);

#endif
