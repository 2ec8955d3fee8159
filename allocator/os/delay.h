/* A delay where threads race, in debug builds alone: mostly none, now and then a spin, the CPU
 * given up, or a sleep of some microseconds, at random.
 *
 * It stands around each taking and giving back of a lock, and at each publication without one
 * (allocator/doc/concurrency.md, "Without a lock"): a thread is then caught between two steps
 * in seconds where a machine left alone would take months.  Off until a seed is set (option
 * debug_delay).  What a thread does follows from the seed and from how many threads were
 * delayed before it. */
#ifndef ASH_OS_DELAY_H
#define ASH_OS_DELAY_H

#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

#if ASH_DEBUG >= 1
extern uint64_t ash_delay_seed ASH_HIDDEN; /* 0 = no delays; atomic */
/* Keeps errno; takes no lock and allocates nothing. */
void ash_delay_some(void);

static inline void ash_delay(void)
{
	if (ASH_UNLIKELY(ash_load_relaxed(&ash_delay_seed) != 0))
		ash_delay_some();
}
#else
#define ash_delay() ((void)0)
#endif

#endif
