/* What becomes of a request that there is no memory for. */
#ifndef ASH_FRONT_FAILURE_H
#define ASH_FRONT_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include "util/compiler.h"

/* NULL with ENOMEM; under xmalloc a line, and SIGABRT. */
ASH_COLD void *ash_failure(size_t size);

/* A C++ operator new is about to fail.  Under experimental_infallible_new a line in jemalloc's
 * words, and SIGABRT; true where somebody else was told in the place of that (front/misuse.h):
 * the operator returns NULL then.  False where the option is not set. */
ASH_COLD bool ash_failure_of_new(size_t size);

#endif
