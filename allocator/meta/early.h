/* Memory for who allocates while the allocator is being brought up: a function of libc that
 * boot calls may be another library's, or the program's, and theirs allocate.
 *
 * A small heap of static memory, and mappings where that does not do.  Nothing here is locked:
 * one thread at a time brings the allocator up, and it alone allocates; every thread may ask
 * for a block and free it ever after. */
#ifndef ASH_META_EARLY_H
#define ASH_META_EARLY_H

#include <stdbool.h>
#include <stddef.h>

/* A block of `size` bytes at a multiple of `align` (a power of two); NULL with ENOMEM.  Its
 * content is undefined. */
void *ash_early_alloc(size_t size, size_t align);

enum ash_early { ASH_EARLY_NONE, ASH_EARLY_OUT, ASH_EARLY_FREED };
/* What p is to this heap: not a block of it, or one that is out or was freed; *usable then is
 * its length in bytes. */
enum ash_early ash_early_look(const void *p, size_t *usable);

/* Frees a block; false where it is none or was freed before.  `again`: its memory may be used
 * again, which only the thread that allocates may say.  After boot it stays as it is. */
bool ash_early_free(void *p, bool again);

#endif
