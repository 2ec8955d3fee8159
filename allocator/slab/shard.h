/* A shard: one bin per class (what jemalloc calls an arena; `arena` in the public API).
 *
 * There is one at start.  Threads that keep finding bins locked get more, up to one per
 * usable CPU; a thread is bound to a shard by the CPU it runs on when that happens.
 *
 * A shard is never taken away.  It is complete before the count that covers it is stored
 * (release, under the lock of rank SHARDS) and loaded (acquire), so whoever got an index may
 * go on without a lock; each bin has its own, the inbox none. */
#ifndef ASH_SLAB_SHARD_H
#define ASH_SLAB_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/size_class.h"
#include "slab/bin.h"

#define ASH_SHARDS_MOST 64

/* index is the shard's place among all, and all its bins are made. */
struct ash_shard {
	void *inbox;    /* atomic: batches of objects from other threads; see slab/inbox.h */
	uint16_t index; /* constant */
	struct ash_bin bin[ASH_CLASSES];
};

/* Makes the first shard; `most` bounds their number (0 = one per usable CPU).  False where
 * there is no memory. */
bool ash_shard_init(unsigned most);

bool ash_shard_is_valid(const struct ash_shard *shard);

unsigned ash_shard_count(void);
/* index < ash_shard_count(). */
struct ash_shard *ash_shard_at(unsigned index);

/* The shard for a thread that runs on this CPU now. */
struct ash_shard *ash_shard_for_cpu(unsigned cpu);

/* Adds a shard where contention asks for it; returns whether one was added.  Call without a
 * lock. */
bool ash_shard_add(void);

/* Moves the items that belong to the first one's shard to the front; returns how many they are.
 * n > 0. */
unsigned ash_shard_gather(void **items, unsigned n);

/* Gives n objects of one class back, whatever shards they belong to, by the locks.  items[]
 * is reordered. */
void ash_shard_flush(unsigned class, void **items, unsigned n);

struct ash_mutex *ash_shard_mutex(void); /* for fork */

#endif
