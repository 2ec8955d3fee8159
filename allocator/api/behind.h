/* The next of a name of libc's that is ours, too, and that passes on what it is called with. */
#ifndef ASH_API_BEHIND_H
#define ASH_API_BEHIND_H

#include "util/compiler.h"

/* The function of that name behind this library, to which `own` passes on; `own` is ours, by a
 * name that nobody can take.  NULL where there is none.  May allocate: call without a lock. */
const void *ash_behind_find(const char *name, const void *own) ASH_HIDDEN;

#endif
