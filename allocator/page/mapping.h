/* Large allocations above 1 MiB: mappings of their own, outside the window. */
#ifndef ASH_PAGE_MAPPING_H
#define ASH_PAGE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

struct ash_far;

/* At least `size` bytes, zeroed, at a multiple of `align` (a power of two).  NULL with
 * ENOMEM.  Call without a lock. */
void *ash_mapping_alloc(size_t size, size_t align);

/* Ends the mapping of an entry taken from the far table. */
void ash_mapping_free(const struct ash_far *entry);

/* Another size for an allocation that the caller detached from the far table, moved where
 * need be; it is attached again on return.  NULL where it could not be done: the allocation
 * is then as it was. */
void *ash_mapping_resize(const struct ash_far *entry, size_t size);

#endif
