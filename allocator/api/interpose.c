/* The plain names: the one file that replaces libc's malloc.  Not in sanitizer builds. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/behind.h"
#include "api/compat.h"
#include "api/control.h"
#include "front/boot.h"
#include "front/front.h"
#include "front/next.h"
#include "api/forms.h"
#include "api/names.h"

void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);
void cfree(void *p);
void *mallocx(size_t size, int flags);
void *rallocx(void *p, size_t size, int flags);
size_t xallocx(void *p, size_t size, size_t extra, int flags);
size_t sallocx(const void *p, int flags);
void dallocx(void *p, int flags);
void sdallocx(void *p, size_t size, int flags);
size_t nallocx(size_t size, int flags);

/* What is beside the family goes where the family goes: to the next one's of that name, where
 * there is one. */
#define OR_NEXT(name, otherwise, ...)                                                     \
	do {                                                                              \
		if (ASH_UNLIKELY(ash_boot_is_away())) {                                   \
			__typeof__(&(name)) next_ =                                       \
				(__typeof__(&(name)))(uintptr_t)ash_next_function(#name); \
                                                                                          \
			if (next_ != NULL)                                                \
				return next_(__VA_ARGS__);                                \
			return otherwise;                                                 \
		}                                                                         \
	} while (0)

#define PLAIN(name) name
ASH_DEFINE_FAMILY(PLAIN)
ASH_DEFINE_EXTENDED(PLAIN)

/* jemalloc's names; the variables are the program's to define or to set. */
int mallctl(const char *name, void *oldp, size_t *oldlenp, void *newp, size_t newlen);
int mallctlnametomib(const char *name, size_t *mibp, size_t *miblenp);
int mallctlbymib(const size_t *mib, size_t miblen, void *oldp, size_t *oldlenp, void *newp,
		 size_t newlen);
void malloc_stats_print(void (*write)(void *, const char *), void *opaque, const char *letters);
extern const char *malloc_conf, *malloc_conf_2_conf_harder, *_rjem_malloc_conf;
extern void (*malloc_message)(void *opaque, const char *text);
ASH_EXPORT __attribute__((weak)) const char *malloc_conf;
ASH_EXPORT __attribute__((weak)) const char *_rjem_malloc_conf; /* Rust's, as below */
ASH_EXPORT __attribute__((weak)) const char *malloc_conf_2_conf_harder;
ASH_EXPORT __attribute__((weak)) void (*malloc_message)(void *opaque, const char *text);
ASH_DEFINE_CONTROL(PLAIN, OR_NEXT)

ASH_OWN(ash_own_malloc, malloc);
ASH_OWN(ash_own_free, free);
ASH_OWN(ash_own_aligned_alloc, aligned_alloc);

#define COMPARE(name, form) \
	ash_forms_compare(#name, (const void *)(name), (const void *)ash_own_##name, form)

__attribute__((constructor(102))) void ash_interpose_compare(void)
{
	ash_forms_found(ASH_FORM_MALLOC | ASH_FORM_FREE | ASH_FORM_ALIGNED,
			COMPARE(malloc, ASH_FORM_MALLOC) | COMPARE(free, ASH_FORM_FREE) |
				COMPARE(aligned_alloc, ASH_FORM_ALIGNED));
}

ASH_EXPORT size_t malloc_usable_size(void *p)
{
	return ash_usable_size(p);
}

ASH_EXPORT void cfree(void *p)
{
	free(p);
}

ASH_EXPORT int malloc_trim(size_t pad)
{
	OR_NEXT(malloc_trim, 0, pad);
	return ash_compat_malloc_trim(pad);
}

ASH_EXPORT struct mallinfo2 mallinfo2(void)
{
	OR_NEXT(mallinfo2, ((struct mallinfo2){0}), );
	return ash_compat_mallinfo2();
}

/* Deprecated by glibc, not by its users. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
ASH_EXPORT struct mallinfo mallinfo(void)
{
	OR_NEXT(mallinfo, ((struct mallinfo){0}), );
	return ash_compat_mallinfo();
}
#pragma GCC diagnostic pop

ASH_EXPORT int malloc_info(int options, FILE *out)
{
	OR_NEXT(malloc_info, -1, options, out);
	return ash_compat_malloc_info(options, out);
}

ASH_EXPORT void malloc_stats(void)
{
	OR_NEXT(malloc_stats, , );
	ash_compat_malloc_stats();
}

ASH_EXPORT int mallopt(int parameter, int value)
{
	OR_NEXT(mallopt, 0, parameter, value);
	return ash_compat_mallopt(parameter, value);
}

/* glibc's second set of names, which some programs and its own older parts call.  They are the
 * same functions: a program's own malloc may call __libc_malloc, and whoever replaces functions
 * by their address (valgrind) gets both. */
ASH_ALSO(__libc_malloc, malloc) ASH_EXPORT;
ASH_ALSO(__libc_free, free) ASH_EXPORT;
ASH_ALSO(__libc_calloc, calloc) ASH_EXPORT;
ASH_ALSO(__libc_realloc, realloc) ASH_EXPORT;
ASH_ALSO(__libc_memalign, memalign) ASH_EXPORT;
ASH_ALSO(__libc_valloc, valloc) ASH_EXPORT;
ASH_ALSO(__libc_pvalloc, pvalloc) ASH_EXPORT;

/* And the names by which Rust's tikv-jemalloc-sys links to a jemalloc, a prebuilt one, too
 * (JEMALLOC_OVERRIDE), unless it is told to take the plain ones.  Weak: the program may have a
 * jemalloc of that name linked in. */
#define ALSO_RUSTS(name) ASH_ALSO(_rjem_##name, name) ASH_EXPORT __attribute__((weak))
ALSO_RUSTS(malloc);
ALSO_RUSTS(calloc);
ALSO_RUSTS(realloc);
ALSO_RUSTS(free);
ALSO_RUSTS(posix_memalign);
ALSO_RUSTS(aligned_alloc);
ALSO_RUSTS(memalign);
ALSO_RUSTS(valloc);
ALSO_RUSTS(malloc_usable_size);
ALSO_RUSTS(mallocx);
ALSO_RUSTS(rallocx);
ALSO_RUSTS(xallocx);
ALSO_RUSTS(sallocx);
ALSO_RUSTS(dallocx);
ALSO_RUSTS(sdallocx);
ALSO_RUSTS(nallocx);
ALSO_RUSTS(mallctl);
ALSO_RUSTS(mallctlnametomib);
ALSO_RUSTS(mallctlbymib);
ALSO_RUSTS(malloc_stats_print);

#ifdef PIC /* a static program has one of these, and registers ours before main */
/* What pthread_atfork is in the end.  Of all handlers that prepare a fork the first registered
 * runs last.  That has to be ours: who comes after it may wait for a lock whose owner waits
 * for memory.  So before the first of the others is registered we are. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *library);
ASH_OWN(ash_own_register_atfork, __register_atfork);

ASH_EXPORT __attribute__((weak)) int __register_atfork(void (*prepare)(void),
						       void (*parent)(void),
						       void (*child)(void), void *library)
{
	int (*real)(void (*)(void), void (*)(void), void (*)(void), void *);

	ash_boot();
	*(const void **)&real =
		ash_behind_find("__register_atfork", (const void *)ash_own_register_atfork);
	return real != NULL ? real(prepare, parent, child, library) : ENOMEM;
}
#endif
