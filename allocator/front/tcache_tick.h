/* A thread's slow paths tick: now and then it looks at the clock, and once per epoch it sees to
 * what it holds, and to what is to be done for all (reclaim/rounds.h). */
#ifndef ASH_FRONT_TCACHE_TICK_H
#define ASH_FRONT_TCACHE_TICK_H

#include <stdbool.h>
#include "cache/thread.h"
#include "util/compiler.h"

#define ASH_TCACHE_TICK_EVERY 32 /* slow paths between looks at the clock */

/* `allocates`: not a free, so that a program which only ends starts no thread of ours. */
void ash_tcache_look_at_clock(struct ash_thread *t, bool allocates);

ASH_INLINE void ash_tcache_tick_of(struct ash_thread *t, bool allocates)
{
	if (ASH_UNLIKELY(++t->slow_paths % ASH_TCACHE_TICK_EVERY == 0 ||
			 (allocates && t->fresh)))
		ash_tcache_look_at_clock(t, allocates);
}

/* For slow paths that touch no magazine (large objects). */
ASH_INLINE void ash_tcache_tick(bool allocates)
{
	struct ash_thread *t = ash_thread_self();

	if (ASH_LIKELY(t != NULL))
		ash_tcache_tick_of(t, allocates);
}

#endif
