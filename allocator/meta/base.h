/* Memory for the allocator's own metadata: never given back, apart from the heap. */
#ifndef ASH_META_BASE_H
#define ASH_META_BASE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory of `size` bytes at a multiple of `align` (a power of two, at most 4096).
 * NULL where the kernel has none.  Any thread; takes a lock and may map memory. */
void *ash_base_alloc(size_t size, size_t align);

/* The same for one of these, which are counted apart. */
enum ash_base_use {
	ASH_BASE_DESCRIPTORS, /* of hugeblocks and extents */
	ASH_BASE_MAPS,        /* from an address to one */
	ASH_BASE_USES
};
void *ash_base_alloc_for(enum ash_base_use use, size_t size, size_t align);
size_t ash_base_used_for(enum ash_base_use use); /* bytes */

/* Bytes taken from the kernel for metadata so far, touched or not; and those of them that were
 * handed out. */
size_t ash_base_mapped(void);
size_t ash_base_used(void);

/* Tests make allocations fail: called first, outside the lock; true = there is no memory.  NULL
 * in production. */
extern bool (*ash_base_fault_hook)(size_t size);

/* The equations of its state (base.c); caller holds its lock. */
bool ash_base_is_valid(void);

struct ash_mutex;
struct ash_mutex *ash_base_mutex(void); /* for fork */

#endif
