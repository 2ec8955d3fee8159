/*
 * What the tests of mallctl share: names read as numbers, a new snapshot, and arenas
 * of the program's own.
 */
#ifndef ASH_TEST_CONTROL_H
#define ASH_TEST_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include <ashlar/ashlar.h>

#include "test/support/family.h"

#define MIB ((size_t)1 << 20)

static inline int ctl(const char *name, void *oldp, size_t *oldlenp, void *newp, size_t newlen)
{
	return FAMILY(mallctl)(name, oldp, oldlenp, newp, newlen);
}

static inline size_t size_of(const char *name)
{
	size_t value = 0, length = sizeof(value);
	int error = ctl(name, &value, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(value), "%s: error %d, length %zu", name, error,
	      length);
	return value;
}

static inline unsigned unsigned_of(const char *name)
{
	unsigned value = 0;
	size_t length = sizeof(value);
	int error = ctl(name, &value, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(value), "%s: error %d, length %zu", name, error,
	      length);
	return value;
}

static inline void refresh(void)
{
	uint64_t epoch = 1;

	CHECK(ctl("epoch", NULL, NULL, &epoch, sizeof(epoch)) == 0, "epoch is not written");
}

static inline uint64_t *counter(const char *name)
{
	uint64_t *at = NULL;
	size_t length = sizeof(at);

	CHECK(ctl(name, &at, &length, NULL, 0) == 0 && at != NULL, "%s", name);
	return at;
}

/* --- arenas of the program's own --- */

static inline unsigned created(extent_hooks_t *hooks)
{
	unsigned arena = 0;
	size_t length = sizeof(arena);
	int error = ctl("arenas.create", &arena, &length, hooks != NULL ? (void *)&hooks : NULL,
			hooks != NULL ? sizeof(hooks) : 0);

	NEED(error == 0 && length == sizeof(arena), "arenas.create: error %d", error);
	return arena;
}

/* A name with a number in it; the error. */
static inline int of_arena(const char *format, unsigned arena, void *oldp, size_t *oldlenp,
			   void *newp, size_t newlen)
{
	char name[64];

	snprintf(name, sizeof(name), format, arena);
	return ctl(name, oldp, oldlenp, newp, newlen);
}

static inline int act(const char *format, unsigned arena)
{
	return of_arena(format, arena, NULL, NULL, NULL, 0);
}

static inline size_t size_in(const char *format, unsigned arena)
{
	char name[80];

	snprintf(name, sizeof(name), format, arena);
	return size_of(name);
}

static inline size_t size_at(const char *format, unsigned arena, unsigned i)
{
	char name[100];

	snprintf(name, sizeof(name), format, arena, i);
	return size_of(name);
}

static inline void *in_arena(unsigned a, size_t size)
{
	void *p = FAMILY(mallocx)(size, MALLOCX_ARENA(a) | MALLOCX_TCACHE_NONE);

	NEED(p != NULL, "%zu bytes in arena %u", size, a);
	return p;
}

#endif
