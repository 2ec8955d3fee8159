/* Asking the dynamic loader whether it takes a library. */
#ifndef HARNESS_PRELOAD_H
#define HARNESS_PRELOAD_H

#include <stddef.h>
#include "harness/contenders/world.h"

/* Runs true(1) with it, for a few seconds at most, in a world (NULL = the system's own).
 * Returns 0, or -1 with `why` where the loader goes on without it.  One that crashes or hangs
 * is taken: trials say of it what they say of any other. */
int preload_try(const char *path, const struct world *world, char *why, size_t why_size);

#endif
