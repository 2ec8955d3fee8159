/* The depot: full magazines of all threads, by class.
 *
 * It makes bulk patterns cheap (a whole magazine changes hands under one short lock) and
 * carries objects from threads that free to threads that allocate.  What it may hold is
 * bounded in bytes; what one class's list held untouched through a whole epoch goes back to
 * its slabs.
 *
 * Each class has a line with its lock (rank DEPOT), which guards its two lists and their
 * low-water mark; that there is nothing to get or trim is seen without it.  The bytes of all
 * lists are one relaxed counter: several puts at once may pass the bound by a magazine each. */
#ifndef ASH_CACHE_DEPOT_H
#define ASH_CACHE_DEPOT_H

#include <stdbool.h>
#include <stddef.h>

void ash_depot_init(void);

/* The equations of a class's line (depot.c), by a walk; caller holds its lock. */
bool ash_depot_is_valid(unsigned class);

/* Takes a full magazine and gives an empty one for it in *empty where it has one (else NULL);
 * false where the bound is reached, the caller then keeps its own. */
bool ash_depot_put(unsigned class, void **magazine, void ***empty);
/* A full magazine with at least one item, for which it takes `empty` (NULL = none); or NULL. */
void **ash_depot_get(unsigned class, void **empty);

/* Sends back to the slabs what lay untouched since the last call, at most `magazines` of
 * them; called once per epoch by whichever thread comes first.  Call without a lock. */
void ash_depot_trim(unsigned magazines);
/* Everything, at once, but for what others put there meanwhile; whether there was any. */
bool ash_depot_empty(void);

/* Gives all items of a full magazine to their slabs, by try-lock or by the inbox of a busy
 * shard, and the magazine to the free list. */
void ash_magazine_flush(unsigned class, void **magazine);

/* Bytes of objects that lie in the depot. */
size_t ash_depot_bytes(void);

/* For a look at the class's full magazines, the first (after NULL) and those behind it; under
 * the lock, where it can be had at once. */
bool ash_depot_try_lock(unsigned class);
void ash_depot_unlock(unsigned class);
void **ash_depot_next(unsigned class, void **magazine);
/* Most items that they may be; without the lock the number may be old. */
size_t ash_depot_items(unsigned class);

/* Takes and releases the lock of every class, in order, around fork. */
struct ash_mutex;
void ash_depot_each_mutex(void (*fn)(struct ash_mutex *));

#endif
