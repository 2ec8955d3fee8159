/* What the kernel says of machine and process: memory, CPUs, clocks, environment. */
#include "os/os.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "util/atomic.h"

uint64_t ash_os_memory_bytes(void)
{
	struct sysinfo info;

	if (ash_os_faulted(ASH_OS_SYSINFO) || sysinfo(&info) != 0)
		return (uint64_t)4 << 30;
	return (uint64_t)info.totalram * info.mem_unit;
}

uint64_t ash_os_address_limit(void)
{
	struct rlimit limit;

	if (ash_os_faulted(ASH_OS_GETRLIMIT) || getrlimit(RLIMIT_AS, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

unsigned ash_os_usable_cpus(void)
{
	unsigned long mask[64]; /* 4,096 CPUs */
	unsigned cpus = 0, quota;
	int saved = errno;
	/* The system call itself: libc's wrapper wants to know the number of CPUs before. */
	long bytes = ash_os_faulted(ASH_OS_AFFINITY)
			     ? -1
			     : syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);

	for (long i = 0; i < bytes / (long)sizeof(mask[0]); i++)
		cpus += (unsigned)__builtin_popcountl(mask[i]);
	if (cpus == 0)
		cpus = 1;
	quota = ash_cgroup_cpus();
	errno = saved;
	return quota != 0 && quota < cpus ? quota : cpus;
}

unsigned ash_os_current_cpu(void)
{
	int cpu = ash_os_faulted(ASH_OS_GETCPU) ? -1 : sched_getcpu();

	return cpu < 0 ? 0 : (unsigned)cpu;
}

uint64_t (*ash_os_clock_hook)(enum ash_clock clock);

/* `otherwise` where it cannot be read. */
static uint64_t read_clock(enum ash_clock clock, clockid_t id, uint64_t otherwise)
{
	uint64_t (*hook)(enum ash_clock) = ash_load_relaxed(&ash_os_clock_hook);
	struct timespec now;

	if (ASH_UNLIKELY(hook != NULL))
		return hook(clock);
	if (ash_os_faulted(ASH_OS_CLOCK) || clock_gettime(id, &now) != 0)
		return otherwise;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ash_os_coarse_clock_ns(void)
{
	return read_clock(ASH_CLOCK_COARSE, CLOCK_MONOTONIC_COARSE, 0);
}

uint64_t ash_os_thread_cpu_ns(void)
{
	static __thread uint64_t last;

	last = read_clock(ASH_CLOCK_THREAD_CPU, CLOCK_THREAD_CPUTIME_ID, last);
	return last;
}

uint64_t ash_os_clock_ns(void)
{
	return read_clock(ASH_CLOCK_MONOTONIC, CLOCK_MONOTONIC, 0);
}

bool ash_os_secure_process(void)
{
	return getauxval(AT_SECURE) != 0;
}

const char *ash_os_environment(const char *name)
{
	return ash_os_secure_process() ? NULL : secure_getenv(name);
}
