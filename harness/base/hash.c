#include "harness/base/hash.h"

#include "workloads/shared/rng.h"

uint64_t hash_text(uint64_t seed, const char *text)
{
	uint64_t h = rng_mix(seed);

	for (; *text; text++)
		h = rng_mix(h ^ (unsigned char)*text);
	return h;
}
