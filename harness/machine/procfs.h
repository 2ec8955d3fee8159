/* What the kernel tells about a process and the machine, read from outside;
 * the reader itself is workloads/shared/procfs.h. */
#ifndef HARNESS_PROCFS_H
#define HARNESS_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_counts {
	uint64_t user_ticks, sys_ticks; /* of sysconf(_SC_CLK_TCK) a second */
	uint64_t minor_faults, major_faults;
	uint64_t voluntary_switches, involuntary_switches; /* summed over its present threads */
	uint64_t runqueue_delay_ns;                        /* likewise */
};

/* Opens /proc/PID/statm so that a later reading costs one system call; -1 when gone. */
int proc_statm_open(pid_t pid);
/* Resident bytes, and those of them that belong to no file and no shared memory. */
bool proc_statm_read(int fd, uint64_t *rss_bytes, uint64_t *anon_bytes);

/* Highest resident bytes since its exec (VmHWM); 0 when it is gone. */
uint64_t proc_peak_rss(pid_t pid);
bool proc_read_counts(pid_t pid, struct proc_counts *counts);

/* Ends every process whose environment has this variable with this value ("NAME=VALUE"),
 * wherever it has gone: what left its group, as a daemon does, is found by nothing else. */
void proc_end_marked(const char *variable);

/* Of the machine since boot: time other guests took from it, summed over its
 * CPUs, and processes killed for want of memory. */
uint64_t machine_steal_ns(void);
uint64_t machine_oom_kills(void);
/* Likewise: time in which its CPUs ran anything, in steps of a clock tick. */
uint64_t machine_busy_ns(void);
/* Busy and stolen time of the first line of a text like /proc/stat, in ticks.  False when it is
 * none. */
bool machine_cpu_ticks(const char *stat, uint64_t *busy, uint64_t *steal);

/* How long, and in how many periods, CPU limits kept the control group of this process and
 * those it lies in from running, since they were made; zeros without a limit. */
struct throttling {
	uint64_t ns, periods;
};
/* `groups` is the text of /proc/self/cgroup, `root` where the hierarchies are mounted: both
 * versions, also in one machine. */
struct throttling machine_throttling_of(const char *groups, const char *root);
struct throttling machine_throttling(void);
uint64_t machine_memory_bytes(void);

#endif
