/*
 * A program whose heap lies in the hugetlb pool, for hugetlb.sh.
 *
 *	pool_user fits|exceeds|none
 */
#include "test/support/family.h"

#include "test/support/memory.h"

#define MIB ((size_t)1 << 20)
#define HUGE (2 * MIB)
#define SIZE ((size_t)10000)

static size_t of_pool(void)
{
	return memory_field("/proc/self/status", "\nHugetlbPages:");
}

static unsigned char **objects;
static size_t count;

static void fill(size_t bytes)
{
	count = bytes / SIZE;
	objects = memory_table(count * sizeof(*objects));
	for (size_t i = 0; i < count; i++) {
		objects[i] = m.malloc(SIZE);
		NEED(objects[i], "malloc(%zu)", SIZE);
		memset(objects[i], (int)(i % 251 + 1), SIZE);
	}
}

static void drop(size_t i)
{
	for (size_t k = 0; k < SIZE; k++)
		if (objects[i][k] != i % 251 + 1) {
			tap_fail(TAP_HERE("content"), "byte %zu of object %zu", k, i);
			break;
		}
	m.free(objects[i]);
	objects[i] = NULL;
}

/* Slow paths, by which time goes on for the library. */
static void work(unsigned ms)
{
	for (unsigned t = 0; t < ms / 10; t++) {
		for (unsigned k = 0; k < 20; k++) {
			void *p = m.malloc(40000);

			NEED(p, "no memory");
			m.free(p);
		}
		usleep(10000);
	}
}

static void fits(void)
{
	size_t full, half, empty;
	unsigned waits = 0;

	fill(32 * MIB);
	full = of_pool();
	CHECK(full >= 32 * MIB && full % HUGE == 0, "%zu KiB of the pool", full / 1024);
	/* Every other object: no page is free. */
	for (size_t i = 0; i < count; i += 2)
		drop(i);
	work(2500);
	half = of_pool();
	CHECK(half + 3 * HUGE >= full, "%zu KiB of the pool", half / 1024);
	/* What was there before is never taken for zero. */
	for (size_t i = 0; i < count; i += 2) {
		unsigned char *p = m.calloc(1, SIZE);

		NEED(p, "no memory");
		for (size_t k = 0; k < SIZE; k++)
			NEED(p[k] == 0, "byte %zu of calloc", k);
		m.free(p);
	}
	for (size_t i = 1; i < count; i += 2)
		drop(i);
	do {
		work(1000);
		empty = of_pool();
	} while (empty > 4 * HUGE && ++waits < patience(60));
	tap_note("of the pool: %zu KiB, half freed %zu, all freed %zu", full / 1024,
		 half / 1024, empty / 1024);
	CHECK(empty <= 4 * HUGE, "%zu KiB of the pool are left", empty / 1024);
	for (size_t k = 0; k < 2; k++) { /* and again */
		fill(16 * MIB);
		CHECK(of_pool() >= 16 * MIB, "%zu KiB of the pool", of_pool() / 1024);
		for (size_t i = 0; i < count; i++)
			drop(i);
		m.trim(0);
		CHECK(of_pool() <= 2 * HUGE, "%zu KiB of the pool after a trim",
		      of_pool() / 1024);
	}
}

static void exceeds(void)
{
	size_t pool, resident;

	fill(96 * MIB);
	pool = of_pool();
	resident = resident_bytes(); /* the pool's pages are not counted there */
	tap_note("of the pool: %zu KiB, besides %zu resident", pool / 1024, resident / 1024);
	CHECK(pool >= 40 * MIB, "%zu KiB of the pool", pool / 1024);
	CHECK(pool + resident >= 96 * MIB, "%zu KiB resident", resident / 1024);
	for (size_t i = 0; i < count; i++)
		drop(i);
}

static void none(void)
{
	fill(32 * MIB);
	CHECK(of_pool() == 0, "%zu KiB of the pool", of_pool() / 1024);
	for (size_t i = 0; i < count; i++)
		drop(i);
}

int main(int argc, char **argv)
{
	tap_start();
	/* In this process: a child's heap would be copied into more pages of the pool. */
	family_start();
	if (argc == 2 && strcmp(argv[1], "fits") == 0)
		fits();
	else if (argc == 2 && strcmp(argv[1], "exceeds") == 0)
		exceeds();
	else if (argc == 2 && strcmp(argv[1], "none") == 0)
		none();
	else
		return 2;
	return tap_shared->failures != 0;
}
