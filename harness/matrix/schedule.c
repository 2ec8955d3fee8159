#include "harness/matrix/schedule.h"

#include <stdlib.h>
#include <string.h>
#include "harness/base/hash.h"
#include "harness/base/message.h"
#include "workloads/shared/rng.h"

void schedule_begin(struct schedule *s, int reference, uint64_t seed)
{
	*s = (struct schedule){.reference = reference, .seed = seed};
}

void schedule_make(struct schedule *s, const struct cell *cells, int ncells, int contenders,
		   uint64_t seed)
{
	int *blocks = list_grown(NULL, ncells, sizeof(*blocks));
	bool *again = list_grown(NULL, ncells, sizeof(*again));

	for (int i = 0; i < ncells; i++) {
		blocks[i] = cells[i].blocks;
		again[i] = cells[i].again;
	}
	schedule_begin(s, 0, seed);
	s->again = again;
	schedule_extend(s, blocks, ncells, contenders);
	s->again = NULL;
	free(again);
	free(blocks);
}

static void add_turn(struct schedule *s, int cell, int round, int from)
{
	struct turn *turn;

	s->turns = list_grown(s->turns, s->count, sizeof(s->turns[0]));
	turn = &s->turns[s->count++];
	*turn = (struct turn){.cell = cell,
			      .block = s->planned[cell].next++,
			      .round = s->rounds + round,
			      .from = from,
			      .to = s->contenders,
			      .again = s->again && s->again[cell]};
}

/* Numbers the turns of the last stage, and behind them all its repeats: a stage that comes
 * later takes nothing of that away. */
static void number_stage(struct schedule *s)
{
	/* Each stage before has used as many indices as its turns have attempts. */
	int index = SCHEDULE_ATTEMPTS * s->stage_begin;

	for (int attempt = 0; attempt < SCHEDULE_ATTEMPTS; attempt++)
		for (int turn = s->stage_begin; turn < s->count; turn++) {
			s->turns[turn].first_id[attempt] = s->ids + 1;
			s->turns[turn].order_index[attempt] = index++;
			s->ids += schedule_places(s, turn);
			s->samples += attempt ? 0 : schedule_places(s, turn);
		}
}

void schedule_extend(struct schedule *s, const int *blocks, int ncells, int contenders)
{
	int before = s->contenders, rounds = 0;

	s->stage_begin = s->count;
	s->planned = list_grown(s->planned, ncells, sizeof(s->planned[0]));
	for (; s->ncells < ncells; s->ncells++)
		s->planned[s->ncells] = (struct planned){0};
	if (contenders > s->contenders)
		s->contenders = contenders;
	/* First the blocks that all lack, then those that only the new contenders lack. */
	for (int round = 0; round == 0 || round < rounds; round++)
		for (int i = 0; i < ncells; i++) {
			int had = s->planned[i].blocks;
			int more = blocks[i] > had ? blocks[i] - had : 0;
			int late = before < s->contenders ? had : 0;

			if (more + late > rounds)
				rounds = more + late;
			if (round < more)
				add_turn(s, i, round, 0);
			else if (round < more + late)
				add_turn(s, i, round, before);
		}
	number_stage(s);
	s->rounds += rounds;
	for (int i = 0; i < ncells; i++)
		if (blocks[i] > s->planned[i].blocks)
			s->planned[i].blocks = blocks[i];
}

void schedule_keep(struct schedule *s, int first, int count)
{
	memmove(s->turns, s->turns + first, (size_t)count * sizeof(s->turns[0]));
	s->count = count;
	s->stage_begin = 0;
	s->samples = 0;
	for (int turn = 0; turn < count; turn++)
		s->samples += schedule_places(s, turn);
}

void schedule_free(struct schedule *s)
{
	free(s->turns);
	free(s->planned);
	s->turns = NULL;
	s->planned = NULL;
	s->count = 0;
}

/* Whether the reference is not among the turn's contenders anyway. */
static int joins(const struct schedule *s, const struct turn *turn)
{
	return s->reference < turn->from;
}

int schedule_places(const struct schedule *s, int turn)
{
	const struct turn *t = &s->turns[turn];

	return t->to - t->from + joins(s, t) + t->again;
}

void schedule_order(const struct schedule *s, int turn, int attempt, int *order)
{
	const struct turn *t = &s->turns[turn];
	int places = schedule_places(s, turn);
	struct rng rng;

	rng_seed(&rng, s->seed, (uint64_t)t->order_index[attempt]);
	for (int i = 0; i < places; i++) {
		int at = (int)rng_below(&rng, (uint64_t)i + 1);

		/* Fisher-Yates, from the inside: every order is equally likely. */
		order[i] = order[at];
		order[at] = joins(s, t) && i == 0         ? s->reference
			    : t->again && i == places - 1 ? SCHEDULE_AGAIN
							  : t->from + i - joins(s, t);
	}
}

int schedule_sample_id(const struct schedule *s, int turn, int attempt, int place)
{
	return s->turns[turn].first_id[attempt] + place;
}

/* The last turn whose numbers of this attempt begin at `id` or before; they grow from turn to
 * turn. */
static int turn_before(const struct schedule *s, int attempt, int id)
{
	int low = 0, high = s->count; /* the turn is in [low, high) */

	while (high - low > 1) {
		int middle = low + (high - low) / 2;

		if (s->turns[middle].first_id[attempt] <= id)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int schedule_find(const struct schedule *s, int id, int *attempt, int *place)
{
	if (id < 1 || id > s->ids)
		return -1;
	for (*attempt = 0; *attempt < SCHEDULE_ATTEMPTS; ++*attempt) {
		int turn = turn_before(s, *attempt, id);

		*place = id - s->turns[turn].first_id[*attempt];
		if (*place >= 0 && *place < schedule_places(s, turn))
			return turn;
	}
	return -1;
}

uint64_t schedule_workload_seed(const struct schedule *s, const struct cell *cell, int block)
{
	/* JSON numbers are safe up to 2^53 everywhere. */
	return hash_text(s->seed + (uint64_t)block, cell_workload_name(cell)) >> 11;
}
