/* The bounds that options and the program set, and telling the program when it meets them. */
#ifndef ASH_FRONT_BOUNDS_H
#define ASH_FRONT_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include "arena/figures.h"
#include "page/heap.h"

/* Puts the options into force.  Called at boot, after they were read. */
void ash_bounds_init(void);

/* At most so many bytes of free memory may stay resident, where no option says how many; never
 * more than without this call.  ASH_NO_LIMIT = as without it.  Call without a lock. */
void ash_bounds_set_dirty_max(size_t bytes);

/* The decay time in force: 0 = at once, -1 = never by time. */
int64_t ash_bounds_decay_ms(enum ash_arena_decay which);

/* A decay time, in ms, in force from now on: 0 = at once, -1 = never by time.  The other stays
 * as it is.  False where it is neither that nor a time.  Waits for who is giving back; call
 * without a lock. */
#define ASH_BOUNDS_MS_MOST ((int64_t)1 << 40)
bool ash_bounds_set_decay_ms(enum ash_arena_decay which, int64_t ms);

/* In a forked child. */
void ash_bounds_after_fork(void);

enum ash_bound { ASH_BOUND_SOFT = 1, ASH_BOUND_HARD = 2 };

/* Told of a bound (enum ash_bound) that was met: bytes held, the bound in bytes, and the
 * argument that it was registered with. */
typedef void ash_bounds_listener(int which, size_t held, size_t limit, void *argument);

/* Registers who is told from now on; NULL = nobody.  False where another thread is just at it.
 */
bool ash_bounds_listen(ash_bounds_listener *function, void *argument);

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
