#include "harness/matrix/schedule.h"

#include <stdlib.h>
#include "harness/base/hash.h"
#include "harness/base/message.h"
#include "workloads/shared/rng.h"

void schedule_make(struct schedule *s, const struct cell *cells, int ncells, int contenders,
		   uint64_t seed)
{
	int most = 0, total = 0;

	for (int i = 0; i < ncells; i++) {
		total += cells[i].blocks;
		if (cells[i].blocks > most)
			most = cells[i].blocks;
	}
	*s = (struct schedule){.contenders = contenders, .seed = seed};
	s->turns = calloc((size_t)total + 1, sizeof(s->turns[0]));
	if (!s->turns) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	for (int block = 0; block < most; block++)
		for (int i = 0; i < ncells; i++)
			if (block < cells[i].blocks)
				s->turns[s->count++] = (struct turn){.cell = i, .block = block};
}

void schedule_free(struct schedule *s)
{
	free(s->turns);
	s->turns = NULL;
	s->count = 0;
}

void schedule_order(const struct schedule *s, int turn, int *order)
{
	struct rng rng;

	rng_seed(&rng, s->seed, (uint64_t)turn);
	for (int i = 0; i < s->contenders; i++) {
		int at = (int)rng_below(&rng, (uint64_t)i + 1);

		/* Fisher-Yates, from the inside: every order is equally likely. */
		order[i] = order[at];
		order[at] = i;
	}
}

int schedule_sample_id(const struct schedule *s, int turn, int place)
{
	return turn * s->contenders + place + 1;
}

uint64_t schedule_workload_seed(const struct schedule *s, const struct cell *cell, int block)
{
	/* JSON numbers are safe up to 2^53 everywhere. */
	return hash_text(s->seed + (uint64_t)block, cell_workload_name(cell)) >> 11;
}
