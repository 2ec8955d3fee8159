/* The statistics that mallctl and malloc_stats_print show: one snapshot, taken when the program
 * asks for it and unchanged until it asks again, so that its numbers fit together. */
#ifndef ASH_STATS_EPOCH_H
#define ASH_STATS_EPOCH_H

#include <stddef.h>
#include <stdint.h>
#include "stats/snapshot.h"

/* Takes one; returns how many there were before and with it.  What other threads left for the
 * slabs (inboxes) goes there before, so that at rest it is exact.  Call without a lock. */
uint64_t ash_epoch_refresh(void);

/* Their number; the first look takes the first. */
uint64_t ash_epoch(void);

/* A copy of what lies at `offset` of the snapshot. */
void ash_epoch_read(size_t offset, void *out, size_t bytes);

struct ash_mutex;
struct ash_mutex *ash_epoch_mutex(void); /* for fork */

#endif
