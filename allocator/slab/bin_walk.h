/* A walk through the slabs of a bin that have free regions, the emptiest first, for the purge
 * of holes.  Each is looked at once, but for those that others move meanwhile.  It may rest
 * between two calls for as long as it likes. */
#ifndef ASH_SLAB_BIN_WALK_H
#define ASH_SLAB_BIN_WALK_H

#include "slab/bin.h"

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

/* `purged` are the pages that are gone. */
void ash_bin_attach(struct ash_bin *bin, struct ash_run *slab, uint64_t purged);

#endif
