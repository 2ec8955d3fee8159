/* Bitmaps of 64-bit words, and the search for a run of clear bits. */
#ifndef ASH_UTIL_BITMAP_H
#define ASH_UTIL_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/assert.h"
#include "util/bits.h"

static inline bool ash_bitmap_test(const uint64_t *map, unsigned bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void ash_bitmap_set(uint64_t *map, unsigned bit)
{
	map[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static inline void ash_bitmap_clear(uint64_t *map, unsigned bit)
{
	map[bit / 64] &= ~((uint64_t)1 << (bit % 64));
}

/* Bits first .. first + count - 1 of a word; count between 1 and 64. */
static inline uint64_t ash_bits_mask(unsigned first, unsigned count)
{
	ash_assert(first < 64 && count - 1 < 64);
	return (UINT64_MAX >> (64 - count)) << first;
}

/* Sets or clears bits first .. first + count - 1. */
static inline void ash_bitmap_set_range(uint64_t *map, unsigned first, unsigned count)
{
	while (count > 0) {
		unsigned at = first % 64, n = count < 64 - at ? count : 64 - at;

		map[first / 64] |= ash_bits_mask(at, n);
		first += n;
		count -= n;
	}
}

static inline void ash_bitmap_clear_range(uint64_t *map, unsigned first, unsigned count)
{
	while (count > 0) {
		unsigned at = first % 64, n = count < 64 - at ? count : 64 - at;

		map[first / 64] &= ~ash_bits_mask(at, n);
		first += n;
		count -= n;
	}
}

/* The first bit at or after `from` that equals `value`, or `bits`. */
static inline unsigned ash_bitmap_next(const uint64_t *map, unsigned bits, unsigned from,
				       bool value)
{
	while (from < bits) {
		uint64_t word = (value ? map[from / 64] : ~map[from / 64]) >> (from % 64);

		if (word != 0) {
			unsigned found = from + ash_ctz64(word);

			return found < bits ? found : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

/* True where all bits first .. first + count - 1 are clear. */
static inline bool ash_bitmap_range_clear(const uint64_t *map, unsigned bits, unsigned first,
					  unsigned count)
{
	return ash_bitmap_next(map, bits, first, true) >= first + count;
}

/* First fit: the lowest multiple of `align` (a power of two) from which `count` bits are
 * clear, or `bits` where there is none. */
static inline unsigned ash_bitmap_find_run(const uint64_t *map, unsigned bits, unsigned count,
					   unsigned align)
{
	unsigned at = 0;

	ash_assert(count > 0 && ash_is_pow2(align));
	while ((at = ash_bitmap_next(map, bits, at, false)) < bits) {
		unsigned start = (at + align - 1) & ~(align - 1), end;

		if (start >= bits)
			break;
		if (ash_bitmap_test(map, start)) { /* alignment led past the run */
			at = start;
			continue;
		}
		end = ash_bitmap_next(map, bits, start, true);
		if (end - start >= count)
			return start;
		at = end;
	}
	return bits;
}

/* Set bits among first .. first + count - 1. */
static inline unsigned ash_bitmap_count_range(const uint64_t *map, unsigned first,
					      unsigned count)
{
	unsigned sum = 0;

	while (count > 0) {
		unsigned at = first % 64, n = count < 64 - at ? count : 64 - at;

		sum += ash_bits_count(map[first / 64] & ash_bits_mask(at, n));
		first += n;
		count -= n;
	}
	return sum;
}

/* Length of the longest run of clear bits. */
static inline unsigned ash_bitmap_longest_clear(const uint64_t *map, unsigned bits)
{
	unsigned at = 0, longest = 0;

	while ((at = ash_bitmap_next(map, bits, at, false)) < bits) {
		unsigned end = ash_bitmap_next(map, bits, at, true);

		if (end - at > longest)
			longest = end - at;
		at = end;
	}
	return longest;
}

#endif
