/* The random numbers of workloads and statistics: xoshiro256** (Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", 2018), its state spread from a seed by
 * splitmix64.  Ours, so that a seed gives the same calls on every libc and machine. */
#ifndef WORKLOADS_RNG_H
#define WORKLOADS_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* One step of splitmix64: also a good hash of its argument. */
static inline uint64_t rng_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The state from one number: the next four of splitmix64. */
static inline void rng_spread(struct rng *r, uint64_t x)
{
	for (int i = 0; i < 4; i++) {
		r->s[i] = rng_mix(x);
		x += 0x9e3779b97f4a7c15u;
	}
}

/* Streams of one seed are independent: thread i of a run takes stream i. */
static inline void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	rng_spread(r, rng_mix(seed) + rng_mix(~stream));
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t x = r->s[1] * 5, result = ((x << 7) | (x >> 57)) * 9, t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = (r->s[3] << 45) | (r->s[3] >> 19);
	return result;
}

/* In [0, n) from 32 random bits; n at most 2^32, its bias at most n/2^32. */
static inline uint32_t rng_scale32(uint32_t bits, uint64_t n)
{
	return (uint32_t)((bits * n) >> 32);
}

/* In [0, n) for any n > 0; the bias, at most n/2^64, is beyond measuring. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

/* In [0, 1), in steps of 2^-53. */
static inline double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

#endif
