/*
 * A heap of a GiB in steady use comes to lie in huge pages, for little CPU time, while a
 *thousand threads that wait cost what they cost without.
 *
 *	huge_heap [MIB]
 *
 * Not how long it takes, which is the machine's: that is told in a note.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <time.h>

#include "test/support/memory.h"
#include "test/stress/background.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

#define MIB ((size_t)1 << 20)
#define HUGE_PAGE (2 * MIB)
#define PROBES 16u
#define SIZE_LEAST 16u
#define SIZE_MOST 1415u
#define AT_ONCE 2000u  /* objects replaced every 5 ms */
#define WAIT_MOST 420u /* seconds until the share is reached */
#define SETTLE_MOST 180u
#define STEADY 60u
#define IDLE 1000u
#define FEW 20u
#define STACK ((size_t)64 << 10)

static size_t heap = 1024 * MIB;

static uint64_t next_random(void)
{
	static uint64_t state = 1;
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned char **objects;
static size_t count;

static void replace(size_t i)
{
	size_t size = SIZE_LEAST + next_random() % (SIZE_MOST - SIZE_LEAST + 1);

	m.free(objects[i]);
	objects[i] = m.malloc(size);
	NEED(objects[i], "malloc(%zu)", size);
	memset(objects[i], 1, size);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The steady load for a second. */
static void one_second(void)
{
	double end = now() + 1;

	while (now() < end) {
		for (unsigned k = 0; k < AT_ONCE; k++)
			replace(next_random() % count);
		usleep(5000);
	}
}

/* Of what is resident, in huge pages. */
static double huge_share(void)
{
	return (double)memory_field("/proc/self/smaps_rollup", "\nAnonHugePages:") /
	       (double)resident_bytes();
}

/* Seconds of CPU time that the kernel takes to make a huge page, the mean of several. */
static double collapse_cost(void)
{
	char *p = mmap(NULL, (PROBES + 1) * HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *aligned = (char *)(((uintptr_t)p + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	double start = cpu_seconds();

	NEED(p != MAP_FAILED, "no memory for a probe");
	for (unsigned i = 0; i < PROBES; i++) {
		aligned[i * HUGE_PAGE] = 1;
		if (madvise(aligned + i * HUGE_PAGE, HUGE_PAGE, MADV_COLLAPSE) != 0)
			tap_skip("this machine has no huge page to give, or the kernel knows "
				 "no MADV_COLLAPSE");
	}
	munmap(p, (PROBES + 1) * HUGE_PAGE);
	return (cpu_seconds() - start) / PROBES;
}

/* A hundredth of a CPU is what the library spends on them. */
static void skip_without_huge_pages(void)
{
	size_t least = heap + heap / 2;
	double cost, takes;

	if (memory_field("/proc/meminfo", "MemAvailable:") < least)
		tap_skip("less than one and a half times the heap is available");
	cost = collapse_cost();
	takes = (double)(heap / HUGE_PAGE) * cost * 100;
	tap_note("a huge page takes %.2f ms of CPU here, all of the heap %.0f s", cost * 1e3,
		 takes);
	if (takes > WAIT_MOST / 2)
		tap_skip("this host takes too long for a huge page");
}

static sem_t ready, leave;

static void *few_and_wait(void *unused)
{
	char *p[FEW];

	for (unsigned i = 0; i < FEW; i++) {
		p[i] = m.malloc(8 + i * 50);
		NEED(p[i], "no memory");
		memset(p[i], 1, 8 + i * 50);
	}
	sem_post(&ready);
	while (sem_wait(&leave) != 0)
		;
	for (unsigned i = 0; i < FEW; i++)
		m.free(p[i]);
	return unused;
}

static void idle_threads(void)
{
	static pthread_t threads[IDLE];
	char *stacks = mmap(NULL, IDLE * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before, after;
	pthread_attr_t attributes;

	NEED(stacks != MAP_FAILED, "no address space for stacks");
	madvise(stacks, IDLE * STACK, MADV_NOHUGEPAGE);
	sem_init(&ready, 0, 0);
	sem_init(&leave, 0, 0);
	pthread_attr_init(&attributes);
	before = resident_bytes();
	for (unsigned i = 0; i < IDLE; i++) {
		pthread_attr_setstack(&attributes, stacks + i * STACK, STACK);
		NEED(pthread_create(&threads[i], &attributes, few_and_wait, NULL) == 0,
		     "thread %u", i);
	}
	for (unsigned i = 0; i < IDLE; i++)
		while (sem_wait(&ready) != 0)
			;
	after = resident_bytes();
	tap_note("each of %u idle threads: %.1f KiB resident", IDLE,
		 ((double)after - (double)before) / 1024 / IDLE);
	CHECK(after <= before + IDLE * ((size_t)40 << 10), "%zu KiB per thread",
	      (after - before) / 1024 / IDLE);
	for (unsigned i = 0; i < IDLE; i++)
		sem_post(&leave);
	for (unsigned i = 0; i < IDLE; i++)
		pthread_join(threads[i], NULL);
}

static void huge_heap(void)
{
	unsigned waited = 0, settled = 0;
	double share = 0, before, cpu;

	skip_without_huge_pages();
	count = heap / ((SIZE_LEAST + SIZE_MOST) / 2);
	objects = memory_table(count * sizeof(*objects));
	for (size_t i = 0; i < count; i++)
		replace(i);
	for (; waited < WAIT_MOST && (share = huge_share()) < 0.8; waited++) {
		if (waited % 10 == 0)
			tap_note("%u s: %.1f %% of %zu MiB", waited, share * 100,
				 resident_bytes() / MIB);
		one_second();
	}
	tap_note("%.1f %% of what is resident in huge pages after %u s, %.2f s of CPU",
		 share * 100, waited, background_cpu());
	CHECK(share >= 0.8, "%.1f %% in %u s", share * 100, waited);
	/* Until no more is made of them. */
	for (before = 0; settled < SETTLE_MOST && share > before + 0.001; settled += 5) {
		before = share;
		for (unsigned i = 0; i < 5; i++)
			one_second();
		share = huge_share();
	}
	before = background_cpu();
	for (unsigned i = 0; i < STEADY; i++) {
		one_second();
		cpu = background_cpu() - before;
	}
	tap_note("%.1f %% of %zu MiB %u s later; in %u s from then %.2f s of CPU, %.1f %% at "
		 "their end",
		 share * 100, resident_bytes() / MIB, settled, STEADY, cpu, huge_share() * 100);
	CHECK(cpu <= STEADY * 0.01, "%.2f s of CPU in %u s", cpu, STEADY);
	CHECK(huge_share() >= 0.8, "%.1f %% in the end", huge_share() * 100);
	idle_threads();
}

int main(int argc, char **argv)
{
	if (argc > 1)
		heap = strtoul(argv[1], NULL, 10) * MIB;
	if (heap < 128 * MIB) {
		fprintf(stderr, "usage: huge_heap [MIB], 128 at least\n");
		return 2;
	}
	tap_watchdog = WAIT_MOST + SETTLE_MOST + STEADY + 120;
	tap_start();
	family_start();
	tap_case("a steady heap lies in huge pages, and idle threads do not", huge_heap);
	return tap_finish();
}
