/* What is freed never was a block, or not from there. */
#include "test/misuse/misuse.h"

/* A block's address with one high bit wrong: 1 GiB off. */
static void free_far_off(void)
{
	char *p = malloc(96);

	free(hidden(p + ((size_t)1 << 30)));
}

/* Memory behind the program's break, where other allocators have their blocks. */
static void free_foreign_heap(void)
{
	char *p = sbrk(65536);

	free(hidden(p + 4096));
}

/* Memory that the program mapped itself. */
static void free_foreign_mapping(void)
{
	void *p =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	free(hidden(p));
}

/* The address of a static variable. */
static void free_global(void)
{
	static _Alignas(16) char room[64];

	free(hidden(room));
}

/* A pointer 1 byte into a block. */
static void free_inside_by_1(void)
{
	char *p = malloc(96);

	free(hidden(p + 1));
}

/* A pointer 16 bytes into a block. */
static void free_inside_by_16(void)
{
	char *p = malloc(96);

	free(hidden(p + 16));
}

/* A pointer 8 bytes into a block. */
static void free_inside_by_8(void)
{
	char *p = malloc(96);

	free(hidden(p + 8));
}

/* A pointer 16 bytes into a block of a size that is in use: magazines look at alignment only.
 */
void free_inside_in_use(void)
{
	char *p;

	honest_use(96);
	p = malloc(96);
	for (unsigned i = 0; i < 5; i++) /* there is room in the magazine */
		(void)hidden(malloc(96));
	free(hidden(p + 16));
}

/* A pointer into the middle of a block of 300,000 bytes. */
static void free_inside_large(void)
{
	char *p = malloc(300000);

	free(hidden(p + 64 * 1024));
}

/* A pointer one page into a block of 5 MiB. */
static void free_inside_mapping(void)
{
	char *p = malloc(5 << 20);

	free(hidden(p + 4096));
}

/* The address of a string literal. */
static void free_literal(void)
{
	free(hidden((void *)(uintptr_t) "a literal"));
}

/* A small number that is no pointer at all. */
static void free_low_address(void)
{
	free(hidden((void *)(uintptr_t)4096));
}

/* A place behind the last block, which no call has returned yet. */
static void free_never_allocated(void)
{
	char *p = malloc(1500), *furthest = p;

	/* The highest of many is the newest part of the newest slab. */
	for (unsigned i = 0; i < 1000; i++) {
		char *q = malloc(1500);

		if (q > furthest)
			furthest = q;
	}
	free(hidden(furthest + 4 * malloc_usable_size(furthest)));
}

/* A place that a cache may hold: right behind the only block of its size. */
static void free_never_allocated_next(void)
{
	char *p = malloc(128);

	free(hidden(p + malloc_usable_size(p)));
}

/* A place near a block, where nothing ever lay: 16 KiB to 512 KiB behind the highest. */
static void free_never_allocated_near(void)
{
	char *p = malloc(16);

	free(hidden(p + 16384));
}

static void free_never_allocated_nearby(void)
{
	char *p = malloc(3000);

	free(hidden(p + (512 << 10)));
}

/* An address that no process can have. */
static void free_noncanonical(void)
{
	free(hidden((void *)(uintptr_t)0xdead000000000010u));
}

/* The address of a local variable. */
static void free_stack(void)
{
	_Alignas(16) char room[64];

	free(hidden(room));
}

/* An address where nothing is mapped. */
static void free_unmapped(void)
{
	void *p = mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, 1 << 16);
	free(hidden(p));
}

const struct misuse misuse_invalid_free[] = {
	{"free_far_off", free_far_off},
	{"free_foreign_heap", free_foreign_heap},
	{"free_foreign_mapping", free_foreign_mapping},
	{"free_global", free_global},
	{"free_inside_by_1", free_inside_by_1},
	{"free_inside_by_16", free_inside_by_16},
	{"free_inside_by_8", free_inside_by_8},
	{"free_inside_in_use", free_inside_in_use},
	{"free_inside_large", free_inside_large},
	{"free_inside_mapping", free_inside_mapping},
	{"free_literal", free_literal},
	{"free_low_address", free_low_address},
	{"free_never_allocated", free_never_allocated},
	{"free_never_allocated_near", free_never_allocated_near},
	{"free_never_allocated_nearby", free_never_allocated_nearby},
	{"free_never_allocated_next", free_never_allocated_next},
	{"free_noncanonical", free_noncanonical},
	{"free_stack", free_stack},
	{"free_unmapped", free_unmapped},
	{NULL, NULL},
};
