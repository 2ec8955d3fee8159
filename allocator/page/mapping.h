/* Large allocations above 1 MiB: mappings of their own, outside the window.
 *
 * Mappings that are freed wait a second in a small cache, so that programs that make and drop
 * large buffers do not go to the kernel each time; the cache holds at most a quarter of what is
 * mapped, or 32 MiB, and the ticks empty it. */
#ifndef ASH_PAGE_MAPPING_H
#define ASH_PAGE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_far;

/* At least `size` bytes at a multiple of `align` (a power of two).  With `zeroed` the memory
 * reads as zero, else it may hold anything.  NULL with ENOMEM.  Call without a lock. */
void *ash_mapping_alloc(size_t size, size_t align, bool zeroed);

/* Takes the mapping of an entry that was removed from the far table. */
void ash_mapping_free(const struct ash_far *entry);

/* Another size for an allocation that the caller detached from the far table, moved where
 * need be; it is attached again on return.  NULL where it could not be done: the allocation
 * is then as it was. */
void *ash_mapping_resize(const struct ash_far *entry, size_t size);

/* How long freed mappings wait, and up to how many bytes where few are in use; set at boot. */
#define ASH_MAPPING_KEEP ((uint64_t)INT64_MAX) /* until something else takes them */
extern uint64_t ash_mapping_keep_ns;
extern size_t ash_mapping_keep_least;

/* Unmaps what lay in the cache for a second and purges the unused ends of mappings; now_ns =
 * UINT64_MAX does so at once.  Stops after about `most_ns` of CPU time (UINT64_MAX = never).
 * Returns whether something is left.  Call without a lock. */
bool ash_mapping_trim(uint64_t now_ns, uint64_t most_ns);
/* The same for the cache alone and up to `bytes`, those cached longest first; returns what is
 * in the cache now. */
size_t ash_mapping_trim_some(uint64_t now_ns, size_t bytes, uint64_t most_ns);

/* Bytes in the cache. */
size_t ash_mapping_cached(void);

struct ash_mutex;
struct ash_mutex *ash_mapping_tail_mutex(void); /* for fork */
struct ash_mutex *ash_mapping_mutex(void);      /* the same */

#endif
