/* The depot: full magazines of all threads, by class, and of lined classes by the shard that
 * their objects come from: whoever owns it gets them.  What comes from the common shard waits
 * nowhere, for any two of its magazines have lines in common.
 *
 * It makes bulk patterns cheap (a whole magazine changes hands under one short lock) and
 * carries objects from threads that free to threads that allocate.  What it may hold is
 * bounded in bytes; what one class's list held untouched through a whole epoch goes back to
 * its slabs.
 *
 * Each list has a line with its lock (rank DEPOT), which guards it, its empty magazines and its
 * low-water mark; that there is nothing to get or trim is seen without it.  The bytes of all
 * lists are one relaxed counter: several puts at once may pass the bound by a magazine each. */
#ifndef ASH_CACHE_DEPOT_H
#define ASH_CACHE_DEPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_shard;

void ash_depot_init(void);
/* Makes the lists of the n-th owned shard (n from 1, in order); under the SHARDS lock. */
void ash_depot_open(unsigned n);

/* Takes a full magazine and gives an empty one for it in *empty where it has one (else NULL);
 * false where the bound is reached or there is no list for it, the caller then keeps its own.
 */
bool ash_depot_put(unsigned class, void **magazine, void ***empty);
/* A full magazine with at least one item, for which it takes `empty` (NULL = none); or NULL. */
void **ash_depot_get(unsigned class, void **empty);
/* The same of the shard's objects. */
void **ash_depot_get_of(const struct ash_shard *shard, unsigned class, void **empty);

/* Sends back to the slabs what lay untouched since the last call, at most `magazines` of
 * them, or until after one of them `lasts(ns)` says that it took long enough (NULL = never);
 * and to the free list empty ones of lists without a full one.  Called once per epoch by
 * whichever thread comes first.  Call without a lock. */
void ash_depot_trim(unsigned magazines, bool (*lasts)(uint64_t ns), uint64_t ns);
/* Everything, at once, but for what others put there meanwhile; whether there was any. */
bool ash_depot_empty(void);

/* Gives all items of a full magazine to their slabs, by try-lock or by the inbox of a busy
 * shard, and the magazine to the free list. */
void ash_magazine_flush(unsigned class, void **magazine);

/* Bytes of objects that lie in the depot. */
size_t ash_depot_bytes(void);

/* Lists that the class has; may grow. */
unsigned ash_depot_lists(unsigned class);
/* For a look at a list's full magazines, the first (after NULL) and those behind it; under its
 * lock, where it can be had at once. */
bool ash_depot_try_lock(unsigned list, unsigned class);
void ash_depot_unlock(unsigned list, unsigned class);
void **ash_depot_next(unsigned list, unsigned class, void **magazine);
/* Most items that they may be; without the lock the number may be old. */
size_t ash_depot_items(unsigned class);

/* Takes and releases the lock of every list, in order, around fork; of a lined class there were
 * `lists` when the SHARDS lock was taken. */
struct ash_mutex;
void ash_depot_each_mutex(unsigned lists, void (*fn)(struct ash_mutex *));

#endif
