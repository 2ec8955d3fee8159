/* Containers and sandboxes: programs that confine themselves, share a limit with page cache,
 * close what is not theirs, or do next to nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test/cases/cases.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* A thread that takes and gives a little, and then waits for ever. */
static void *takes_and_waits(void *unused)
{
	void *p[200];

	for (unsigned i = 0; i < 200; i++)
		p[i] = malloc(100);
	for (unsigned i = 0; i < 200; i++)
		free(p[i]);
	pause();
	return unused;
}

static bool make_threads(long count)
{
	pthread_t thread;

	while (count-- > 0)
		if (pthread_create(&thread, NULL, takes_and_waits, NULL) != 0)
			return false;
	return true;
}

static void wait_ms(unsigned ms)
{
	struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

/* A file of the case's own, which nobody can find; -1 where there is none. */
static int own_file(void)
{
	char path[] = "/tmp/ashlar-case.XXXXXX";
	int file = mkostemp(path, O_CLOEXEC);

	if (file >= 0)
		unlink(path);
	return file;
}

/* --- filters of system calls -------------------------------------------------------------- */

static void died(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	_exit(case_measured(false, "killed by system call %d", info->si_syscall));
}

/* Lets through what is listed (`good`), or all but that; false where it cannot be installed. */
static bool filter(const int *calls, size_t count, bool good)
{
	struct sigaction action = {.sa_sigaction = died, .sa_flags = SA_SIGINFO};
	struct sock_filter step[200];
	struct sock_fprog program = {0, step};
	unsigned n = 0;

	sigaction(SIGSYS, &action, NULL);
	step[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		step[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (uint32_t)calls[i], 0, 1);
		step[n++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, good ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
	}
	step[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 good ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Blocks of all sizes, `mib` MiB of them, come and go three times, with silence in between. */
static bool come_and_go(size_t mib)
{
	enum { MOST = 300000 };
	static void *block[MOST];
	uint32_t random = 7;

	for (unsigned round = 0; round < 3; round++) {
		size_t bytes = 0, count = 0;

		while (bytes < mib << 20 && count < MOST) {
			size_t size;

			random = random * 1664525u + 1013904223u;
			size = (random >> 8) % 100 < 97 ? 1 + (random >> 16) % 2000
							: 1 + (random >> 16) * (size_t)4;
			block[count] = malloc(size);
			if (block[count] == NULL)
				return false;
			memset(block[count++], 1, size);
			bytes += size;
		}
		while (count > 0)
			free(block[--count]);
		wait_ms(300);
		for (size_t i = 1; i < 2000; i++)
			free(malloc(i * 40));
	}
	return true;
}

/* sandbox MIB: a filter in the manner of a server's worker that parses what strangers send. */
CASE(sandbox)
{
	static const int calls[] = {
		SYS_mmap,  SYS_munmap,         SYS_mremap,          SYS_madvise,
		SYS_futex, SYS_mprotect,       SYS_clock_nanosleep, SYS_nanosleep,
		SYS_read,  SYS_write,          SYS_close,           SYS_getrandom,
		SYS_exit,  SYS_rt_sigprocmask, SYS_exit_group,      SYS_rt_sigreturn,
		SYS_brk};
	size_t mib = (size_t)case_number(count, arguments, 0, 20);

	free(malloc(100));
	if (!filter(calls, sizeof(calls) / sizeof(calls[0]), true))
		return case_cannot("no filter can be installed");
	if (!come_and_go(mib))
		_exit(case_measured(false, "no memory"));
	_exit(case_measured(true, "survived"));
}

/* no_open MIB BEFORE AFTER: opening files is given up, with so many threads made before and
 * after. */
CASE(no_open)
{
	static const int calls[] = {SYS_openat};
	size_t mib = (size_t)case_number(count, arguments, 0, 20);
	long before = case_number(count, arguments, 1, 0),
	     after = case_number(count, arguments, 2, 0);

	free(malloc(100));
	if (!make_threads(before))
		return case_cannot("no threads");
	wait_ms(100);
	if (!filter(calls, 1, false))
		return case_cannot("no filter can be installed");
	if (!make_threads(after))
		return case_cannot("no threads");
	if (!come_and_go(mib))
		_exit(case_measured(false, "no memory"));
	_exit(case_measured(true, "survived"));
}

/* --- a group full of page cache ----------------------------------------------------------- */

/* log MIB: a server of two threads and 20 MiB takes and drops buffers while it appends to a
 * log. */
CASE(log)
{
	enum { BUFFERS = 32, BLOCK = 512 << 10, ROUND_FAULTS = 100 };
	long mib = case_number(count, arguments, 0, 500), per_round;
	char *buffer[BUFFERS], *page = malloc((size_t)1 << 20);
	struct rusage usage;
	int file = own_file();

	if (file < 0 || page == NULL || !make_threads(1))
		return case_cannot("no file, or no thread");
	memset(page, 7, (size_t)1 << 20);
	for (unsigned i = 0; i < 40; i++) {
		void *kept = malloc(BLOCK);

		if (kept != NULL)
			memset(kept, 1, BLOCK);
	}
	for (long n = 0; n < mib; n++) {
		for (size_t i = 0; i < BUFFERS; i++) {
			size_t size = (64 + i * 8) << 10;

			buffer[i] = malloc(size);
			if (buffer[i] == NULL)
				return case_measured(false, "no memory");
			memset(buffer[i], 1, size);
		}
		for (size_t i = 0; i < BUFFERS; i++)
			free(buffer[i]);
		if (write(file, page, (size_t)1 << 20) != 1 << 20)
			return case_cannot("the file cannot be written");
		wait_ms(4);
	}
	getrusage(RUSAGE_SELF, &usage);
	/* What it keeps is touched once. */
	per_round = (usage.ru_minflt - 7000) / (mib > 0 ? mib : 1);
	return case_measured(per_round < ROUND_FAULTS, "%ld faults", usage.ru_minflt);
}

/* --- what other threads there are --------------------------------------------------------- */

static long number_after(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line == NULL ? 0 : atol(line + strlen(key));
}

/* Reads a file of /proc/self/task/ID. */
static bool read_of_task(const char *task, const char *name, char *text, size_t size)
{
	char path[300];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/self/task/%s/%s", task, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	length = read(file, text, size - 1);
	close(file);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* Calls fn for each thread but `own` many that the program made itself; how many those are. */
static unsigned each_other(const pid_t *own, unsigned owns,
			   void (*fn)(const char *task, void *argument), void *argument)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	unsigned others = 0;

	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		pid_t id = (pid_t)atol(task->d_name);
		bool mine = id == 0;

		for (unsigned i = 0; i < owns; i++)
			mine |= id == own[i];
		if (mine)
			continue;
		others++;
		fn(task->d_name, argument);
	}
	if (tasks != NULL)
		closedir(tasks);
	return others;
}

static void add_wakes(const char *task, void *sum)
{
	char text[4096];

	if (read_of_task(task, "status", text, sizeof(text)))
		*(long *)sum += number_after(text, "\nvoluntary_ctxt_switches:");
}

static pid_t second; /* atomic */

static void *second_thread(void *unused)
{
	__atomic_store_n(&second, gettid(), __ATOMIC_RELEASE);
	return takes_and_waits(unused);
}

static bool make_second(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, second_thread, NULL) != 0)
		return false;
	while (__atomic_load_n(&second, __ATOMIC_ACQUIRE) == 0)
		wait_ms(1);
	wait_ms(20);
	return true;
}

/* One request of a server. */
static void serve(void)
{
	enum { BUFFERS = 40 };
	void *p[BUFFERS];

	for (size_t i = 0; i < BUFFERS; i++) {
		p[i] = malloc(1000 + i * 1000);
		if (p[i] != NULL)
			memset(p[i], 1, 1000);
	}
	for (size_t i = 0; i < BUFFERS; i++)
		free(p[i]);
}

/* wakes PER_SECOND MIB: a server of two threads drops so many MiB and then serves so many
 * requests a second. */
CASE(wakes)
{
	long per_second = case_number(count, arguments, 0, 20);
	size_t mib = (size_t)case_number(count, arguments, 1, 0);
	unsigned seconds = 10, rounds = per_second > 0 ? (unsigned)per_second : 1;
	pid_t own[2] = {getpid()};
	long before = 0, after = 0;
	unsigned others;

	if (!make_second())
		return case_cannot("no thread");
	own[1] = second;
	for (unsigned i = 0; i < 2 * rounds; i++) {
		serve();
		wait_ms(1000 / rounds);
	}
	if (mib > 0) {
		static void *block[1 << 16];
		size_t n = mib < 1 << 14 ? mib * 4 : 1 << 16;

		for (size_t i = 0; i < n; i++) {
			block[i] = malloc(256 << 10);
			if (block[i] != NULL)
				memset(block[i], 1, 256 << 10);
		}
		for (size_t i = 0; i < n; i++)
			free(block[i]);
	}
	each_other(own, 2, add_wakes, &before);
	for (unsigned i = 0; i < seconds * rounds; i++) {
		if (per_second > 0)
			serve();
		wait_ms(1000 / rounds);
	}
	others = each_other(own, 2, add_wakes, &after);
	return case_measured(after - before <= 2 * (long)seconds + 1,
			     "%ld wakes in %u s, %u threads of the allocator's own",
			     after - before, seconds, others);
}

struct scheduling {
	int policies; /* other than the ordinary one */
	int cpus;     /* the fewest */
	char signals[20];
};

static void look_at_scheduling(const char *task, void *argument)
{
	struct scheduling *s = argument;
	pid_t id = (pid_t)atol(task);
	char text[4096];
	cpu_set_t cpus;

	s->policies += sched_getscheduler(id) != SCHED_OTHER;
	if (sched_getaffinity(id, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) < s->cpus)
		s->cpus = CPU_COUNT(&cpus);
	if (read_of_task(task, "status", text, sizeof(text)) && strstr(text, "\nSigBlk:\t"))
		snprintf(s->signals, sizeof(s->signals), "%.16s",
			 strstr(text, "\nSigBlk:\t") + 9);
}

static void *urgent_thread(void *unused)
{
	struct sched_param urgent = {.sched_priority = 80};
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &urgent) != 0)
		return unused;
	__atomic_store_n(&second, gettid(), __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 300; i++) {
		void *volatile p = malloc(100000);

		if (p != NULL)
			memset(p, 1, 100000);
		free(p);
		wait_ms(1);
	}
	pause();
	return unused;
}

/* A real-time thread that is pinned to one CPU is the first to allocate beside the main one. */
CASE(real_time)
{
	struct scheduling found = {0, CPU_SETSIZE, "none"};
	pid_t own[2] = {getpid()};
	unsigned others;
	pthread_t thread;
	cpu_set_t all;

	free(malloc(100));
	if (sched_getaffinity(0, sizeof(all), &all) != 0 || CPU_COUNT(&all) < 2)
		return case_cannot("one CPU is all that there is");
	if (pthread_create(&thread, NULL, urgent_thread, NULL) != 0)
		return case_cannot("no thread");
	wait_ms(1000);
	own[1] = __atomic_load_n(&second, __ATOMIC_ACQUIRE);
	if (own[1] == 0)
		return case_cannot("real-time policies are not allowed");
	others = each_other(own, 2, look_at_scheduling, &found);
	if (others == 0)
		return case_measured(true, "no thread of the allocator's own");
	return case_measured(found.policies == 0 && found.cpus == CPU_COUNT(&all),
			     "%u of its own, %d by another policy, %d CPUs of %d, blocks %s",
			     others, found.policies, found.cpus, CPU_COUNT(&all),
			     found.signals);
}

/* sealed CASE…: a container that starts programs with a filter, which lets all through, and
 * without the right to more privileges. */
CASE(sealed)
{
	if (count < 1)
		return case_cannot("no case is named");
	if (!filter(NULL, 0, false))
		return case_cannot("no filter can be installed");
	execv("/proc/self/exe", arguments - 1);
	return case_measured(false, "it cannot start itself");
}

/* --- descriptors -------------------------------------------------------------------------- */

/* How many are open from 3 on; how many of those survive exec, or are below 100. */
static unsigned descriptors(unsigned *bad)
{
	unsigned n = 0;

	for (int fd = 3; fd < 2000; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0)
			continue;
		n++;
		*bad += !(flags & FD_CLOEXEC) || fd < 100;
	}
	return n;
}

/* descriptors THREADS: the program, of so many threads more, closes all from 3 on and puts
 * files of its own in their place, which would read as a limit of 1 MiB. */
CASE(descriptors)
{
	static const char text[] = "1048576\nanon 1048576\ntotal_rss 1048576\n"
				   "hierarchical_memory_limit 1048576\nsome total=99\n";
	long threads = case_number(count, arguments, 0, 1);
	unsigned bad = 0, before = 0, kept, lost = 0, moved = 0, least = 0;
	int fds[200], n, fd;

	for (fd = 3; fd < 2000; fd++)
		close(fd);
	free(malloc(100));
	before = descriptors(&least);
	if (!make_threads(threads))
		return case_cannot("no threads");
	for (unsigned i = 0; i < 100; i++) {
		serve();
		wait_ms(10);
	}
	kept = descriptors(&bad) - before;
	for (fd = 3; fd < 2000; fd++)
		close(fd);
	fd = own_file();
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		return case_cannot("the file cannot be written");
	lseek(fd, 0, SEEK_SET);
	for (n = 0; n < 200; n++) {
		fds[n] = dup(fd);
		if (fds[n] < 0)
			break;
	}
	for (unsigned i = 0; i < 300; i++) {
		serve();
		wait_ms(10);
	}
	while (n-- > 0) {
		moved += lseek(fds[n], 0, SEEK_CUR) != 0;
		lost += close(fds[n]) != 0;
	}
	return case_measured((threads > 0 || kept == 0) && bad == 0 && lost == 0 && moved == 0,
			     "kept %u, %u of them badly; of the program's own %u lost, %u read",
			     kept, bad, lost, moved);
}
