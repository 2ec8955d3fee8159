/* The fast paths, inlined into every public name that uses them. */
#ifndef ASH_FRONT_FRONT_H
#define ASH_FRONT_FRONT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cache/thread.h"
#include "meta/size_class.h"
#include "meta/window.h"
#include "util/compiler.h"

/* The paths behind: first use, a magazine that is empty or full, large sizes, misuse. */
void *ash_malloc_slow(size_t size);
void *ash_malloc_slow_zeroed(size_t size);
void ash_free_slow(void *p);
/* The same of one in the window whose class is known, and its magazine full; 0 where the map
 * knows none. */
void ash_free_full(void *p, size_t class);
/* The same where the caller says its size. */
void ash_free_full_sized(void *p, size_t size, size_t class);

/* `slow` takes over, in a tail call, where the magazine is empty.  `copy` is a constant that
 * tells the copies in one function apart for the compiler, which would otherwise merge them
 * again.  ("ir": unoptimised it is no constant for the compiler.) */
ASH_INLINE void *ash_front_pop(size_t class, size_t size, void *(*slow)(size_t), int copy)
{
	void **top = ash_tls.top[class];
	void *p = *top;

	if (ASH_UNLIKELY(p == NULL))
		return slow(size);
	/* The item is read before top is lowered: after a fork by another thread in between,
	 * the item is lost to the child, never there twice. */
	ASH_COMPILER_FENCE();
	ash_tls.top[class] = top - 1;
	__asm__ __volatile__("# copy %1" : "+r"(p) : "ir"(copy));
	return p;
}

ASH_INLINE size_t ash_front_class_by_16(size_t size)
{
	return ash_tls.class_by_16[(size + ASH_SMALL_STEP - 1) / ASH_SMALL_STEP];
}

/* Sizes up to 1,024 bytes find their class in a short table, those above in a coarser one.  The
 * border lies there because few programs ask for sizes on both sides of it; where they do, the
 * branch is mispredicted half of the time.
 *
 * Size 0 leads to class 0, which never has a magazine; the slow path gives it class 1.  Each
 * branch has its own copy of the pop, for a jump to a common one would be one more instruction.
 */
ASH_INLINE void *ash_front_alloc(size_t size, void *(*slow)(size_t))
{
	if (ASH_LIKELY(size <= ASH_BY_16_MAX))
		return ash_front_pop(ash_front_class_by_16(size), size, slow, 0);
	if (ASH_LIKELY(size <= ASH_SMALL_MAX))
		return ash_front_pop(ash_class_by_64(size), size, slow, 1);
	return slow(size);
}

ASH_INLINE void *ash_front_malloc(size_t size)
{
	return ash_front_alloc(size, ash_malloc_slow);
}

/* Whether a sized free may go on with p: false where it is a large object and smaller than the
 * caller says, which was reported.  (The least of them has an OS page, and begins one.) */
bool ash_free_fits_large(void *p, size_t size);
ASH_INLINE bool ash_free_fits(void *p, size_t size)
{
	const size_t least = 4096;

	return ASH_LIKELY(size <= least || (uintptr_t)p % least != 0) ||
	       ash_free_fits_large(p, size);
}

/* `sized` is a constant: the size is of use where the magazine is full, as it is for all that
 * is large. */
ASH_INLINE void ash_front_push_by(size_t class, void *p, size_t size, bool sized)
{
	void **top = ash_tls.top[class];

#ifdef ASH_SAFETY_CHECKS
	if (ASH_UNLIKELY(top[0] == p || top[-1] == p)) {
		ash_free_slow(p);
		return;
	}
#endif
	if (ASH_UNLIKELY(ash_top_is_full(top))) {
#ifdef ASH_SAFETY_CHECKS
		if (sized)
			ash_free_full_sized(p, size, class);
		else
			ash_free_full(p, class);
#else
		(void)size;
		(void)sized;
		ash_free_slow(p); /* of a sized free the class is only what the caller says */
#endif
		return;
	}
	top[1] = p;
	ASH_COMPILER_FENCE(); /* the item before the top that covers it: see above */
	ash_tls.top[class] = top + 1;
}

ASH_INLINE void ash_front_push(size_t class, void *p)
{
	ash_front_push_by(class, p, 0, false);
}

/* Class 0 leads to the static magazine, which is full. */
ASH_INLINE void ash_front_free(void *p)
{
#ifdef ASH_SAFETY_CHECKS
	uintptr_t unit = ash_window_unit(p);

	if (ASH_LIKELY(unit < ash_window_limit))
		ash_front_push(ash_window_class(unit), p);
	else
		ash_free_slow(p);
#else
	uintptr_t distance = (uintptr_t)p - ash_window_base;

	if (ASH_LIKELY(distance < ash_window_length))
		ash_front_push(
			ash_load_relaxed(&ash_window_classes[distance >> ASH_GRANULE_SHIFT]),
			p);
	else
		ash_free_slow(p);
#endif
}

/* The forms of free: calls that are defined to end in another one by its public name, `basic`,
 * which the program may have replaced.  Where it has not, and p lies in the window, they serve
 * by themselves, at the price of ash_front_free; whatever else there is to it is done by
 * `basic`, a call in the place of a tail. */
#ifdef ASH_SAFETY_CHECKS
#define ASH_FRONT_FREE_FORM(p, basic)                               \
	do {                                                        \
		uintptr_t unit_ = ash_window_unit(p);               \
                                                                    \
		if (ASH_LIKELY(unit_ < ash_window_forms))           \
			ash_front_push(ash_window_class(unit_), p); \
		else                                                \
			basic;                                      \
	} while (0)
/* Those that are told the size look at it where the object is large. */
#define ASH_FRONT_FREE_SIZED_FORM(p, size, basic)                                  \
	do {                                                                       \
		uintptr_t unit_ = ash_window_unit(p);                              \
                                                                                   \
		if (ASH_LIKELY(unit_ < ash_window_forms))                          \
			ash_front_push_by(ash_window_class(unit_), p, size, true); \
		else if (ash_free_fits(p, size))                                   \
			basic;                                                     \
	} while (0)
#define ASH_FRONT_FREE_ALIGNED_FORM ASH_FRONT_FREE_SIZED_FORM
#else
#define ASH_FRONT_FREE_FORM(p, basic)                                                         \
	do {                                                                                  \
		uintptr_t distance_ = (uintptr_t)(p)-ash_window_base;                         \
                                                                                              \
		if (ASH_LIKELY(distance_ < ash_window_forms))                                 \
			ash_front_push(                                                       \
				ash_load_relaxed(                                             \
					&ash_window_classes[distance_ >> ASH_GRANULE_SHIFT]), \
				p);                                                           \
		else                                                                          \
			basic;                                                                \
	} while (0)
/* The class comes from the size, as malloc or calloc was asked for it, and the map is not read.
 * NULL goes into the magazine like any pointer, and the slow paths drop it (ash_drop_nulls). */
#define ASH_FRONT_FREE_SIZED_FORM(p, size, basic)                                          \
	do {                                                                               \
		if (ASH_LIKELY((size) < ash_window_forms_small))                           \
			ash_front_push(((size) + ASH_SMALL_STEP - 1) / ASH_SMALL_STEP, p); \
		else                                                                       \
			ASH_FRONT_FREE_FORM(p, basic);                                     \
	} while (0)
/* An alignment may have led to another class. */
#define ASH_FRONT_FREE_ALIGNED_FORM(p, size, basic) \
	do {                                        \
		(void)(size);                       \
		ASH_FRONT_FREE_FORM(p, basic);      \
	} while (0)
#endif

/* All that malloc_usable_size tells of is cleared. */
ASH_INLINE void *ash_front_clear(size_t class, size_t size, bool by_16)
{
	void **top = ash_tls.top[class];
	void *p = *top;

	if (ASH_UNLIKELY(p == NULL))
		return ash_malloc_slow_zeroed(size);
	ASH_COMPILER_FENCE();
	ash_tls.top[class] = top - 1;
	__asm__ __volatile__("# copy %1" : "+r"(p) : "ir"(by_16));
	return memset(p, 0, by_16 ? ash_tls.size_of[class] : ash_size_classes[class].size);
}

/* Small objects carry no memory of what they held: they are always cleared. */
ASH_INLINE void *ash_front_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (ASH_UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
		return ash_malloc_slow_zeroed(SIZE_MAX);
	if (ASH_LIKELY(bytes <= ASH_BY_16_MAX))
		return ash_front_clear(ash_front_class_by_16(bytes), bytes, true);
	if (ASH_LIKELY(bytes <= ASH_SMALL_MAX))
		return ash_front_clear(ash_class_by_64(bytes), bytes, false);
	return ash_malloc_slow_zeroed(bytes);
}

/* A run or mapping, after a search for memory where there is none; arguments as for
 * ash_large_alloc.  NULL with ENOMEM. */
void *ash_malloc_large(size_t size, size_t align, bool *zeroed);
/* An object of the class past the magazines. */
void *ash_malloc_single(unsigned class);
/* And free; or into an explicit cache: false where that does not take it. */
void ash_free_single(void *p);
bool ash_free_into(unsigned id, void *p);
/* The same for a large allocation that grew out of its place and may go on growing: not in the
 * place of one that the thread kept, between others.  Where it `creeps`, with room behind it.
 */
void *ash_malloc_growing(size_t size, bool creeps);
/* And free for what it was: it goes back to the pages, for whoever grows. */
void ash_free_grown(void *p);
/* Bytes that realloc has copied; approximate where several threads did. */
extern uint64_t ash_realloc_copied;
/* Calls of it with size 0. */
extern uint64_t ash_realloc_zeroed;

/* Another size for p, which is `object` and large, where it lies; false where that cannot be.
 */
struct ash_object;
bool ash_realloc_in_place(void *p, struct ash_object *object, size_t size);
/* The same for a smaller size, of an object of any kind, where there is no memory to move it
 * to: what it need not hold goes back as far as its kind allows.  Returns where it is; errno
 * stays. */
void *ash_realloc_keep_smaller(void *p, struct ash_object *object, size_t size);

/* The rest of the family; results and errors as ashlar.h states them. */
void *ash_realloc(void *p, size_t size);
void *ash_aligned(size_t align, size_t size); /* align a power of two, else EINVAL */
/* The same with align rounded up to a power of two; EINVAL where there is none. */
void *ash_aligned_upward(size_t align, size_t size);
int ash_aligned_posix(void **out, size_t align, size_t size);
/* For valloc and pvalloc: the OS page, and the size in whole pages, one at the least; 0 with
 * ENOMEM where there is no such or nothing can be served. */
size_t ash_aligned_page(void);
size_t ash_aligned_whole(size_t size);
size_t ash_usable_size(const void *p);

#endif
