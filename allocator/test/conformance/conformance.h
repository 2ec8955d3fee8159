/* What the programs conformance_*.c share: each is a part of what every function of the malloc
 * family answers to every kind of argument, one case per promise.  Where the standards
 * leave a choice, the case states ours. */
#ifndef ASH_TEST_CONFORMANCE_H
#define ASH_TEST_CONFORMANCE_H

#include "test/support/family.h"

#include <stddef.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static inline size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static inline bool aligned(const void *p, size_t align)
{
	return ((uintptr_t)p & (align - 1)) == 0;
}

static inline bool all_bytes(const unsigned char *p, size_t n, unsigned char value)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

/* Who runs all of this many times sets TEST_SPARSE: a sixth of the sizes. */
static inline bool sparse(void)
{
	static int known = -1;

	if (known < 0)
		known = getenv("TEST_SPARSE") != NULL;
	return known;
}

/* The next size of a sweep that is dense at first and then by steps of an eighth. */
static inline size_t next_size(size_t n)
{
	if (sparse())
		return n < 300 ? n + 5 : n + n / 2 + 3;
	return n < 300 ? n + 1 : n + n / 8 + 1;
}

/* Writes a pattern to all usable bytes; a neighbour's bytes would show elsewhere. */
static inline void fill_usable(void *p, unsigned char value)
{
	memset(p, value, m.usable(p));
}

static inline int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* A result that must be NULL with ENOMEM.  Anything returned is given back. */
static inline void expect_enomem(void *p, const char *call, size_t n)
{
	CHECK(p == NULL, "%s(%#zx) returned %p", call, n, p);
	CHECK(errno == ENOMEM, "%s(%#zx) left errno %d", call, n, errno);
	errno = MARK;
}

#endif
