/* Tails of mappings: what lies behind the part that is used.  The program may grow into a tail,
 * and what memory it holds goes after a second. */
#ifndef ASH_PAGE_MAPPING_TAIL_H
#define ASH_PAGE_MAPPING_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"
#include "page/meter.h"

/* A shorter end is not worth a system call. */
#define ASH_MAPPING_TAIL_LEAST ((size_t)16 << 10)

/* The end of the mapping at this address may hold memory.  Where more are noted at a time than
 * there are slots, the oldest is forgotten: its end stays as it is until the mapping goes. */
void ash_mapping_tail_note(struct ash_heap *heap, uintptr_t address);

/* Purges the ends that were noted a second before `now_ns` (UINT64_MAX: all), in pieces, until
 * the meter is up; returns whether some are left.  Call without a lock. */
bool ash_mapping_tail_purge(struct ash_heap *heap, uint64_t now_ns, struct ash_meter *meter);

/* For who has taken the entry of the mapping at this address out of the far table and is about
 * to change the mapping: waits until nobody purges a piece of its end. */
void ash_mapping_tail_await(struct ash_heap *heap, uintptr_t address);

/* Whether the equations of struct ash_mappings hold that are of the ends.  Caller holds the
 * lock. */
bool ash_mapping_tail_is_valid(const struct ash_heap *heap);

#endif
