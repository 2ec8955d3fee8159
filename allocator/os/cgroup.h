/* What the container allows: CPU quota and memory limits of the process's control group and
 * the groups above it, and signs that its memory runs short.  Control groups v1 and v2.
 *
 * While the process starts, files are opened, read and closed.  What the background thread
 * looks at afterwards it opens when it begins, and keeps (struct ash_os_kept). */
#ifndef ASH_OS_CGROUP_H
#define ASH_OS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the quota and the hard limits.  Called once, after ash_os_init; allocates nothing,
 * keeps errno. */
void ash_cgroup_init(void);

/* CPUs that the smallest quota amounts to, rounded up; 0 = none. */
unsigned ash_cgroup_cpus(void);

/* The smallest hard limit in bytes (memory.max, or memory.limit_in_bytes of v1); UINT64_MAX =
 * none. */
uint64_t ash_cgroup_memory(void);

/* Whether some group had a limit at the last look at the groups: at the start a hard one, since
 * ash_cgroup_keep also memory.high. */
bool ash_cgroup_bounded(void);

/* By the background thread: opens what ash_cgroup_pressure reads, of the group that the process
 * is in now; with `bounded_only` nothing where no group has a limit.  Once a descriptor was
 * lost to the program, nothing is opened any more.  And closes what is still there; or, where
 * the program may have confined itself, leaves it open for the next thread of ours, without a
 * system call. */
void ash_cgroup_keep(bool bounded_only);
void ash_cgroup_let_go(void);
void ash_cgroup_leave(void);

/* Whether this thread has something to look at. */
bool ash_cgroup_is_watched(void);

/* Whether memory is short, by the thread that keeps the files: of the limit of the group that
 * binds at least 7/8 are memory that cannot be reclaimed (page cache can), or half of it and
 * tasks of the own group waited for memory for a tenth of the time since the last look (PSI;
 * the machine's for a process that is in no group).  Some ten microseconds. */
bool ash_cgroup_pressure(uint64_t now_ns);

/* In a forked child. */
void ash_cgroup_after_fork(void);

/* Put before every path that is read; "" but in tests.  No option and no environment variable
 * sets it. */
extern const char *ash_cgroup_root;

#endif
