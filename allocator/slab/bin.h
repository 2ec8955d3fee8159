/* A bin at work: who fills from its slabs and gives back to them.  Call without its lock. */
#ifndef ASH_SLAB_BIN_H
#define ASH_SLAB_BIN_H

#include <stdbool.h>
#include <stddef.h>
#include "slab/bin_lists.h"

/* The hole_age that bins begin with and come back to; atomic. */
extern uint32_t ash_bin_hole_age;
/* No slab has to be older than this, whatever its bin's hole_age: less when memory is short.
 * The purger's. */
extern uint32_t ash_bin_hole_age_most;

void ash_bin_init(struct ash_bin *bin); /* group is 1 */

/* Takes up to `want` objects and writes them downward: end[-1] is the first.  Fewer (even 0,
 * with ENOMEM) only where there is no memory.  Call without a lock. */
unsigned ash_bin_fill(struct ash_bin *bin, unsigned class, unsigned shard, void **end,
		      unsigned want);

/* The same from the slabs that there are, whole lines or not. */
unsigned ash_bin_fill_listed(struct ash_bin *bin, unsigned class, void **end, unsigned want);

/* The same as long as more lies idle in the bin than four slabs' worth and an eighth: about
 * that stays with whoever fills from it next. */
unsigned ash_bin_fill_idle(struct ash_bin *bin, unsigned class, void **end, unsigned want);

/* Gives n objects of the class back, all of this bin's slabs.  Misuse found is reported after
 * the lock was released.  With `only_try` it returns false, having done nothing, where the lock
 * is taken. */
bool ash_bin_flush(struct ash_bin *bin, unsigned class, void **items, unsigned n,
		   bool only_try);

/* Bytes of the bin's regions that were ever handed out. */
struct ash_bin_bytes {
	size_t out;
	size_t idle; /* free now, whether they hold memory or not */
};

/* Without the lock, roughly. */
struct ash_bin_bytes ash_bin_bytes(const struct ash_bin *bin, unsigned class);

#endif
