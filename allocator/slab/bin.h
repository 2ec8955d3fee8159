/* A bin: all slabs of one class in one shard.
 *
 * Slabs with free regions stand in lists by fullness; a fill takes from the fullest, so that
 * nearly empty slabs drain.  Full slabs are on no list: a free finds them by address.  At
 * most one slab without any object out is in reserve, others go back to the pages.
 *
 * All fields, the lists and the descriptors of the bin's slabs belong to the bin's lock (rank
 * BIN), but for three that are also atomic: `filled`, which the purger reads to pass by,
 * `contended`, which those count whose try failed, and `hole_age`, which the purger sets. */
#ifndef ASH_SLAB_BIN_H
#define ASH_SLAB_BIN_H

#include <stdbool.h>
#include <stddef.h>
#include "meta/size_class.h"
#include "os/mutex.h"
#include "page/heap.h"
#include "util/list.h"

#define ASH_BIN_LISTS 8

/* Under the lock, of bin and slabs:
 *   bit i of `filled` is set  <=>  list[i] is not empty
 *   a slab stands on list[i]  <=>  nfree > 0, and it is not detached
 *                              =>  fullness == i == nfree * 7 / regions, rounded down
 *   empty_slabs  ==  slabs on the last list
 *   nslabs       ==  slabs on the lists, full ones, and detached ones
 *   regions_out  ==  nslabs * regions of a slab - nfree of all slabs
 *   uncarved     ==  regions of all slabs that were never handed out, nfree having them, too
 *   taken >= regions_out,  made >= nslabs */
struct ash_bin {
	struct ash_mutex lock;
	uint16_t filled;      /* bit i: list i is not empty; read without the lock, too */
	uint16_t empty_slabs; /* on a list, with no region out */
	uint32_t nslabs;      /* read without the lock, too */
	uint32_t uncarved;    /* regions of its slabs that were never handed out */
	uint64_t regions_out; /* handed out and not given back */
	uint64_t taken;       /* handed out, ever */
	uint64_t fills;       /* calls that took some, ever, */
	uint64_t flushes;     /* and that gave some back */
	uint32_t hole_age;    /* epochs without a take after which a slab's holes are purged */
	uint32_t holes;       /* pages purged in the present interval */
	uint32_t detached;    /* slabs that are detached */
	uint32_t group;       /* regions in a row that a fill takes whole, 1, 2 or 4; constant.
				 Above 1 as long as little lies idle in others */
	struct ash_list list[ASH_BIN_LISTS]; /* 0 = fewest free regions */
	uint64_t made;                       /* slabs, ever */
	uint64_t contended;                  /* try-locks that failed; atomic */
	uint64_t used_up;                    /* slabs whose last free region was taken, ever */
	uint64_t waits; /* calls that found the lock taken and waited for it */
} __attribute__((aligned(ASH_CACHE_LINE)));

/* The hole_age that bins begin with and come back to; atomic. */
extern uint32_t ash_bin_hole_age;
/* No slab has to be older than this, whatever its bin's hole_age: less when memory is short.
 * The purger's. */
extern uint32_t ash_bin_hole_age_most;

void ash_bin_init(struct ash_bin *bin); /* group is 1 */

/* The equations; caller holds the lock.  The first looks at the lists' first slabs and the
 * empty ones, the second at all. */
bool ash_bin_is_valid(const struct ash_bin *bin);
bool ash_bin_lists_are_valid(const struct ash_bin *bin);

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

/* For the purge of holes: a walk through the slabs of the bin that have free regions, the
 * emptiest first.  Each is looked at once, but for those that others move meanwhile.  It may
 * rest between two calls for as long as it likes. */
enum ash_bin_wanted {
	ASH_BIN_ALL, /* whatever their age, and whether a huge page falls apart */
	/* Nothing was taken from them for the bin's hole_age. */
	ASH_BIN_AGED,
	/* The same where age is measured by ash_account_clock: a sixteenth of the heap, taken
	 * in runs, stands for the first hole_age.  And only slabs in which objects at random
	 * places would leave half of the pages free. */
	ASH_BIN_LIKELY,
	/* A sixth of what they hold can go, whatever their age. */
	ASH_BIN_RICH,
};
void ash_bin_walk_begin(struct ash_bin *bin, struct ash_bin_walk *walk,
			enum ash_bin_wanted wanted, uint32_t epoch);

/* Detaches the next slab that is wanted and has holes; *holes are its pages.  NULL where the
 * walk is over, or after *looks slabs (which is counted down) to be called again.  Until the
 * slab is attached nothing is taken from it, and frees only set bits.  Refused memory and pages
 * of the pool are left out. */
struct ash_run *ash_bin_walk_detach(struct ash_bin *bin, struct ash_bin_walk *walk,
				    unsigned *looks, uint64_t *holes);

/* Bytes of the bin's regions that were ever handed out. */
struct ash_bin_bytes {
	size_t out;
	size_t idle; /* free now, whether they hold memory or not */
};

/* Without the lock, roughly. */
struct ash_bin_bytes ash_bin_bytes(const struct ash_bin *bin, unsigned class);

/* `purged` are the pages that are gone. */
void ash_bin_attach(struct ash_bin *bin, struct ash_run *slab, uint64_t purged);

#endif
