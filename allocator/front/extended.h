/* jemalloc's calls beside malloc, with what they are told in flags; results and errors as
 * ashlar.h states them. */
#ifndef ASH_FRONT_EXTENDED_H
#define ASH_FRONT_EXTENDED_H

#include <stddef.h>

/* The flags' bits: the binary logarithm of the alignment, ZERO, the cache's number + 2 (1 =
 * none, 0 = the thread's own), the arena's + 1 (0 = the thread's). */
#define ASH_FLAG_LG_ALIGN 0x3f
#define ASH_FLAG_ZERO 0x40
#define ASH_FLAG_TCACHE_SHIFT 8
#define ASH_FLAG_TCACHE_MASK 0xfffu
#define ASH_FLAG_ARENA_SHIFT 20

void *ash_mallocx(size_t size, int flags);
/* The same in an arena of any number, which overrides that in flags. */
void *ash_mallocx_arena(size_t size, unsigned arena, int flags);
void *ash_rallocx(void *p, size_t size, int flags);
size_t ash_xallocx(void *p, size_t size, size_t extra, int flags);
size_t ash_sallocx(const void *p, int flags);
void ash_dallocx(void *p, int flags);
void ash_sdallocx(void *p, size_t size, int flags);
size_t ash_nallocx(size_t size, int flags);

/* The number of the arena that a live allocation lies in, the heap's is 0; EINVAL where p is in
 * none. */
int ash_extended_lookup(const void *p, unsigned *index);

#endif
