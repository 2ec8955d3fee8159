/* Clocks for tests: time stands still until the test moves it on, and CPU time is counted in
 * work, so that what the library does within a time or a budget does not depend on how fast the
 * machine is at the moment. */
#ifndef ASH_TEST_CLOCK_H
#define ASH_TEST_CLOCK_H

#include "os/os.h"
#include "util/atomic.h"

/* About what the kernel takes on a machine of 2020 to give memory back. */
#define CLOCK_NS_PER_RANGE 1000u
#define CLOCK_NS_PER_MIB 32000u

static uint64_t clock_time_ns = (uint64_t)1000 * 1000000000u; /* atomic */

static inline uint64_t clock_read(enum ash_clock clock)
{
	if (clock != ASH_CLOCK_THREAD_CPU)
		return ash_load_relaxed(&clock_time_ns);
	return ash_os_given.ranges * CLOCK_NS_PER_RANGE +
	       (ash_os_given.bytes >> 10) * CLOCK_NS_PER_MIB / 1024;
}

/* From here on, in all threads. */
static inline void clock_start(void)
{
	ash_os_clock_hook = clock_read;
}

static inline void clock_advance_ms(uint64_t ms)
{
	ash_add_relaxed(&clock_time_ns, ms * 1000000u);
}

#endif
