/* How long single calls delay the program that makes them. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "test/cases/cases.h"

#define MIB ((size_t)1 << 20)
#define SHORT_NS 5000 /* a call that takes no longer gives nothing back */
#define CALLS 1000000

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

/* CPU time of this thread: what others have of the machine does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sizes are spread evenly over the doublings; returns how many there are, 0 where memory is
 * short. */
static size_t fill(void **p, size_t bytes, double least, double most, uint64_t *seed)
{
	size_t n = 0;

	for (size_t sum = 0; sum < bytes; n++) {
		double unit = (double)(next_random(seed) >> 11) / 9007199254740992.0;
		size_t size = (size_t)(least * pow(most / least, unit));

		p[n] = malloc(size);
		if (p[n] == NULL)
			return 0;
		memset(p[n], 1, size);
		sum += size;
	}
	return n;
}

/* [MIB PERCENT LEAST MOST US]: so much of a heap is freed in a random order.  Of the calls of
 * free that take longer than 5 us, 99.9 % take US at most, of the thread's CPU time. */
CASE(freed_in_short_calls)
{
	size_t bytes = (size_t)case_number(count, arguments, 0, 300) * MIB, kept, n, calls = 0;
	size_t percent = (size_t)case_number(count, arguments, 1, 100);
	long least = case_number(count, arguments, 2, 64),
	     most = case_number(count, arguments, 3, 64);
	uint32_t *took = map(CALLS * sizeof(*took));
	void **p = map((bytes / (size_t)least + 1) * sizeof(*p));
	uint64_t seed = 7;
	double us[3] = {0};

	n = took != NULL && p != NULL ? fill(p, bytes, (double)least, (double)most, &seed) : 0;
	if (n == 0)
		return case_cannot("memory is short");
	for (size_t i = n; i-- > 1;) {
		size_t j = next_random(&seed) % (i + 1);
		void *other = p[i];

		p[i] = p[j];
		p[j] = other;
	}
	kept = n - n * percent / 100;
	for (size_t i = kept; i < n; i++) {
		uint64_t before = cpu_ns(), ns;

		free(p[i]);
		ns = cpu_ns() - before;
		if (ns > SHORT_NS && calls < CALLS)
			took[calls++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
	}
	qsort(took, calls, sizeof(*took), by_size);
	for (unsigned i = 0; i < 3 && calls > 0; i++) {
		static const double part[] = {0.5, 0.999, 1};

		us[i] = took[(size_t)((double)(calls - 1) * part[i])] / 1000.0;
	}
	return case_measured(us[1] <= (double)case_number(count, arguments, 4, 500),
			     "of %zu calls half took up to %.0f us, 99.9 %% %.0f, the longest "
			     "%.0f",
			     calls, us[0], us[1], us[2]);
}
