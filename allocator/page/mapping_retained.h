/* Freed addresses that stay mapped, without memory: retained, as jemalloc calls it.
 *
 * Unmapping the middle of what the kernel holds as one mapping makes two of it, and a process
 * may have only so many (vm.max_map_count, 65530 by default); at the limit mmap fails for
 * everybody in it.  So gaps of our making are counted, and once there are many a piece between
 * two mapped neighbours is retained instead, until it is used again, or a neighbour goes too
 * and both can be unmapped in one.
 *
 * Call all of these without a lock, but for the predicate. */
#ifndef ASH_PAGE_MAPPING_RETAINED_H
#define ASH_PAGE_MAPPING_RETAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* Gives a piece up, joined with retained neighbours: unmaps it, or retains its addresses
 * without memory.  False where neither could be done (the kernel refuses both, or there is no
 * memory to remember it by): the piece is as before. */
bool ash_mapping_retained_give(struct ash_heap *heap, uintptr_t address, size_t bytes);

/* Takes `bytes` of what is retained, which read as zero; 0 where nothing suffices. */
uintptr_t ash_mapping_retained_take(struct ash_heap *heap, size_t bytes);

/* The kernel has mapped this anew: it may have filled a gap. */
void ash_mapping_retained_note_map(struct ash_heap *heap, uintptr_t address, size_t bytes);

/* Bytes of addresses that are retained. */
size_t ash_mapping_retained_bytes(const struct ash_heap *heap);

/* Where addresses run short: unmaps about `bytes` of what is retained, however many gaps that
 * makes, until the kernel refuses.  Returns how many bytes went. */
size_t ash_mapping_retained_release(struct ash_heap *heap, size_t bytes);

/* Whether the equations of struct ash_retained hold, by a walk.  Caller holds the lock of the
 * mappings. */
bool ash_mapping_retained_is_valid(const struct ash_heap *heap);

#endif
