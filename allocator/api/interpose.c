/* The plain names: the one file that replaces libc's malloc.  Not in sanitizer builds. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "api/compat.h"
#include "front/front.h"
#include "api/names.h"

void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);
void cfree(void *p);

#define PLAIN(name) name
ASH_DEFINE_FAMILY(PLAIN)

ASH_EXPORT size_t malloc_usable_size(void *p)
{
	return ash_usable_size(p);
}

ASH_EXPORT void cfree(void *p)
{
	ash_front_free(p);
}

ASH_EXPORT int malloc_trim(size_t pad)
{
	return ash_compat_malloc_trim(pad);
}

ASH_EXPORT struct mallinfo2 mallinfo2(void)
{
	return ash_compat_mallinfo2();
}

/* Deprecated by glibc, not by its users. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
ASH_EXPORT struct mallinfo mallinfo(void)
{
	return ash_compat_mallinfo();
}
#pragma GCC diagnostic pop

ASH_EXPORT int malloc_info(int options, FILE *out)
{
	return ash_compat_malloc_info(options, out);
}

ASH_EXPORT void malloc_stats(void)
{
	ash_compat_malloc_stats();
}

ASH_EXPORT int mallopt(int parameter, int value)
{
	return ash_compat_mallopt(parameter, value);
}

/* glibc's second set of names, which some programs and its own older parts call. */
void *__libc_malloc(size_t size);
void __libc_free(void *p);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);

ASH_EXPORT void *__libc_malloc(size_t size)
{
	return ash_front_malloc(size);
}

ASH_EXPORT void __libc_free(void *p)
{
	ash_front_free(p);
}

ASH_EXPORT void *__libc_calloc(size_t count, size_t size)
{
	return ash_front_calloc(count, size);
}

ASH_EXPORT void *__libc_realloc(void *p, size_t size)
{
	return ash_realloc(p, size);
}

ASH_EXPORT void *__libc_memalign(size_t align, size_t size)
{
	return ash_aligned_upward(align, size);
}

ASH_EXPORT void *__libc_valloc(size_t size)
{
	return ash_aligned_page(size);
}

ASH_EXPORT void *__libc_pvalloc(size_t size)
{
	return ash_aligned_pages(size);
}
