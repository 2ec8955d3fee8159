/* Objects that lie in the caches and ought not to: freed twice, or never right to free.
 *
 * A magazine is compared with the slabs when it is flushed.  What still lies in one when the
 * process ends would never be. */
#ifndef ASH_CACHE_DOUBLES_H
#define ASH_CACHE_DOUBLES_H

#include <stdbool.h>
#include "util/compiler.h"

struct ash_misuse;

/* Looks at no more objects than this, in all. */
#define ASH_DOUBLES_LOOKED_AT 65536

/* Whether the magazines of threads that still run can be read at all: their owners order their
 * stores for themselves alone, so a new top may be seen with what its slot held before, which
 * is the program's by now.  On such machines they are not looked at, for nothing else proves
 * that a free was the second.  Set by tests only. */
extern bool ash_doubles_of_running ASH_HIDDEN;

/* Looks through this thread's magazines, the depot and, as far as they can be read, other
 * threads' magazines.  Writes up to `most` wrong pointers to `found`; returns how many. Changes
 * nothing.  Waits for no lock, so it may be called from a signal handler that interrupted the
 * allocator: what is locked is left out. */
unsigned ash_doubles_find(struct ash_misuse *found, unsigned most);

#endif
