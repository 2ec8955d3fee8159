/* What the kernel says of machine and process: memory, CPUs, clocks, environment, confinement.
 */
#include "os/os.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/vdso.h"
#include "util/atomic.h"
#include "util/system_call.h"

uint64_t ash_os_memory_bytes(void)
{
	static uint64_t known;
	uint64_t bytes = ash_load_relaxed(&known);
	struct sysinfo info;

	/* By libc's function: some who preload their own mean to be asked.  It may allocate. */
	if (ash_os_faulted(ASH_OS_SYSINFO) || (bytes == 0 && sysinfo(&info) != 0))
		return (uint64_t)4 << 30;
	if (bytes == 0) {
		bytes = (uint64_t)info.totalram * info.mem_unit;
		ash_store_relaxed(&known, bytes);
	}
	return bytes;
}

static uint64_t limit_of(int resource)
{
	struct rlimit limit;

	if (ash_system_call(SYS_prlimit64, 0, resource, NULL, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

uint64_t ash_os_address_limit(void)
{
	static uint64_t known;
	uint64_t bytes = ash_load_relaxed(&known);

	if (ash_os_faulted(ASH_OS_GETRLIMIT))
		return UINT64_MAX;
	if (bytes == 0) {
		uint64_t all = limit_of(RLIMIT_AS), data = limit_of(RLIMIT_DATA);

		bytes = data < all ? data : all;
		ash_store_relaxed(&known, bytes);
	}
	return bytes;
}

static unsigned long cpu_mask[64]; /* of the process when it started; 4,096 CPUs */
static long cpu_mask_bytes;

unsigned ash_os_usable_cpus(void)
{
	unsigned cpus = 0, quota;
	int saved = errno;

	cpu_mask_bytes =
		ash_os_faulted(ASH_OS_AFFINITY)
			? -1
			: ash_system_call(SYS_sched_getaffinity, 0, sizeof(cpu_mask), cpu_mask);
	for (long i = 0; i < cpu_mask_bytes / (long)sizeof(cpu_mask[0]); i++)
		cpus += (unsigned)__builtin_popcountl(cpu_mask[i]);
	if (cpus == 0)
		cpus = 1;
	quota = ash_cgroup_cpus();
	errno = saved;
	return quota != 0 && quota < cpus ? quota : cpus;
}

void ash_os_schedule_as_process(void)
{
	struct sched_param ordinary = {0};
	int saved = errno;

	if (!ash_os_faulted(ASH_OS_SCHEDULER))
		ash_system_call(SYS_sched_setscheduler, 0, SCHED_OTHER, &ordinary);
	if (cpu_mask_bytes > 0 && !ash_os_faulted(ASH_OS_AFFINITY))
		ash_system_call(SYS_sched_setaffinity, 0, cpu_mask_bytes, cpu_mask);
	errno = saved;
}

/* What the kernel answers for this thread; -1 where it may not be asked. */
static int ask(int option)
{
	int saved = errno;
	long answer = ash_os_faulted(ASH_OS_PRCTL) ? -1 : ash_system_call(SYS_prctl, option);

	errno = saved;
	return (int)answer;
}

static int filters_at_start;
static int privileges_at_start; /* asked only where there were filters */

void ash_os_note_confinement(void)
{
	filters_at_start = ask(PR_GET_SECCOMP);
	privileges_at_start = filters_at_start != 0 ? ask(PR_GET_NO_NEW_PRIVS) : 0;
}

/* Where the container has a filter already, one that the program adds shows only by what must
 * come first: that it can gain no privileges any more. */
static bool confined_itself(void)
{
	return filters_at_start == 0 || ask(PR_GET_NO_NEW_PRIVS) != 0;
}

/* Whether both were there at start (not where that could not be asked): nothing shows then. */
static bool cannot_be_told(void)
{
	return filters_at_start > 0 && privileges_at_start > 0;
}

/* Most containers start programs with both, and hardly any program in one adds a filter that
 * lets it make threads (without that there is none of ours either), and kills it for opening a
 * file or choosing a policy.  So what cannot be told counts as no: else nobody would look for
 * pressure just where memory is bounded. */
bool ash_os_is_confined(void)
{
	return ask(PR_GET_SECCOMP) != 0 && !cannot_be_told() && confined_itself();
}

bool ash_os_may_be_confined(void)
{
	return ask(PR_GET_SECCOMP) != 0 && (cannot_be_told() || confined_itself());
}

unsigned ash_os_current_cpu(void)
{
	int cpu = ash_os_faulted(ASH_OS_GETCPU) ? -1 : sched_getcpu();

	return cpu < 0 ? 0 : (unsigned)cpu;
}

/* What a thread may do between two looks at its CPU time besides giving memory back. */
#define LOOK_NS 100000u

uint64_t (*ash_os_clock_hook)(enum ash_clock clock);

/* `otherwise` where it cannot be read. */
static uint64_t read_clock(enum ash_clock clock, clockid_t id, uint64_t otherwise)
{
	uint64_t (*hook)(enum ash_clock) = ash_load_relaxed(&ash_os_clock_hook);
	struct timespec now;

	if (ASH_UNLIKELY(hook != NULL))
		return hook(clock);
	if (ash_os_faulted(ASH_OS_CLOCK) || ash_vdso_clock_gettime(id, &now) != 0)
		return otherwise;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ash_os_coarse_clock_ns(void)
{
	return read_clock(ASH_CLOCK_COARSE, CLOCK_MONOTONIC_COARSE, 0);
}

__thread uint64_t ash_os_looked_ns;

/* (CLOCK_THREAD_CPUTIME_ID is a system call.) */
uint64_t ash_os_thread_cpu_ns(void)
{
	static __thread uint64_t sum, last;
	uint64_t (*hook)(enum ash_clock) = ash_load_relaxed(&ash_os_clock_hook), now;

	ash_os_looked_ns = 0;
	if (ASH_UNLIKELY(hook != NULL))
		return sum = hook(ASH_CLOCK_THREAD_CPU);
	now = read_clock(ASH_CLOCK_MONOTONIC, CLOCK_MONOTONIC, last);
	if (ash_vdso_found())
		ash_os_looked_ns = now;
	ash_os_plausible_ns += LOOK_NS;
	if (now > last)
		sum += now - last < ash_os_plausible_ns ? now - last : ash_os_plausible_ns;
	ash_os_plausible_ns = 0;
	last = now;
	return sum;
}

uint64_t ash_os_clock_ns(void)
{
	return read_clock(ASH_CLOCK_MONOTONIC, CLOCK_MONOTONIC, 0);
}

bool ash_os_secure_process(void)
{
	static uint32_t known; /* 0 = not yet, else 1 + the answer; atomic */
	uint32_t answer = ash_load_relaxed(&known);

	if (answer == 0) {
		answer = 1 + (getauxval(AT_SECURE) != 0);
		ash_store_relaxed(&known, answer);
	}
	return answer == 2;
}

#ifdef __GLIBC__
/* Where the loader found argc, argv and the environment; glibc's, of old. */
extern void *__libc_stack_end __attribute__((weak));
#endif

/* libc knows it from its own start on, and what the program's DT_PREINIT_ARRAY calls comes
 * before. */
static char **environment(void)
{
#ifdef __GLIBC__
	if (environ == NULL && &__libc_stack_end != NULL && __libc_stack_end != NULL) {
		const long *count = __libc_stack_end;

		return (char **)(count + 1) + *count + 1;
	}
#endif
	return environ;
}

const char *ash_os_environment(const char *name)
{
	size_t length = strlen(name);
	char **variables = environment();

	if (variables == NULL || ash_os_secure_process())
		return NULL;
	for (char **variable = variables; *variable != NULL; variable++)
		if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
			return *variable + length + 1;
	return NULL;
}

const char *ash_os_started_as(void)
{
	return (const char *)getauxval(AT_EXECFN);
}
