/* Which hugeblock a new run goes to.
 *
 * Blocks stand in lists by the length of their longest free run.  A request takes the block
 * with the shortest one that suffices and among such the fullest: the order of Temeraire
 * (Hunter et al., OSDI 2021), by which nearly full blocks fill up and nearly empty ones drain;
 * of those that are as full, the one with the most free memory.
 * Everything here happens under the page lock. */
#ifndef ASH_PAGE_PACKING_H
#define ASH_PAGE_PACKING_H

#include <stdbool.h>
#include "page/heap.h"

/* Puts a block on the list for its present state, taking it off the one it was on. */
void ash_packing_update(struct ash_packing *packing, struct ash_hugeblock *block);

/* Adds a block that is on no list. */
void ash_packing_add(struct ash_packing *packing, struct ash_hugeblock *block);

/* Takes a block off its list. */
void ash_packing_remove(struct ash_packing *packing, struct ash_hugeblock *block);

/* A wholly free block, taken off its list; NULL where there is none (of those empty for
 * longest). */
struct ash_hugeblock *ash_packing_take_empty(struct ash_packing *packing);
/* The same of one that holds no memory, and did not since `epoch` or longer; *younger says
 * whether there are others that hold none. */
struct ash_hugeblock *ash_packing_take_idle(struct ash_packing *packing, uint32_t epoch,
					    bool *younger);

/* A block with `granules` free in sequence from a multiple of `align` (a power of two), and
 * in *first where they start; NULL where there is none. */
struct ash_hugeblock *ash_packing_choose(const struct ash_packing *packing, unsigned granules,
					 unsigned align, unsigned *first);

/* Whether `filled` says which lists are empty, and the first block of each is where its longest
 * free run belongs. */
bool ash_packing_is_valid(const struct ash_packing *packing);

#endif
