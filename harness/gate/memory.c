/* Tier 2: what is resident, and how many lines and pages the program's objects lie in.
 *
 * Recorded programs in one thread, in their recorded order, and own workloads of one thread; at
 * fixed addresses, with a clock that moves with the calls (footprint) or not at all (locality).
 * Nothing of it depends on time, so that equal builds have equal values. */
#include "harness/gate/measure.h"

#include <math.h>
#include <stdlib.h>
#include "harness/gate/trials.h"

#define TIER 2

/* The own ones are those that live of what is freed and fetched again: heaps that drain, whose
 * sizes shift, that breathe by the hour, that keep an odd object on every page. */
static const struct gate_choice chosen[] = {
	{"trace:cc1plus", "", MODE_FOOTPRINT},  {"trace:cpython", "", MODE_FOOTPRINT},
	{"trace:git", "", MODE_FOOTPRINT},      {"trace:redis", "", MODE_FOOTPRINT},
	{"trace:redis-io", "", MODE_FOOTPRINT}, {"trace:sqlite", "", MODE_FOOTPRINT},
	{"fleet-5", "", MODE_FOOTPRINT},        {"kv-server", "", MODE_FOOTPRINT},
	{"frag-drain", "", MODE_FOOTPRINT},     {"frag-attack", "", MODE_FOOTPRINT},
	{"size-shift", "", MODE_FOOTPRINT},     {"diurnal", "", MODE_FOOTPRINT},
	{"trace:cc1plus", "", MODE_LOCALITY},   {"trace:cpython", "", MODE_LOCALITY},
	{"trace:git", "", MODE_LOCALITY},       {"trace:redis", "", MODE_LOCALITY},
	{"trace:redis-io", "", MODE_LOCALITY},  {"trace:sqlite", "", MODE_LOCALITY},
};
#define CHOSEN (sizeof(chosen) / sizeof(chosen[0]))

/* Distinct places in a thousand operations: the mean of all whole thousands; of a run that has
 * none, in all. */
static double per_thousand(const struct channel_locality *l, uint64_t in_windows, uint64_t all)
{
	return l->windows      ? (double)in_windows / (double)l->windows
	       : l->operations ? (double)all * 1000 / (double)l->operations
			       : NAN;
}

static void add(struct gate_values *values, const struct sample *s, const char *metric,
		enum gate_unit unit, double value)
{
	struct gate_value *v = gate_values_add(values, TIER, s->cell->name, metric, unit);

	if (!gate_trials_absent(s, v))
		v->value = value;
}

static void take(const struct sample *s, struct gate_values *values)
{
	const struct channel_locality *l = &s->locality;

	if (s->cell->mode == MODE_FOOTPRINT) {
		add(values, s, "area", GATE_BYTE_EVENTS, (double)sample_area(s));
		add(values, s, "peak", GATE_BYTES, (double)sample_most(s));
	} else {
		add(values, s, "lines", GATE_COUNT,
		    per_thousand(l, l->lines_in_windows, l->lines));
		add(values, s, "pages", GATE_COUNT,
		    per_thousand(l, l->pages_in_windows, l->pages));
	}
}

int gate_measure_memory(const struct gate_place *place, const struct contender *contender,
			struct gate_values *values, char *why, size_t why_size)
{
	struct gate_trials trials;
	struct cell *cells;
	int n, result = 0;

	n = gate_trials_cells(place, chosen, CHOSEN, &cells, why, why_size);
	if (n > 0) {
		result = gate_trials_run(place, contender, cells, (size_t)n, "memory", &trials,
					 why, why_size);
		for (size_t i = 0; result == 0 && i < trials.count; i++)
			take(&trials.samples[i], values);
		gate_trials_free(&trials);
	}
	free(cells);
	return n < 0 ? -1 : result;
}
