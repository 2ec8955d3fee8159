/*
 * Entry points of the allocator, each called again and again with its magazine at hand.
 *
 *	fastpath CALLS ENTRY SIZE [ENTRY SIZE]...
 *
 * fastpath.sh runs it under callgrind, which looks at what was counted at each call of mark().
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void free_sized(void *p, size_t size);
void *_Znwm(size_t size);
void _ZdlPv(void *p);
void _ZdlPvm(void *p, size_t size);
#pragma weak free_sized
#pragma weak _Znwm
#pragma weak _ZdlPv
#pragma weak _ZdlPvm

static void *use_malloc(size_t size)
{
	return malloc(size);
}

static void *use_calloc(size_t size)
{
	return calloc(1, size);
}

static void *use_new(size_t size)
{
	return _Znwm(size);
}

static void *use_aligned(size_t size)
{
	return aligned_alloc(64, size);
}

static void use_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static void use_free_sized(void *p, size_t size)
{
	free_sized(p, size);
}

static void use_delete(void *p, size_t size)
{
	(void)size;
	_ZdlPv(p);
}

static void use_delete_sized(void *p, size_t size)
{
	_ZdlPvm(p, size);
}

static const struct entry {
	const char *name;
	void *(*get)(size_t size);
	void (*put)(void *p, size_t size);
} entries[] = {
	{"malloc", use_malloc, use_free},
	{"free", use_malloc, use_free},
	{"calloc", use_calloc, use_free},
	{"free_sized", use_malloc, use_free_sized},
	{"aligned_alloc", use_aligned, use_free},
	{"operator new", use_new, use_delete},
	{"operator delete", use_new, use_delete},
	{"operator delete sized", use_new, use_delete_sized},
	{"realloc", use_malloc, use_free},
	{"malloc_usable_size", use_malloc, use_free},
};

size_t malloc_usable_size(void *p);

#define BEFORE 1000 /* calls that are not counted: first ones build up what later ones find */

__attribute__((noinline)) void mark(void);
void mark(void)
{
	__asm__ volatile("");
}

static void call(const struct entry *e, size_t size, void **held, long times)
{
	for (long i = 0; i < times; i++) {
		if (strcmp(e->name, "realloc") == 0) {
			held[1] = realloc(held[1], size - (size_t)(i & 1));
		} else if (strcmp(e->name, "malloc_usable_size") == 0) {
			if (malloc_usable_size(held[1]) < size)
				abort();
		} else {
			void *p = e->get(size);

			*(volatile char *)p = 1;
			e->put(p, size);
		}
	}
}

static int measure(const char *name, size_t size, long times)
{
	const struct entry *e = NULL;
	void *held[8];

	for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strcmp(name, entries[i].name) == 0)
			e = &entries[i];
	if (e == NULL)
		return 2;
	/* A partly filled magazine: neither end is met, and the slab is partly used. */
	for (unsigned i = 0; i < 8; i++)
		held[i] = e->get(size);
	for (unsigned i = 0; i < 8; i += 2)
		e->put(held[i], size);
	call(e, size, held, BEFORE);
	mark();
	call(e, size, held, times);
	mark();
	return 0;
}

int main(int argc, char **argv)
{
	int result = argc < 4 || argc % 2 ? 2 : 0;
	long times = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	for (int i = 2; i + 1 < argc && result == 0; i += 2)
		result = measure(argv[i], strtoul(argv[i + 1], NULL, 10), times);
	return result;
}
