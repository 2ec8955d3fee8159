/* A small deterministic generator: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
#ifndef ASH_UTIL_PRNG_H
#define ASH_UTIL_PRNG_H

#include <stdint.h>
#include "util/assert.h"

struct ash_prng {
	uint64_t state;
};

static inline struct ash_prng ash_prng_seeded(uint64_t seed)
{
	return (struct ash_prng){seed};
}

static inline uint64_t ash_prng_next(struct ash_prng *prng)
{
	uint64_t z = prng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Below `bound`, which is not 0; even to within bound / 2^64. */
static inline uint64_t ash_prng_below(struct ash_prng *prng, uint64_t bound)
{
	ash_assert(bound != 0);
	return (uint64_t)(((unsigned __int128)ash_prng_next(prng) * bound) >> 64);
}

#endif
