/* Addresses that somebody else has taken, or that a machine does not have: requests must be
 * served while there is memory.
 *
 * CASE_RAM_MIB=N lets an allocator that asks sysinfo(2) believe that the machine has N MiB of
 * memory, and CASE_ADDRESS_BITS=N leaves nothing free of the addresses from 2^N on. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "test/cases/cases.h"
#include "test/support/addresses.h"

#define MIB ((size_t)1 << 20)
#define THREADS_MOST 16
#define STACK_ROOM (64 * MIB)

static long setting(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : atol(text);
}

/* Once, and before the allocator has chosen its place where it asks for the memory first. */
static void narrow_addresses(void)
{
	static bool done;
	long bits = setting("CASE_ADDRESS_BITS");
	uintptr_t stack = ((uintptr_t)&bits - STACK_ROOM) & ~(ADDRESSES_GRAIN - 1);

	if (!done && bits > 0)
		addresses_take((uintptr_t)1 << bits, stack);
	done = true;
}

int sysinfo(struct sysinfo *info)
{
	int result = (int)syscall(SYS_sysinfo, info);
	long mib = setting("CASE_RAM_MIB");

	narrow_addresses();
	if (result == 0 && mib > 0) {
		info->totalram = (unsigned long)mib << 20;
		info->mem_unit = 1;
	}
	return result;
}

struct object {
	struct object *next;
	size_t size;
	unsigned char bytes[];
};

struct load {
	pthread_t thread;
	size_t bytes; /* to ask for */
	size_t asked, served;
	bool wrong;
	struct object *list;
};

/* From 24 bytes to 1 MiB, most of them small. */
static size_t size_of(unsigned n)
{
	unsigned lg = n % 97 == 0 ? 14 + n / 97 % 7 : n % 7 == 0 ? 9 + n / 7 % 6 : 5 + n % 5;

	return ((size_t)1 << lg) - n % 8;
}

static struct object *ask(unsigned n, size_t size)
{
	void *p = NULL;

	switch (n % 5) {
	case 0:
		return calloc(1, size);
	case 1:
		p = malloc(size / 2);
		return p == NULL ? NULL : realloc(p, size);
	case 2:
		return posix_memalign(&p, (size_t)64 << n % 7, size) == 0 ? p : NULL;
	default:
		return malloc(size);
	}
}

static void *fill(void *argument)
{
	struct load *load = argument;

	for (unsigned n = 0; load->asked < load->bytes; n++) {
		size_t size = size_of(n);
		struct object *o = ask(n, size);

		load->asked += size;
		if (o == NULL)
			continue;
		load->served += size;
		o->size = size;
		o->bytes[0] = o->bytes[size - sizeof(*o) - 1] = (unsigned char)n;
		o->next = load->list;
		load->list = o;
	}
	return NULL;
}

static void drop(struct load *load)
{
	while (load->list != NULL) {
		struct object *o = load->list;

		if (o->bytes[0] != o->bytes[o->size - sizeof(*o) - 1])
			load->wrong = true;
		load->list = o->next;
		free(o);
	}
}

static struct load loads[THREADS_MOST];

/* Asks for `mib` MiB more by so many threads, one being this. */
static void fill_all(long threads, size_t mib)
{
	for (long i = 0; i < threads; i++) {
		loads[i].bytes += (mib << 20) / (size_t)threads;
		if (i > 0 && pthread_create(&loads[i].thread, NULL, fill, &loads[i]) != 0)
			exit(2);
	}
	fill(&loads[0]);
	for (long i = 1; i < threads; i++)
		pthread_join(loads[i].thread, NULL);
}

/* Frees it all, checked, by this thread. */
static int served(const char *when)
{
	size_t asked = 0, got = 0;
	bool wrong = false;

	for (int i = 0; i < THREADS_MOST; i++) {
		drop(&loads[i]);
		asked += loads[i].asked;
		got += loads[i].served;
		wrong |= loads[i].wrong;
	}
	return case_measured(asked == got && !wrong, "%zu of %zu MiB served%s%s", got >> 20,
			     asked >> 20, when, wrong ? ", and bytes changed" : "");
}

static long threads_of(int count, char **arguments, int at)
{
	long threads = case_number(count, arguments, at, 1);

	return threads < 1 ? 1 : threads > THREADS_MOST ? THREADS_MOST : threads;
}

/* taken GIB PIECES [WHEN [THREADS]]: so much at the kernel's choice; before the first malloc
 * (0), after it (1), half before and half after (2).  Then all is given back, and asked for
 * again. */
CASE(taken)
{
	size_t size = (size_t)case_number(count, arguments, 0, 512) << 30;
	size_t pieces = (size_t)case_number(count, arguments, 1, 1);
	long when = case_number(count, arguments, 2, 0);
	long threads = threads_of(count, arguments, 3);

	narrow_addresses();
	for (size_t i = 0; i < pieces; i++) {
		if ((when == 1 && i == 0) || (when == 2 && i == pieces / 2))
			fill_all(threads, 16);
		if (addresses_map(0, size / pieces & ~(size_t)4095) == NULL)
			return case_cannot("there are not so many addresses");
	}
	fill_all(threads, 100);
	addresses_give(3);
	fill_all(threads, 50);
	addresses_give(1);
	fill_all(threads, 50);
	return served("");
}

/* around GIB [THREADS]: what lies so far about the first block is taken; then a third of it is
 * given back, then all. */
CASE(around)
{
	uintptr_t reach = (uintptr_t)case_number(count, arguments, 0, 512) << 30;
	long threads = threads_of(count, arguments, 1);
	void *volatile p = malloc(100);

	narrow_addresses();
	addresses_take_around(p, reach);
	fill_all(threads, 150);
	for (int i = 0; i < THREADS_MOST; i++)
		drop(&loads[i]);
	fill_all(threads, 150);
	addresses_give(3);
	fill_all(threads, 50);
	addresses_give(1);
	fill_all(threads, 50);
	free(p);
	return served("");
}

/* striped PIECES: every other 2 MiB about the first block is taken. */
CASE(striped)
{
	long pieces = case_number(count, arguments, 0, 8000);
	void *volatile p = malloc(100);
	uintptr_t at = (uintptr_t)p & ~(ADDRESSES_GRAIN - 1);

	for (long i = 0; i < pieces; i++) {
		at += 2 * ADDRESSES_GRAIN;
		addresses_map(at, ADDRESSES_GRAIN);
	}
	fill_all(1, 200);
	free(p);
	return served("");
}

/* files TIB PIECES: a file mapped in pieces of so many TiB in all, as index readers do. */
CASE(files)
{
	size_t size = (size_t)case_number(count, arguments, 0, 16) << 40;
	size_t pieces = (size_t)case_number(count, arguments, 1, 16);
	int fd = memfd_create("case", MFD_CLOEXEC);

	size = size / pieces & ~(size_t)4095;
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		return case_cannot("no file of that size");
	fill_all(2, 16);
	for (size_t i = 0; i < pieces; i++)
		if (mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			return case_cannot("there are not so many addresses");
	fill_all(2, 100);
	return served("");
}

/* untouched KIB GIB [THREADS]: blocks that nobody writes to, then small ones; then half of them
 * go, and it is asked for more. */
CASE(untouched)
{
	size_t size = (size_t)case_number(count, arguments, 0, 512) << 10;
	size_t n = ((size_t)case_number(count, arguments, 1, 20) << 30) / size, got = 0;
	long threads = threads_of(count, arguments, 2);
	void **block = mmap(NULL, n * sizeof(*block), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (block == MAP_FAILED)
		return case_cannot("no room for the list");
	narrow_addresses();
	while (got < n && (block[got] = malloc(size)) != NULL)
		got++;
	if (got < n)
		return case_measured(false, "%zu of %zu GiB served", got * size >> 30,
				     n * size >> 30);
	fill_all(threads, 100);
	for (size_t i = n / 2; i < n; i++)
		free(block[i]);
	fill_all(threads, 100);
	return served(" behind them");
}
