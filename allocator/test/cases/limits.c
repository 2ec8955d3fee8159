/* Limits on memory, and what a request costs that cannot be served. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "test/cases/cases.h"
#include "test/support/patience.h"

#define MIB ((size_t)1 << 20)

static unsigned roll(unsigned *dice)
{
	*dice = *dice * 1664525u + 1013904223u;
	return *dice >> 8;
}

static bool limit(int resource, size_t bytes)
{
	struct rlimit now;

	if (getrlimit(resource, &now) != 0)
		return false;
	now.rlim_cur = bytes;
	return setrlimit(resource, &now) == 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* --- fits SHAPE THREADS: 90 MiB in use, of which four fifths are freed; then 70 MiB in another
 * shape, by so many threads.  To be run with a hard limit of 128 MiB. --- */

enum shape { SMALL, RUNS, MAPPINGS, ALIGNED, GROWING };

static enum shape shape;
static size_t share;
static unsigned refused; /* atomic */

static size_t take_one(unsigned *dice)
{
	size_t n = shape == SMALL      ? 16 + roll(dice) % 20000
		   : shape == RUNS     ? 33000 + roll(dice) % 300000
		   : shape == MAPPINGS ? MIB + roll(dice) % (2 * MIB)
				       : (size_t)4096 * (1 + roll(dice) % 60);
	char *p = shape == ALIGNED ? memalign((size_t)4096 << roll(dice) % 4, n) : malloc(n);

	for (; shape == GROWING && p != NULL && n < MIB; n += n / 4) {
		char *q = realloc(p, n + n / 4);

		if (q == NULL)
			break;
		p = q;
	}
	if (p == NULL || (shape == GROWING && n < MIB))
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	else
		memset(p, 1, n);
	return n;
}

static void *take_share(void *argument)
{
	unsigned dice = (unsigned)(uintptr_t)argument;

	for (size_t taken = 0; taken < share;)
		taken += take_one(&dice);
	return NULL;
}

CASE(fits)
{
	enum { BLOCKS = 15000, SIZE = 6000 };
	static void *block[BLOCKS];
	static const char *const names[] = {"small", "runs", "mappings", "aligned", "growing"};
	long threads = case_number(count, arguments, 1, 1);
	pthread_t thread[64];

	for (unsigned i = 0; count > 0 && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(arguments[0], names[i]) == 0)
			shape = (enum shape)i;
	for (unsigned i = 0; i < BLOCKS; i++) {
		block[i] = malloc(SIZE);
		if (block[i] == NULL)
			return case_measured(false, "block %u is refused", i);
		memset(block[i], 1, SIZE);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		if (i * 7919 % 10 != 0)
			free(block[i]);
	share = 70 * MIB / (size_t)threads;
	for (long i = 0; i < threads && i < 64; i++)
		if (pthread_create(&thread[i], NULL, take_share, (void *)(i + 1)) != 0)
			return case_cannot("no thread");
	for (long i = 0; i < threads && i < 64; i++)
		pthread_join(thread[i], NULL);
	return case_measured(refused == 0, "%u requests refused of what fits", refused);
}

/* --- others KIND SIZE: 300 MiB in blocks come and go under a limit of 400; then the program
 * maps 250 MiB itself. --- */

CASE(others)
{
	enum { MOST = 400000 };
	static void *block[MOST];
	int resource = count > 0 && strcmp(arguments[0], "data") == 0 ? RLIMIT_DATA : RLIMIT_AS;
	size_t size = (size_t)case_number(count, arguments, 1, 1000), n = 300 * MIB / size;
	void *p = MAP_FAILED;
	unsigned tenths = 0;

	if (n > MOST)
		n = MOST;
	if (!limit(resource, 400 * MIB))
		return case_cannot("no limit can be set");
	for (size_t i = 0; i < n; i++) {
		block[i] = malloc(size);
		if (block[i] == NULL)
			return case_measured(false, "block %zu is refused", i);
		memset(block[i], 1, size);
	}
	for (size_t i = 0; i < n; i++)
		free(block[i]);
	for (; tenths < 100 && p == MAP_FAILED; tenths++) {
		p = mmap(NULL, 250 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
		for (unsigned i = 0; p == MAP_FAILED && i < 100; i++) {
			void *volatile q = malloc(20000);

			free(q);
			usleep(1000);
		}
	}
	return case_measured(p != MAP_FAILED, "250 of 400 MiB %s",
			     p == MAP_FAILED ? "cannot be mapped 10 s after all was freed"
			     : tenths > 50   ? "can be mapped after more than 5 s"
					     : "can be mapped within 5 s");
}

/* --- hopeless: requests that cannot be served, 50 of them, between uses of a cache of 24 MiB:
 * the pages that have to be touched anew. --- */

CASE(hopeless)
{
	enum { BLOCKS = 240, SIZE = 100000, ROUNDS = 50 };
	static void *block[BLOCKS];
	unsigned served = 0;
	long before = 0, pages;

	if (!limit(RLIMIT_AS, 4096 * MIB))
		return case_cannot("no limit can be set");
	for (unsigned round = 0; round < ROUNDS; round++) {
		void *volatile p;

		for (unsigned i = 0; i < BLOCKS; i++) {
			block[i] = malloc(SIZE);
			memset(block[i], 1, SIZE);
		}
		for (unsigned i = 0; i < BLOCKS; i++)
			free(block[i]);
		if (round == 0)
			before = faults();
		p = malloc(8192 * MIB);
		served += p != NULL;
		p = memalign(4096 * MIB, 100);
		served += p != NULL;
	}
	pages = (faults() - before) / ROUNDS;
	return case_measured(served == 0 && pages < 1000,
			     "%u of %u served; %ld pages of 5,900 touched anew each time",
			     served, 2 * ROUNDS, pages);
}

/* --- gaps N SIZE: N blocks of SIZE bytes, of which every other is freed; then 100 MiB of small
 * blocks, and mappings of the program's own that the kernel cannot join. --- */

CASE(gaps)
{
	enum { OWN = 2000 };
	size_t n = (size_t)case_number(count, arguments, 0, 140000), small = 0, own = 0;
	size_t size = (size_t)case_number(count, arguments, 1, 1200000), page = 4096;
	void **block = calloc(n, sizeof(*block));

	if (block == NULL)
		return case_cannot("no memory");
	for (size_t i = 0; i < n; i++) {
		block[i] = malloc(size);
		if (block[i] == NULL)
			return case_cannot("so much cannot be mapped here");
		*(char *)block[i] = 1;
	}
	for (size_t i = 0; i < n; i += 2)
		free(block[i]);
	for (; small < 100 * MIB / 200; small++) {
		void *p = malloc(200);

		if (p == NULL)
			break;
		memset(p, 1, 200);
	}
	for (; own < OWN; own++)
		if (mmap(NULL, page, own % 2 ? PROT_READ : PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			break;
	return case_measured(small == 100 * MIB / 200 && own == OWN,
			     "%zu of 100 MiB served, %zu of %d mappings made",
			     small * 200 / MIB, own, OWN);
}

/* --- what a call takes while others go on --- */

static size_t most_bytes;
static long swaps; /* atomic */

/* Keeps a hundred blocks, and swaps one after the other. */
static void *swap_on(void *number)
{
	unsigned dice = (unsigned)(size_t)number;
	void *block[100] = {NULL};

	for (;;) {
		unsigned i = roll(&dice) % 100;

		free(block[i]);
		block[i] = malloc(most_bytes / 4 + roll(&dice) % most_bytes);
		if (block[i] != NULL)
			*(volatile char *)block[i] = 1;
		__atomic_fetch_add(&swaps, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool start_swapping(long threads)
{
	pthread_t thread;

	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, swap_on, (void *)(size_t)(i + 1)) != 0)
			return false;
	while (__atomic_load_n(&swaps, __ATOMIC_RELAXED) < 20000)
		usleep(10000);
	return true;
}

/* Milliseconds of the middle one of five calls. */
static double middle_of(void (*call)(void))
{
	double took[5];

	for (unsigned i = 0; i < 5; i++) {
		double begin = now(), t;
		unsigned k = i;

		call();
		t = (now() - begin) * 1e3;
		for (; k > 0 && took[k - 1] > t; k--)
			took[k] = took[k - 1];
		took[k] = t;
	}
	return took[2];
}

static void fail(void)
{
	void *volatile p = malloc((size_t)8 << 30);

	if (p != NULL)
		_exit(case_measured(false, "8 GiB are served"));
}

static void trim(void)
{
	malloc_trim(0);
}

/* failing THREADS: malloc of 8 GiB under RLIMIT_AS of 4 GiB, while so many others go on. */
CASE(failing)
{
	most_bytes = 300000;
	if (!limit(RLIMIT_AS, 4096 * MIB) ||
	    !start_swapping(case_number(count, arguments, 0, 4)))
		return case_cannot("no limit, or no thread");
	_exit(case_measured(true, "%.3f ms for a malloc that fails", middle_of(fail)));
}

/* trimming THREADS BYTES: malloc_trim while so many others go on with blocks of that size. */
CASE(trimming)
{
	most_bytes = (size_t)case_number(count, arguments, 1, 300000);
	if (!start_swapping(case_number(count, arguments, 0, 4)))
		return case_cannot("no thread");
	_exit(case_measured(true, "%.1f ms for malloc_trim", middle_of(trim)));
}

static pthread_barrier_t all_have_freed;

static void *free_and_trim(void *number)
{
	unsigned dice = (unsigned)(size_t)number;
	void *block[500];

	for (unsigned r = 0; r < 20; r++) {
		for (unsigned i = 0; i < 500; i++) {
			block[i] = malloc(16 + roll(&dice) % 4000);
			if (block[i] != NULL)
				*(volatile char *)block[i] = 1;
		}
		for (unsigned i = 0; i < 500; i++)
			free(block[i]);
	}
	malloc_trim(0);
	pthread_barrier_wait(&all_have_freed);
	malloc_trim(0);
	return number;
}

/* trims THREADS: how often the CPU changes hands while so many threads trim at their ends.  A
 * trim that takes longer is waited for by more of them. */
CASE(trims)
{
	long threads = case_number(count, arguments, 0, 100),
	     most = threads * 20 * PATIENCE_BUILD;
	struct rusage before, after;
	static pthread_t thread[1000];
	long switches;

	if (threads > 1000)
		return case_cannot("too many threads");
	pthread_barrier_init(&all_have_freed, NULL, (unsigned)threads);
	getrusage(RUSAGE_SELF, &before);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, free_and_trim, (void *)(size_t)(i + 1)) !=
		    0)
			return case_cannot("no thread");
	for (long i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	getrusage(RUSAGE_SELF, &after);
	switches = after.ru_nvcsw - before.ru_nvcsw;
	return case_measured(switches <= most, "%ld switches of %ld threads", switches,
			     threads);
}
