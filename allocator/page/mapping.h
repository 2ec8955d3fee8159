/* Large allocations above 1 MiB: mappings of their own, outside the window.  Freed ones wait in
 * a small cache (mapping_cache.h); the unused ends of others give their memory back
 * (mapping_tail.h). */
#ifndef ASH_PAGE_MAPPING_H
#define ASH_PAGE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

struct ash_far;

/* At least `size` bytes at a multiple of `align` (a power of two).  With `zeroed` the memory
 * reads as zero, else it may hold anything.  NULL with ENOMEM.  Call without a lock. */
void *ash_mapping_alloc(struct ash_heap *heap, size_t size, size_t align, bool zeroed);

/* Takes the mapping of an entry that was removed from the far table. */
void ash_mapping_free(struct ash_heap *heap, const struct ash_far *entry);

/* Another size for an allocation that the caller detached from the far table, moved where
 * need be; it is attached again on return.  NULL where it could not be done: the allocation
 * is then as it was. */
void *ash_mapping_resize(struct ash_heap *heap, const struct ash_far *entry, size_t size);
/* The same without moving it. */
bool ash_mapping_resize_in_place(struct ash_heap *heap, const struct ash_far *entry,
				 size_t size);

/* For heap->mappings.cache_ns: freed mappings wait until something else takes them. */
#define ASH_MAPPING_CACHE_FOR_GOOD ((uint64_t)INT64_MAX)

/* Unmaps what lay in the cache for a second and purges the unused ends of mappings; now_ns =
 * UINT64_MAX does so at once.  Stops after about `most_ns` of CPU time (UINT64_MAX = never).
 * Returns whether something is left.  Call without a lock. */
bool ash_mapping_trim(struct ash_heap *heap, uint64_t now_ns, uint64_t most_ns);

#endif
