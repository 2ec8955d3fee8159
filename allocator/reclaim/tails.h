/* Tails: what a large run's last granule holds beyond the run's size.
 *
 * A run is a number of granules, an allocation a number of OS pages.  The rest is never touched
 * where the granule was fresh; where it had served before, or the allocation shrank, it holds
 * memory that nobody uses: up to 12 KiB of a run that may have 48.  It goes when the run is a
 * second old, by which time most short-lived ones are gone. */
#ifndef ASH_RECLAIM_TAILS_H
#define ASH_RECLAIM_TAILS_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* Purges tails that were noticed ten epochs ago, for about `most_ns` by
 * ash_os_given_ns.  Returns whether some are left, now or for later.  One thread at a time,
 * under no lock. */
bool ash_tails_step(struct ash_heap *heap, uint32_t epoch, uint64_t most_ns);

#endif
