/* Which sample comes when.
 *
 * A turn is one block of one cell: every allocator once, in an order drawn anew for
 * each turn, so that a slow drift of the machine falls on all of them alike and a
 * pair of allocators is compared within minutes.  Turns go in rounds: first the first
 * block of every cell, then the second, and so on; whatever ends a run set early, the
 * cells have equally many blocks, give or take one.
 *
 * Everything here follows from the seed and the cells alone, so that a run set that
 * was interrupted is continued with the very orders and seeds it would have had.
 * Source of the design: randomised complete blocks (Fisher, The Design of Experiments, 1935).
 */
#ifndef HARNESS_SCHEDULE_H
#define HARNESS_SCHEDULE_H

#include <stdint.h>
#include "harness/matrix/cell.h"

struct turn {
	int cell, block; /* both from 0 */
};

struct schedule {
	struct turn *turns;
	int count;
	int contenders; /* per turn */
	uint64_t seed;
};

/* `cells` are numbered from 0; `contenders` is how many run in each turn. */
void schedule_make(struct schedule *schedule, const struct cell *cells, int ncells,
		   int contenders, uint64_t seed);
void schedule_free(struct schedule *schedule);

/* Fills order[0 … contenders-1] with the contenders' numbers in the turn's order. */
void schedule_order(const struct schedule *schedule, int turn, int *order);

/* Number of the sample at a place of a turn; from 1, unique in the run set. */
int schedule_sample_id(const struct schedule *schedule, int turn, int place);

/* The seed of a turn's samples: one for all allocators, another for each block.
 * Cells of the same workload share it, so that their modes do the same work. */
uint64_t schedule_workload_seed(const struct schedule *schedule, const struct cell *cell,
				int block);

#endif
