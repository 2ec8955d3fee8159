#include "harness/stats/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *room(size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		abort();
	return memory;
}

static size_t below(struct rng *r, size_t n)
{
	return rng_scale32((uint32_t)(rng_next(r) >> 32), n);
}

/* The median of the `total` that were drawn of sorted values, the i-th of them with block
 * of[i].  Counting replaces the sort of every resample. */
static double drawn_median(const double *sorted, const size_t *of, size_t total,
			   const unsigned *times)
{
	size_t lower_rank = (total - 1) / 2, upper_rank = total / 2, seen = 0, i = 0;
	double lower;

	while (seen + times[of[i]] <= lower_rank)
		seen += times[of[i++]];
	lower = sorted[i];
	while (seen + times[of[i]] <= upper_rank)
		seen += times[of[i++]];
	return (lower + sorted[i]) / 2;
}

/* Machines numbered from 0 by their first value; those with one value are one machine, which
 * joins the first of the others where it has but one itself. */
static size_t number_machines(const struct stat_strata *strata, size_t n, size_t *machine)
{
	size_t *values = room(n, sizeof(*values)), *number = room(n, sizeof(*number));
	size_t machines = 0, alone = 0, many = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && strata->of && strata->of[k] != strata->of[i])
			k++;
		machine[i] = k; /* the first value of its machine */
		values[k]++;
	}
	for (size_t i = 0; i < n; i++) {
		alone += values[i] == 1;
		many += values[i] > 1;
	}
	machines = alone > 1 || !many ? 1 : 0; /* number 0 is of those that are alone */
	for (size_t i = 0; i < n; i++)
		if (values[i] > 1)
			number[i] = machines++;
	for (size_t i = 0; i < n; i++)
		machine[i] = number[machine[i]];
	free(values);
	free(number);
	return machines;
}

/* Whether its machines are drawn: of one there is nothing to draw. */
static bool draws_machines(const struct stat_pairs *member)
{
	bool two = false;

	for (size_t i = 1; i < member->n && member->strata.of; i++)
		two |= member->strata.of[i] != member->strata.of[0];
	return member->strata.drawn && two;
}

static int ascending(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All machines that are drawn, each once. */
static void list_machines(struct resample *r, const struct stat_pairs *members)
{
	size_t n = 0, kept = 0;

	for (size_t g = 0; g < r->nmembers; g++)
		n += members[g].n;
	r->machine = room(n, sizeof(*r->machine));
	n = 0;
	for (size_t g = 0; g < r->nmembers; g++) {
		if (!draws_machines(&members[g]))
			continue;
		memcpy(r->machine + n, members[g].strata.of,
		       members[g].n * sizeof(*r->machine));
		n += members[g].n;
	}
	qsort(r->machine, n, sizeof(*r->machine), ascending);
	for (size_t i = 0; i < n; i++)
		if (!kept || r->machine[i] != r->machine[kept - 1])
			r->machine[kept++] = r->machine[i];
	r->nmachines = kept;
	r->picked = room(kept, sizeof(*r->picked));
}

static void part_machines(const struct resample *r, struct resampled *m,
			  const struct stat_pairs *member, const size_t *number)
{
	size_t n = member->n, at = 0, places, *machine = room(n, sizeof(*machine));

	m->drawn = draws_machines(member);
	if (m->drawn) {
		places = r->nmachines;
		for (size_t i = 0; i < n; i++)
			while (r->machine[machine[i]] != member->strata.of[i])
				machine[i]++;
	} else {
		places = number_machines(&member->strata, n, machine);
	}
	m->blocks = room(n, sizeof(*m->blocks));
	m->begin = room(places + 1, sizeof(*m->begin));
	for (size_t k = 0; k < places; k++) {
		m->begin[k] = at;
		for (size_t i = 0; i < n; i++)
			if (machine[i] == k)
				m->blocks[at++] = number[i];
		m->machines += at > m->begin[k];
	}
	m->begin[places] = at;
	/* Of one machine a draw is a block's own number. */
	for (size_t i = 0; i < n && places == 1; i++)
		m->blocks[i] = i;
	free(machine);
}

struct numbered {
	double value;
	size_t block;
};

static int by_value(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->value == y->value)
		return (x->block > y->block) - (x->block < y->block);
	return x->value < y->value ? -1 : 1;
}

static void rank(const struct resample *r, struct resampled *m, const struct stat_pairs *member)
{
	size_t n = member->n, *number = room(n, sizeof(*number));
	struct numbered *list = room(n, sizeof(*list));

	m->n = n;
	for (int k = 0; k < (member->weight[1] != 0 ? 2 : 1); k++) {
		m->sorted[k] = room(n, sizeof(**m->sorted));
		m->of[k] = room(n, sizeof(**m->of));
		for (size_t i = 0; i < n; i++)
			list[i] = (struct numbered){member->x[k][i], i};
		qsort(list, n, sizeof(*list), by_value);
		for (size_t i = 0; k == 0 && i < n; i++)
			number[list[i].block] = i;
		for (size_t i = 0; i < n; i++) {
			m->sorted[k][i] = list[i].value;
			m->of[k][i] = number[list[i].block];
		}
	}
	part_machines(r, m, member, number);
	free(list);
	free(number);
}

void resample_begin(struct resample *r, const struct stat_pairs *members, size_t nmembers,
		    uint64_t seed)
{
	size_t most = 0;

	*r = (struct resample){.nmembers = nmembers};
	list_machines(r, members);
	r->member = room(nmembers, sizeof(*r->member));
	for (size_t g = 0; g < nmembers; g++) {
		rank(r, &r->member[g], &members[g]);
		if (members[g].n > most)
			most = members[g].n;
	}
	r->times = room(most, sizeof(*r->times));
	rng_spread(&r->random, seed);
}

void resample_machines(struct resample *r)
{
	for (size_t m = 0; m < r->nmachines; m++)
		r->picked[m] = below(&r->random, r->nmachines);
}

/* Draws as many blocks of a machine as it has; returns their number. */
static size_t draw_on(struct resample *r, const struct resampled *m, size_t machine)
{
	size_t at = m->begin[machine], own = m->begin[machine + 1] - at;

	for (size_t i = 0; i < own; i++)
		r->times[m->blocks[at + below(&r->random, own)]]++;
	return own;
}

void resample_member(struct resample *r, size_t member, double median[2])
{
	const struct resampled *m = &r->member[member];
	size_t total = 0;

	memset(r->times, 0, m->n * sizeof(*r->times));
	for (size_t i = 0; i < (m->drawn ? r->nmachines : m->machines); i++)
		total += draw_on(r, m, m->drawn ? r->picked[i] : i);
	/* It was on none of them: then on one of its own each time. */
	for (size_t i = 0; m->drawn && !total && i < m->machines; i++) {
		size_t k = below(&r->random, m->machines), at = 0;

		while (m->begin[at] == m->begin[at + 1] || k-- > 0)
			at++;
		total += draw_on(r, m, at);
	}
	for (int k = 0; k < 2; k++)
		median[k] = m->sorted[k] ? drawn_median(m->sorted[k], m->of[k], total, r->times)
					 : NAN;
}

void resample_free(struct resample *r)
{
	for (size_t g = 0; g < r->nmembers; g++) {
		for (int k = 0; k < 2; k++) {
			free(r->member[g].sorted[k]);
			free(r->member[g].of[k]);
		}
		free(r->member[g].blocks);
		free(r->member[g].begin);
	}
	free(r->member);
	free(r->machine);
	free(r->picked);
	free(r->times);
}
