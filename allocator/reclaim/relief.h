/* Relief: what lies idle goes where the heap is about to grow, a hard limit or the kernel to
 * refuse, or the program asks for it.
 *
 * Each of these has an end that it takes at its beginning: what lay idle then, or what is
 * missing.  What others free meanwhile is not followed, or a call would go on for as long as
 * they do. */
#ifndef ASH_RECLAIM_RELIEF_H
#define ASH_RECLAIM_RELIEF_H

#include <stdbool.h>
#include <stddef.h>

/* Registers the hooks of page/growth.h and page/limits.h.  At boot. */
void ash_relief_init(void);

/* All that can be given back without taking from threads: depot, inboxes, cached mappings,
 * empty hugeblocks (unmapped), free runs, holes of any age, and what is free in huge pages.
 * Waits for who is giving back.  Of several threads at once one does it for all that called
 * before it began, and who called meanwhile need one more: none does what another does at the
 * same time.  Returns whether anything went to the kernel.  Call without a lock. */
bool ash_relief_all(void);
/* In a forked child: a vanished thread was at it, or waited. */
void ash_relief_after_fork(void);

/* One request that was refused; all fields but the first are this file's, and 0 at first. */
struct ash_relief {
	size_t bytes; /* that it takes at most: with what its alignment wastes, and a whole slab
			 for a small object */
	size_t given, most; /* under a hard limit: bytes that went for it, and may go */
	unsigned passes, steps;
};

/* Gives back about what the request is short of; returns whether to try it again.
 *
 * Where all that the heap could give back would not be enough it gives nothing.  Where the
 * kernel refuses, only addresses help: cached mappings and empty hugeblocks go, and the depot's
 * objects, which may empty some; blocks that hold what the program has count for nothing. Where
 * the hard limit does, what counts against it goes, until a whole pass with the claim found
 * nothing; such passes go on while others take what they gave, each for twice as much, up to a
 * bound.  Call without a lock. */
bool ash_relief_again(struct ash_relief *relief);

#endif
