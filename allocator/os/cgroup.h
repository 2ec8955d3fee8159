/* What the container allows: CPU quota and memory limits of the process's control group and
 * the groups above it, and signs that its memory runs short.  Control groups v1 and v2.
 *
 * Files are opened, read and closed at each look; none stays open, for programs close
 * descriptors that are not theirs. */
#ifndef ASH_OS_CGROUP_H
#define ASH_OS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the limits.  Called once, after ash_os_init; allocates nothing, keeps errno. */
void ash_cgroup_init(void);

/* CPUs that the smallest quota amounts to, rounded up; 0 = none. */
unsigned ash_cgroup_cpus(void);

/* The smallest hard limit in bytes (memory.max, or memory.limit_in_bytes of v1); UINT64_MAX =
 * none. */
uint64_t ash_cgroup_memory(void);

/* Whether some group had a limit, hard or memory.high, when ash_cgroup_init looked. */
bool ash_cgroup_bounded(void);

/* Whether memory has been short since the last look: the group that binds was throttled or at
 * its limit (memory.events; memory.failcnt), what it uses beyond page cache is above 7/8 of the
 * limit, or its tasks were stalled for 2 % of the time (PSI; the machine's where the group has
 * none).  Some ten microseconds.  One thread at a time. */
bool ash_cgroup_pressure(uint64_t now_ns);

/* Put before every path that is read; "" but in tests.  No option and no environment variable
 * sets it. */
extern const char *ash_cgroup_root;

#endif
