/* The family under one way of naming: ASH_DEFINE_FAMILY(NAME) defines NAME(malloc),
 * NAME(free) and the rest, each with its fast path inlined.
 *
 * Those that are defined to end in another one (allocator/doc/names.md) call it by its name,
 * for it may be the program's own. */
#ifndef ASH_API_NAMES_H
#define ASH_API_NAMES_H

#include "front/extended.h"
#include "front/failure.h"
#include "front/front.h"
#include "front/misuse.h"

#define ASH_DEFINE_FAMILY(NAME)                                                       \
	ASH_EXPORT void *NAME(malloc)(size_t size)                                    \
	{                                                                             \
		return ash_front_malloc(size);                                        \
	}                                                                             \
	ASH_EXPORT void NAME(free)(void *p)                                           \
	{                                                                             \
		ash_front_free(p);                                                    \
	}                                                                             \
	ASH_EXPORT void *NAME(calloc)(size_t count, size_t size)                      \
	{                                                                             \
		return ash_front_calloc(count, size);                                 \
	}                                                                             \
	ASH_EXPORT void *NAME(realloc)(void *p, size_t size)                          \
	{                                                                             \
		return ash_realloc(p, size);                                          \
	}                                                                             \
	ASH_EXPORT void *NAME(aligned_alloc)(size_t align, size_t size)               \
	{                                                                             \
		return ash_aligned(align, size);                                      \
	}                                                                             \
	ASH_EXPORT void *NAME(memalign)(size_t align, size_t size)                    \
	{                                                                             \
		return ash_aligned_upward(align, size);                               \
	}                                                                             \
	ASH_EXPORT int NAME(posix_memalign)(void **out, size_t align, size_t size)    \
	{                                                                             \
		return ash_aligned_posix(out, align, size);                           \
	}                                                                             \
	ASH_EXPORT void *NAME(reallocarray)(void *p, size_t count, size_t size)       \
	{                                                                             \
		size_t bytes;                                                         \
                                                                                      \
		if (__builtin_mul_overflow(count, size, &bytes))                      \
			return ash_failure(SIZE_MAX);                                 \
		return NAME(realloc)(p, bytes);                                       \
	}                                                                             \
	ASH_EXPORT void NAME(free_sized)(void *p, size_t size)                        \
	{                                                                             \
		ash_misuse_check_size(p, 1, size);                                    \
		ASH_FRONT_FREE_SIZED_FORM(p, size, NAME(free)(p));                    \
	}                                                                             \
	ASH_EXPORT void NAME(free_aligned_sized)(void *p, size_t align, size_t size)  \
	{                                                                             \
		ash_misuse_check_size(p, align, size);                                \
		ASH_FRONT_FREE_ALIGNED_FORM(p, size, NAME(free)(p));                  \
	}                                                                             \
	ASH_EXPORT void *NAME(valloc)(size_t size)                                    \
	{                                                                             \
		size_t page = ash_aligned_page();                                     \
                                                                                      \
		return page != 0 ? NAME(memalign)(page, size) : NULL;                 \
	}                                                                             \
	ASH_EXPORT void *NAME(pvalloc)(size_t size)                                   \
	{                                                                             \
		size_t whole = ash_aligned_whole(size);                               \
                                                                                      \
		return whole != 0 ? NAME(memalign)(ash_aligned_page(), whole) : NULL; \
	}

/* And jemalloc's calls beside it. */
#define ASH_DEFINE_EXTENDED(NAME)                                                      \
	ASH_EXPORT void *NAME(mallocx)(size_t size, int flags)                         \
	{                                                                              \
		return ash_mallocx(size, flags);                                       \
	}                                                                              \
	ASH_EXPORT void *NAME(rallocx)(void *p, size_t size, int flags)                \
	{                                                                              \
		return ash_rallocx(p, size, flags);                                    \
	}                                                                              \
	ASH_EXPORT size_t NAME(xallocx)(void *p, size_t size, size_t extra, int flags) \
	{                                                                              \
		return ash_xallocx(p, size, extra, flags);                             \
	}                                                                              \
	ASH_EXPORT size_t NAME(sallocx)(const void *p, int flags)                      \
	{                                                                              \
		return ash_sallocx(p, flags);                                          \
	}                                                                              \
	ASH_EXPORT void NAME(dallocx)(void *p, int flags)                              \
	{                                                                              \
		ash_dallocx(p, flags);                                                 \
	}                                                                              \
	ASH_EXPORT void NAME(sdallocx)(void *p, size_t size, int flags)                \
	{                                                                              \
		ash_sdallocx(p, size, flags);                                          \
	}                                                                              \
	ASH_EXPORT size_t NAME(nallocx)(size_t size, int flags)                        \
	{                                                                              \
		return ash_nallocx(size, flags);                                       \
	}

#endif
