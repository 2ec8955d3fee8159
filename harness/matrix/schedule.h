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
 *
 * A plan may grow: a stage adds cells, blocks and contenders behind what there was, and changes
 * nothing of it.  Only what ran side by side is compared, so a contender that comes later gets
 * blocks of its own, in which the reference runs again beside it.
 *
 * In the turns of some cells the reference runs once more under another name (A/A): what its
 * two runs differ by is what the machine calls a difference of nothing.
 *
 * A turn may be repeated once, as another attempt.  Each stage keeps numbers and orders for the
 * repeats of its turns behind those of the turns themselves, so that what comes later has
 * others. Source of the design: randomised complete blocks (Fisher, The Design of Experiments,
 * 1935).
 */
#ifndef HARNESS_SCHEDULE_H
#define HARNESS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/matrix/cell.h"

#define SCHEDULE_ATTEMPTS 2
/* In an order: the reference, once more. */
#define SCHEDULE_AGAIN (-1)

struct turn {
	int cell, block; /* both from 0 */
	int round;       /* of all stages */
	int from, to;    /* these contenders, to exclusive, and the reference */
	bool again;      /* the reference runs twice */
	/* By attempt: 0 the first, 1 the repeat. */
	int first_id[SCHEDULE_ATTEMPTS];    /* number of the sample at its first place */
	int order_index[SCHEDULE_ATTEMPTS]; /* of all attempts of turns: what its order is drawn
					       by */
};

/* What is planned for a cell so far. */
struct planned {
	int blocks; /* of each contender */
	int next;   /* number of the block that comes next */
};

struct schedule {
	struct turn *turns;
	int count;
	int contenders; /* at most, per turn */
	int samples;    /* of all turns, repeats apart */
	int ids; /* the numbers of samples, those kept for repeats too, go from 1 to this */
	int rounds;
	int stage_begin;         /* turn with which the last stage begins */
	int reference;           /* the contender that runs in every turn */
	const bool *again;       /* by cell: those in whose turns the reference runs twice; the
				    caller's,       read while turns are added; NULL = none */
	struct planned *planned; /* of each cell */
	int ncells;
	uint64_t seed;
};

/* `cells` are numbered from 0; `contenders` is how many run in each turn. */
void schedule_make(struct schedule *schedule, const struct cell *cells, int ncells,
		   int contenders, uint64_t seed);

/* An empty one, for stages. */
void schedule_begin(struct schedule *schedule, int reference, uint64_t seed);

/* Adds the turns after which each of `contenders` contenders has blocks[i] blocks of each cell
 * i < ncells.  Cells and contenders of earlier stages keep their numbers, and a number of
 * blocks that is lower than before counts as that. */
void schedule_extend(struct schedule *schedule, const int *blocks, int ncells, int contenders);
/* Leaves only `count` turns from `first` on, with the numbers, orders and seeds that they have
 * in the whole: what is measured apart fits together.  Nothing can be added after that. */
void schedule_keep(struct schedule *schedule, int first, int count);

void schedule_free(struct schedule *schedule);

/* How many samples a turn has. */
int schedule_places(const struct schedule *schedule, int turn);

/* Fills order[0 … places-1] with the contenders' numbers, and SCHEDULE_AGAIN, in the order of a
 * turn's attempt. */
void schedule_order(const struct schedule *schedule, int turn, int attempt, int *order);

/* Number of the sample at a place of a turn's attempt; from 1, unique in the run set. */
int schedule_sample_id(const struct schedule *schedule, int turn, int attempt, int place);

/* The turn, attempt and place of such a number; -1 when it has none. */
int schedule_find(const struct schedule *schedule, int id, int *attempt, int *place);

/* The seed of a turn's samples: one for all allocators, another for each block.
 * Cells of the same workload share it, so that their modes do the same work. */
uint64_t schedule_workload_seed(const struct schedule *schedule, const struct cell *cell,
				int block);

#endif
