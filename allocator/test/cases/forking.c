/* fork: what parent and child share stays shared, the child pays for nothing that it does not
 * use, and neither hangs. */
#include "test/cases/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/support/patience.h"

#define MIB (1L << 20)

/* --- what is shared ---------------------------------------------------------------------- */

static uint32_t seed = 42;

static uint32_t any(void)
{
	return seed = seed * 1103515245u + 12345, seed >> 8;
}

/* KiB that a line of smaps_rollup tells of this process; without allocating. */
static long rollup(const char *name)
{
	char text[4096];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	line = strstr(text, name);
	return line == NULL ? -1 : atol(line + strlen(name));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *wait_for_ever(void *unused)
{
	free(malloc(100));
	for (;;)
		pause();
	return unused;
}

static void start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		abort();
}

static unsigned char **object;
static size_t objects;

/* Small objects of `mib` MiB together. */
static void load(long mib)
{
	objects = (size_t)mib * 2048;
	object = malloc(objects * sizeof(*object));
	for (size_t i = 0; i < objects; i++) {
		size_t size = 64 + any() % 900;

		object[i] = malloc(size);
		memset(object[i], 1, size);
	}
}

/* A server with little to do. */
static void serve(double seconds)
{
	double end = now() + seconds;

	while (now() < end) {
		for (unsigned i = 0; i < 200; i++) {
			unsigned char *p[50];

			for (unsigned k = 0; k < 50; k++) {
				p[k] = malloc(64 + any() % 900);
				p[k][0] = 1;
			}
			for (unsigned k = 0; k < 50; k++)
				free(p[k]);
		}
		usleep(20000);
	}
}

/* prefork MIB SECONDS THREADS: what each of four workers that hardly do anything has of its own
 * after a while; `THREADS` more in each.  (3 % is for what they do write.) */
CASE(prefork)
{
	long mib = case_number(count, arguments, 0, 400);
	long seconds = case_number(count, arguments, 1, 4);
	long threads = case_number(count, arguments, 2, 0), most = 0;
	int tell[2];

	if (rollup("Private_Dirty:") < 0)
		return case_cannot("no smaps_rollup");
	for (long i = 0; i < threads; i++)
		start_thread();
	load(mib);
	serve(1.5);
	if (pipe(tell) != 0)
		return case_cannot("no pipe");
	for (unsigned w = 0; w < 4; w++) {
		if (fork() == 0) {
			long own;

			for (long i = 0; i < threads; i++)
				start_thread();
			serve((double)seconds);
			own = rollup("Private_Dirty:");
			_exit(write(tell[1], &own, sizeof(own)) != sizeof(own));
		}
	}
	for (unsigned w = 0; w < 4; w++) {
		long own = 0;
		int status;

		if (wait(&status) < 0 || status != 0 ||
		    read(tell[0], &own, sizeof(own)) != sizeof(own))
			return case_measured(false, "a worker failed");
		most = own > most ? own : most;
	}
	return case_measured(most <= mib * 1024 * 3 / 100,
			     "%.1f MiB of a worker's own after %ld s, of %ld MiB",
			     (double)most / 1024, seconds, mib);
}

/* snapshots FORKS SECONDS: huge pages of a server that writes everywhere and whose children
 * live for a moment, each a snapshot: before the first and after the last. */
CASE(snapshots)
{
	long forks = case_number(count, arguments, 0, 20);
	double life = (double)case_number(count, arguments, 1, 200) / 1000;
	double end = now() + patience(60);
	long before = -1, after = 0;

	if (rollup("AnonHugePages:") < 0)
		return case_cannot("no smaps_rollup");
	start_thread();
	load(100);
	/* Until no more come. */
	for (unsigned same = 0; same < 8; same++) {
		long huge = rollup("AnonHugePages:");

		if (huge != before)
			same = 0;
		before = huge;
		serve(0.25);
	}
	for (long i = 0; i < forks; i++) {
		pid_t child = fork();

		if (child == 0) {
			usleep((useconds_t)(life * 1e6));
			_exit(0);
		}
		for (size_t k = 0; k < objects; k++)
			object[k][0]++;
		serve(life);
		waitpid(child, NULL, 0);
	}
	do
		serve(0.25);
	while ((after = rollup("AnonHugePages:")) < before && now() < end);
	return case_measured(after >= before, "%ld MiB in huge pages before, %ld after",
			     before / 1024, after / 1024);
}

/* --- what a child pays -------------------------------------------------------------------- */

static pthread_barrier_t used;

static void *use(void *number)
{
	unsigned at = (unsigned)(size_t)number;
	void *p[1000];

	for (unsigned r = 0; r < 6; r++) {
		for (unsigned i = 0; i < 1000; i++) {
			at = at * 1103515245u + 12345;
			p[i] = malloc(16 + (at >> 8) % 2000);
			*(volatile char *)p[i] = 1;
		}
		for (unsigned i = 0; i < 1000; i++)
			free(p[i]);
	}
	pthread_barrier_wait(&used);
	return wait_for_ever(NULL);
}

/* fork_faults THREADS OBJECTS: page faults of a child that allocates so many objects and ends,
 * in a process whose threads have used the heap. */
CASE(fork_faults)
{
	long threads = case_number(count, arguments, 0, 500);
	long allocates = case_number(count, arguments, 1, 0), most;
	struct rusage usage;
	pthread_t thread;
	pid_t child;

	pthread_barrier_init(&used, NULL, (unsigned)threads + 1);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, use, (void *)(size_t)(i + 1)) != 0)
			return case_cannot("no thread");
	pthread_barrier_wait(&used);
	child = fork();
	if (child == 0) {
		for (long i = 0; i < allocates; i++)
			free(malloc(100));
		_exit(0);
	}
	if (wait4(child, NULL, 0, &usage) != child)
		return case_measured(false, "no child");
	/* libc writes to each thread's stack. */
	most = threads * 5 / 4 + 160 + allocates;
	case_measured(usage.ru_minflt <= most,
		      "%ld page faults of a child of %ld threads, %ld objects", usage.ru_minflt,
		      threads, allocates);
	_exit(usage.ru_minflt > most);
}

/* fork_clears KIB BLOCKS THREADS: page faults of a child that asks for cleared blocks of up to
 * so many KiB and uses the beginning of each, where its parent had some that it freed.  Others
 * of the parent's lie between. */
CASE(fork_clears)
{
	size_t most = (size_t)case_number(count, arguments, 0, 400) * 1024;
	long blocks = case_number(count, arguments, 1, 40), bound;
	void *block[100];
	struct rusage usage;
	pid_t child;
	int status;

	for (long i = 0; i < case_number(count, arguments, 2, 0); i++)
		start_thread();
	load(60);
	if (blocks > 100)
		return case_cannot("too many blocks");
	for (long i = 0; i < blocks; i++) {
		size_t size = 33000 + any() % (most - 33000);

		block[i] = malloc(size);
		memset(block[i], 1, size);
	}
	for (long i = 0; i < blocks; i++)
		free(block[i]);
	child = fork();
	if (child == 0) {
		unsigned wrong = 0;

		for (long i = 0; i < blocks; i++) {
			unsigned char *p = calloc(1, 33000 + any() % (most - 33000));

			p[0] = 1;
			wrong += p[1] != 0 || p[4000] != 0;
		}
		_exit(wrong != 0);
	}
	if (wait4(child, &status, 0, &usage) != child || status != 0)
		return case_measured(false, "no child, or blocks that were not clear");
	bound = blocks * 3 + 240;
	case_measured(usage.ru_minflt <= bound, "%ld page faults of a child of %ld blocks",
		      usage.ru_minflt, blocks);
	_exit(usage.ru_minflt > bound);
}

/* --- hangs -------------------------------------------------------------------------------- */

static volatile bool stop;
static volatile long forked;

static void *fork_on(void *unused)
{
	while (!stop) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
		forked++;
	}
	return unused;
}

static void *read_lines(void *path)
{
	FILE *file = fopen(path, "r");

	while (!stop) {
		char *line = NULL;
		size_t size = 0;

		rewind(file);
		if (getline(&line, &size, file) < 0)
			abort();
		free(line);
	}
	return NULL;
}

static void *flush_on(void *unused)
{
	while (!stop) {
		fflush(NULL);
		usleep(100); /* else nobody else ever gets the list */
	}
	return unused;
}

/* fork_stdio FORKERS READERS: some fork, some read lines (a file's lock, and then memory), one
 * flushes all files (the list of them, and then each file). */
CASE(fork_stdio)
{
	long forkers = case_number(count, arguments, 0, 4);
	long readers = case_number(count, arguments, 1, 8);
	char path[] = "/tmp/ashlar-lines-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	pthread_t thread[64];
	long n = 0, enough = 20;

	if (file == NULL || forkers + readers > 60)
		return case_cannot("no file");
	for (unsigned i = 0; i < 50000; i++)
		putc('x', file);
	fclose(file);
	for (long i = 0; i < forkers; i++)
		pthread_create(&thread[n++], NULL, fork_on, NULL);
	for (long i = 0; i < readers; i++)
		pthread_create(&thread[n++], NULL, read_lines, path);
	pthread_create(&thread[n++], NULL, flush_on, NULL);
	alarm(patience(60));
	while (forked < enough)
		usleep(10000);
	stop = true;
	while (n > 0)
		pthread_join(thread[--n], NULL);
	unlink(path);
	return case_measured(true, "%ld forks and more", enough);
}

static volatile long handled;

static void fork_here(int number)
{
	int saved = errno;
	pid_t child = fork();

	(void)number;
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	handled++;
	errno = saved;
}

static void *takes_and_ends(void *unused)
{
	for (unsigned i = 0; i < 1000; i++)
		free(malloc(1 + i * 40));
	return unused;
}

/* fork_handler FORKS MOST THREADS CHILD: a process of one thread, whose handler of a timer
 * forks while it allocates up to MOST bytes (0 = while it forks, too); so many others came and
 * went before.  With CHILD it is made by a process of two threads. */
CASE(fork_handler)
{
	long forks = case_number(count, arguments, 0, 300);
	long most = case_number(count, arguments, 1, 70000);
	long threads = case_number(count, arguments, 2, 0);
	struct itimerval often = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = fork_here, .sa_flags = SA_RESTART};
	struct rlimit limit = {patience(60), RLIM_INFINITY};
	void *p[500] = {NULL};

	for (long i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, takes_and_ends, NULL) != 0)
			return case_cannot("no thread");
		pthread_join(thread, NULL);
	}
	if (case_number(count, arguments, 3, 0) != 0) {
		pid_t child;
		int status = 0;

		start_thread();
		child = fork();
		if (child > 0) {
			waitpid(child, &status, 0);
			return status != 0; /* the child tells its line */
		}
	}
	setrlimit(RLIMIT_CPU, &limit); /* the timer has the alarm */
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (handled < forks) {
		unsigned k = any() % 500;

		free(p[k]);
		p[k] = malloc(1 + any() % (most > 0 ? most : 2000));
		if (most == 0 && k % 100 == 0) {
			pid_t child = fork();

			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	setitimer(ITIMER_REAL, &off, NULL);
	return case_measured(true, "%ld forks by the handler", forks);
}

/* A library that guards its state over fork in the usual way, and came first. */
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static bool guarded;

static void guard(void)
{
	if (guarded)
		pthread_mutex_lock(&state);
}

static void unguard(void)
{
	if (guarded)
		pthread_mutex_unlock(&state);
}

static void register_guard(void)
{
	pthread_atfork(guard, unguard, unguard);
}

static void (*const first_of_all[])(void)
	__attribute__((section(".preinit_array"), used)) = {register_guard};

static void *use_state(void *size)
{
	while (!stop) {
		void *volatile p[50];

		pthread_mutex_lock(&state);
		for (unsigned i = 0; i < 50; i++)
			p[i] = malloc((size_t)size);
		for (unsigned i = 0; i < 50; i++)
			free(p[i]);
		pthread_mutex_unlock(&state);
		usleep(100);
	}
	return NULL;
}

/* fork_guarded FORKS SIZE: handlers that were registered before all others take a lock under
 * which threads allocate. */
CASE(fork_guarded)
{
	long forks = case_number(count, arguments, 0, 200);
	long size = case_number(count, arguments, 1, 40000);
	pthread_t thread[3];

	guarded = true;
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, use_state, (void *)size);
	alarm(patience(60));
	for (long i = 0; i < forks; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	stop = true;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	return case_measured(true, "%ld forks", forks);
}

/* --- a handler of SIGABRT ----------------------------------------------------------------- */

static long frame;

static __attribute__((noinline)) char touch(size_t bytes)
{
	volatile char *space = __builtin_alloca(bytes);

	for (size_t i = 0; i < bytes; i += 100)
		space[i] = 1;
	return space[bytes / 2];
}

static void crashed(int number)
{
	if (frame > 0)
		touch((size_t)frame);
	fork_here(number);
	case_measured(true, "the handler has forked");
	_exit(0);
}

static void *free_twice(void *unused)
{
	enum { N = 4000 };
	static void *p[N];

	for (unsigned i = 0; i < N; i++)
		p[i] = malloc(1000);
	for (unsigned i = 0; i < N / 2; i++)
		free(p[i]);
	free(p[N / 4]);
	for (unsigned i = N / 2; i < N; i++)
		free(p[i]);
	for (unsigned i = 0; i < 300; i++)
		free(malloc(50000));
	return wait_for_ever(unused);
}

/* crash_handler FRAME THREADS: a double free that is found late, with or without other threads
 * than the one that looks for it; the handler needs a frame of so many bytes and forks, as
 * those do that start a debugger. */
CASE(crash_handler)
{
	long threads = case_number(count, arguments, 1, 2);
	double end = now() + patience(20);
	pthread_t thread;

	frame = case_number(count, arguments, 0, 0);
	signal(SIGABRT, crashed);
	alarm(patience(60));
	if (threads > 1)
		start_thread();
	usleep(10000);
	pthread_create(&thread, NULL, free_twice, NULL);
	while (now() < end) {
		free(malloc(60000));
		usleep(1000);
	}
	return case_measured(false, "a double free is not noticed");
}
