/* A contender that is the C library's allocator with one planted flaw: the bench must
 * find it.  The file that includes this defines the two hooks. */
#ifndef HARNESS_TEST_PLANTED_H
#define HARNESS_TEST_PLANTED_H

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

void planted_begin(void); /* once, when the library is loaded */
void planted_call(void);  /* at each call of the allocation API */

/* The C library's own names for its functions: found without asking the dynamic
 * loader, which would allocate. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static size_t (*libc_usable_size)(void *);

__attribute__((constructor)) static void planted_load(void)
{
	/* Not the next one: a program may be linked to another allocator. */
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *symbol = libc ? dlsym(libc, "malloc_usable_size") : NULL;

	memcpy(&libc_usable_size, &symbol, sizeof(symbol));
	planted_begin();
}

EXPORT void *malloc(size_t size)
{
	planted_call();
	return __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	planted_call();
	return __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size)
{
	planted_call();
	return __libc_realloc(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	planted_call();
	return __libc_memalign(alignment, size);
}

/* All of the family: a program may be linked to another allocator, whose blocks must
 * not come here to be freed. */
EXPORT void *memalign(size_t alignment, size_t size)
{
	planted_call();
	return __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *p = memalign(alignment, size);

	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

EXPORT void *valloc(size_t size)
{
	return memalign(4096, size);
}

EXPORT void free(void *p)
{
	planted_call();
	__libc_free(p);
}

EXPORT size_t malloc_usable_size(void *p)
{
	return libc_usable_size ? libc_usable_size(p) : 0;
}

#endif
