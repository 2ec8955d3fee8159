/* The bounds that options and the program set, and telling the program when it meets them. */
#ifndef ASH_API_BOUNDS_H
#define ASH_API_BOUNDS_H

#include <stdbool.h>
#include "page/heap.h"

/* Puts the options into force.  Called at boot, after they were read. */
void ash_bounds_init(void);

/* In a forked child. */
void ash_bounds_after_fork(void);

void ash_bounds_tell_soft(void);
/* Tells the program that a request is about to fail under a hard limit; false where nobody
 * listens, else the request is worth another try.  Keeps errno. */
bool ash_bounds_tell_hard(void);

/* After a slow path, under no lock: tells the program where it crossed the soft limit.  May
 * allocate. */
ASH_INLINE void ash_bounds_tell(void)
{
	if (ASH_UNLIKELY(ash_load_relaxed(&ash_heap.limits.crossed) != 0))
		ash_bounds_tell_soft();
}

#endif
