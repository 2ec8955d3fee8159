/* What the recorder is tried on: calls whose numbers and sizes are known exactly.  Sizes
 * are odd ones, so that what libc allocates besides is not mistaken for them. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 20000
#define SHARED 1000

static void *volatile sink;

/* The compiler must leave every call as it is. */
#define KEEP(p) (sink = (p))

/* ---- every function once ------------------------------------------------------- */

static void every_call(void)
{
	void *p, *q;

	p = KEEP(malloc(7001));
	p = KEEP(realloc(p, 7003)); /* in place or not */
	free(p);
	p = KEEP(calloc(7, 1001));
	p = KEEP(realloc(p, 70013));
	q = KEEP(realloc(NULL, 7019));
	free(p);
	if (realloc(q, 0) != NULL)
		exit(3);
	p = KEEP(reallocarray(NULL, 7, 1003));
	p = KEEP(reallocarray(p, 9, 1009));
	free(p);
	free(KEEP(memalign(64, 7027)));
	free(KEEP(aligned_alloc(256, 7168)));
	if (posix_memalign(&p, 4096, 7039) != 0)
		exit(3);
	free(p);
	free(KEEP(valloc(7043)));
	free(KEEP(pvalloc(7057)));
	free(NULL);
	errno = 42;
	p = KEEP(malloc((size_t)1 << 47));
	if (p)
		exit(3);
	errno = 42;
	free(KEEP(malloc(7069)));
	if (errno != 42)
		exit(4);
	p = KEEP(malloc(7079));
	if (malloc_usable_size(p) < 7079)
		exit(5);
	KEEP(p); /* stays */
}

/* ---- pages at a free ----------------------------------------------------------- */

static void large_block(void)
{
	char *p = malloc(8 << 20);
	long page = sysconf(_SC_PAGESIZE);

	madvise((void *)((uintptr_t)(p + page) & -(uintptr_t)page), (8 << 20) - 2 * page,
		MADV_NOHUGEPAGE);
	for (int i = 0; i < 10; i++)
		p[(1 << 20) + i * page] = 1;
	KEEP(p);
	free(p);
}

/* ---- threads ------------------------------------------------------------------- */

static void *volatile *handed[THREADS];

static void *allocate(void *argument)
{
	unsigned t = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < ROUNDS; i++)
		free(KEEP(malloc(8001 + 2 * t)));
	for (unsigned i = 0; i < SHARED; i++)
		handed[t][i] = malloc(9001 + 2 * t);
	return NULL;
}

static void *release(void *argument)
{
	unsigned t = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < SHARED; i++)
		free(handed[t][i]);
	return NULL;
}

static void run_threads(void *(*body)(void *))
{
	pthread_t ids[THREADS];

	for (unsigned t = 0; t < THREADS; t++)
		if (pthread_create(&ids[t], NULL, body, (void *)(uintptr_t)t) != 0)
			exit(3);
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(ids[t], NULL);
}

/* Two pass objects to each other and free what they get, as fast as they can: where time
 * stamps would show their mistakes. */
static void *volatile box[2];

static void *swap(void *argument)
{
	unsigned me = (unsigned)(uintptr_t)argument & 1;

	for (unsigned i = 0; i < ROUNDS; i++) {
		free(__atomic_exchange_n(&box[me], malloc(9501 + 2 * me), __ATOMIC_ACQ_REL));
		free(__atomic_exchange_n(&box[1 - me], NULL, __ATOMIC_ACQ_REL));
	}
	return NULL;
}

static void swaps(void)
{
	run_threads(swap);
	free(box[0]);
	free(box[1]);
}

static void *linger(void *argument)
{
	free(KEEP(malloc(8501)));
	*(volatile int *)argument = 1;
	for (;;)
		pause();
	return NULL;
}

/* The program ends while another thread lives. */
static void thread_killed_by_exit(void)
{
	volatile int begun = 0;
	pthread_t id;

	if (pthread_create(&id, NULL, linger, (void *)(uintptr_t)&begun) != 0)
		exit(3);
	while (!begun)
		usleep(1000);
	exit(0);
}

/* ---- processes ----------------------------------------------------------------- */

static void forks(void)
{
	void *before = KEEP(malloc(6001));
	pid_t child = fork();
	int status;

	if (child == 0) {
		for (int i = 0; i < 50; i++)
			free(KEEP(malloc(6007)));
		free(before); /* the parent's object */
		exit(0);
	}
	for (int i = 0; i < 70; i++)
		free(KEEP(malloc(6011)));
	free(before);
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(3);
}

/* A child that the C library knows nothing of. */
static void clones(void)
{
	pid_t child;
	int status;

	free(KEEP(malloc(6101)));
	child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		for (int i = 0; i < 40; i++)
			free(KEEP(malloc(6113)));
		_exit(0);
	}
	for (int i = 0; i < 20; i++)
		free(KEEP(malloc(6121)));
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(3);
}

static void execs(char *self)
{
	for (int i = 0; i < 30; i++)
		free(KEEP(malloc(5003)));
	execl(self, self, "calls", (char *)NULL);
	exit(3);
}

static void crashes(void)
{
	for (int i = 0; i < 100; i++)
		KEEP(malloc(4001));
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void on_interrupt(int number)
{
	(void)number;
	_exit(21);
}

static void waits(const char *ready)
{
	FILE *mark;

	free(KEEP(malloc(3001)));
	signal(SIGINT, on_interrupt);
	mark = fopen(ready, "w");
	if (!mark || fclose(mark) != 0)
		exit(3);
	for (;;)
		pause();
}

static void many(void)
{
	for (unsigned i = 0; i < 300000; i++)
		free(KEEP(malloc(2001)));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	for (unsigned t = 0; t < THREADS; t++)
		handed[t] = mmap(NULL, SHARED * sizeof(void *), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (strcmp(what, "calls") == 0)
		every_call();
	else if (strcmp(what, "large") == 0)
		large_block();
	else if (strcmp(what, "threads") == 0) {
		run_threads(allocate);
		run_threads(release);
	} else if (strcmp(what, "swaps") == 0)
		swaps();
	else if (strcmp(what, "killed-thread") == 0)
		thread_killed_by_exit();
	else if (strcmp(what, "fork") == 0)
		forks();
	else if (strcmp(what, "clone") == 0)
		clones();
	else if (strcmp(what, "exec") == 0)
		execs(argv[0]);
	else if (strcmp(what, "crash") == 0)
		crashes();
	else if (strcmp(what, "wait") == 0 && argc > 2)
		waits(argv[2]);
	else if (strcmp(what, "many") == 0)
		many();
	else
		return 2;
	return argc > 2 ? atoi(argv[2]) : 0;
}
