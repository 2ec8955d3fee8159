/* Arithmetic on words: powers of two, rounding, counting zeros. */
#ifndef ASH_UTIL_BITS_H
#define ASH_UTIL_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/assert.h"

static inline bool ash_is_pow2(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* `align` is a power of two.  Wraps where the result exceeds SIZE_MAX. */
static inline size_t ash_align_up(size_t n, size_t align)
{
	ash_assert(ash_is_pow2(align));
	return (n + align - 1) & ~(align - 1);
}

static inline size_t ash_align_down(size_t n, size_t align)
{
	ash_assert(ash_is_pow2(align));
	return n & ~(align - 1);
}

/* n must not be 0. */
static inline unsigned ash_ctz64(uint64_t n)
{
	ash_assert(n != 0);
	return (unsigned)__builtin_ctzll(n);
}

/* Bits that are set: pairs, then fours, then bytes are added up, and the bytes by a product.
 * The compiler's own is a call where the machine need not have an instruction for it. */
static inline unsigned ash_bits_count(uint64_t n)
{
	n -= n >> 1 & 0x5555555555555555u;
	n = (n & 0x3333333333333333u) + (n >> 2 & 0x3333333333333333u);
	n = (n + (n >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(n * 0x0101010101010101u >> 56);
}

/* Floor of the binary logarithm; n must not be 0. */
static inline unsigned ash_log2_floor(uint64_t n)
{
	ash_assert(n != 0);
	return 63u - (unsigned)__builtin_clzll(n);
}

/* n must not be 0. */
static inline unsigned ash_log2_ceil(uint64_t n)
{
	ash_assert(n != 0);
	return n == 1 ? 0 : ash_log2_floor(n - 1) + 1;
}

/* Smallest power of two that is at least n; n between 1 and 2^63. */
static inline uint64_t ash_pow2_ceil(uint64_t n)
{
	ash_assert(n <= (uint64_t)1 << 63);
	return (uint64_t)1 << ash_log2_ceil(n);
}

/* Spreads addresses, of which the lowest 12 bits are 0, by Fibonacci hashing; a table of 2^n
 * places takes the lowest n bits. */
static inline size_t ash_hash_address(uintptr_t address)
{
	return (size_t)(((uint64_t)address >> 12) * 0x9e3779b97f4a7c15u >> 20);
}

#endif
