/* Another's malloc: that of the next library behind this one, which serves a program that is to
 * have none of ours (conf's `off`, front/boot.h).
 *
 * Nothing was handed out before that is known, but for blocks of the early heap (meta/early.h),
 * which these functions recognise.  They are reached by the slow paths alone: where boot ends
 * so, every magazine is empty and full for ever, and no pointer is near. */
#ifndef ASH_FRONT_NEXT_H
#define ASH_FRONT_NEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Finds it.  False, after a message, where there is none that has all that is needed: in a
 * static program, where it lies in front of us, or where the loader would have to ask which
 * function it is.  Once, before the others. */
bool ash_next_find(void);

/* Its malloc; with `align`, a power of two, its aligned_alloc.  0 = as malloc aligns. */
void *ash_next_alloc(size_t size, size_t align);
void *ash_next_alloc_zeroed(size_t size);
void *ash_next_realloc(void *p, size_t size);
/* jemalloc's calls: its own where it has them, for `flags` may name what only it knows, else by
 * the others.  `align` and `clear` say what the flags do, align as above. */
void *ash_next_mallocx(size_t size, int flags, size_t align, bool clear);
void *ash_next_rallocx(void *p, size_t size, int flags, size_t align, bool clear);
size_t ash_next_xallocx(void *p, size_t size, size_t extra, int flags);
size_t ash_next_nallocx(size_t size, int flags);
void ash_next_free(void *p);
size_t ash_next_usable(const void *p);

/* The next definition of a function of any name; NULL where there is none. */
const void *ash_next_function(const char *name);

#endif
