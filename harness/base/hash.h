/* A number of a text. */
#ifndef HARNESS_HASH_H
#define HARNESS_HASH_H

#include <stdint.h>

/* A well-mixed number of a text and a seed: the same on every machine and in every version,
 * since it stands in records (machine_class) and decides what is drawn (seeds). */
uint64_t hash_text(uint64_t seed, const char *text);

#endif
