/* Tier 1: instructions under callgrind.
 *
 * One thread each, with the clock held, so that a count repeats whatever the machine does
 * meanwhile.  Sizes are such that all take about a minute on two CPUs. */
#include "harness/gate/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/gate/trials.h"
#include "harness/machine/profile.h"

#define TIER 1
#define METRIC "instructions"
#define SHARE_LEAST 0.0005 /* of a cell's instructions: functions with fewer are left out */

static const struct gate_choice chosen[] = {
	{"tiny-churn", "ops=300000", MODE_INSTRUCTIONS},
	{"live-sweep", "ops=100000", MODE_INSTRUCTIONS},
	{"size-sweep", "ops=60000", MODE_INSTRUCTIONS},
	{"skew-slots", "ops=100000,slots=20000", MODE_INSTRUCTIONS},
	{"realloc-growth", "ops=8000,length_max=65536", MODE_INSTRUCTIONS},
	{"aligned-calloc", "ops=20000", MODE_INSTRUCTIONS},
	{"set-cover", "ops=100000", MODE_INSTRUCTIONS},
	{"heap-walk", "ops=20000", MODE_INSTRUCTIONS},
	{"json-dom", "ops=200", MODE_INSTRUCTIONS},
	{"compiler-passes", "ops=60", MODE_INSTRUCTIONS},
	{"fleet-0", "ops=40000", MODE_INSTRUCTIONS},
	{"fleet-5", "ops=20000", MODE_INSTRUCTIONS},
	{"fleet-5", "ops=20000,step_ns=50000", MODE_INSTRUCTIONS},
	{"fleet-8", "ops=30000", MODE_INSTRUCTIONS},
	{"kv-server", "ops=60000", MODE_INSTRUCTIONS},
	{"req-region", "ops=1000", MODE_INSTRUCTIONS},
	{"llm-kv", "ops=150", MODE_INSTRUCTIONS},
	{"frag-drain", "ops=30000", MODE_INSTRUCTIONS},
	{"frag-attack", "ops=40000,live_mib=2,rounds=6", MODE_INSTRUCTIONS},
	{"size-shift", "ops=40000,live_mib=4", MODE_INSTRUCTIONS},
	{"diurnal", "ops=40000,live_mib=4", MODE_INSTRUCTIONS},
	{"big-buffers", "ops=2000,touch_percent=0", MODE_INSTRUCTIONS},
	{"trace:cc1plus", "ops=400000,mode=single", MODE_INSTRUCTIONS},
	{"trace:cpython", "ops=400000,mode=single", MODE_INSTRUCTIONS},
	{"trace:git", "ops=400000,mode=single", MODE_INSTRUCTIONS},
	{"trace:redis", "ops=400000,mode=single", MODE_INSTRUCTIONS},
	{"trace:redis-io", "ops=400000,mode=single", MODE_INSTRUCTIONS},
	{"trace:sqlite", "ops=400000,mode=single", MODE_INSTRUCTIONS},
};
#define CHOSEN (sizeof(chosen) / sizeof(chosen[0]))

static int most_first(const void *one, const void *other)
{
	const struct profile_function *x = one, *y = other;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Functions of the allocator by their names, others with their object: what a library's file
 * is called is no part of what it does. */
static void take_shares(struct gate_value *value, const char *library, const char *dump)
{
	const char *slash = strrchr(library, '/');
	struct profile profile;

	if (profile_read(&profile, dump) < 0)
		return;
	value->share_least = SHARE_LEAST * (double)profile.total;
	qsort(profile.list, profile.count, sizeof(*profile.list), most_first);
	for (size_t i = 0; i < profile.count; i++) {
		const struct profile_function *f = &profile.list[i];
		char *name;

		if ((double)f->self < value->share_least)
			break;
		name = strcmp(f->object, slash ? slash + 1 : library) == 0
			       ? text_format("%s", f->name)
			       : text_format("%s (%s)", f->name, f->object);
		gate_value_share(value, name, (double)f->self);
		free(name);
	}
	profile_free(&profile);
}

static void take(const struct gate_trials *trials, size_t i, struct gate_values *values)
{
	const struct sample *s = &trials->samples[i];
	struct gate_value *value =
		gate_values_add(values, TIER, s->cell->name, METRIC, GATE_COUNT);
	char *dump;

	if (gate_trials_absent(s, value))
		return;
	value->value = (double)s->instructions;
	dump = gate_trials_dump(trials, i);
	if (dump)
		take_shares(value, s->contender->path, dump);
	free(dump);
}

int gate_measure_instructions(const struct gate_place *place, const struct contender *contender,
			      struct gate_values *values, char *why, size_t why_size)
{
	char *valgrind = paths_find_program("valgrind");
	struct gate_trials trials;
	struct cell *cells;
	int n, result = 0;

	if (!valgrind)
		return because(why, why_size,
			       "valgrind, which counts instructions, is not installed");
	free(valgrind);
	n = gate_trials_cells(place, chosen, CHOSEN, &cells, why, why_size);
	if (n > 0) {
		result = gate_trials_run(place, contender, cells, (size_t)n, METRIC, &trials,
					 why, why_size);
		for (size_t i = 0; result == 0 && i < trials.count; i++)
			take(&trials, i, values);
		gate_trials_free(&trials);
	}
	free(cells);
	return n < 0 ? -1 : result;
}
