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

static const struct {
	const char *workload, *settings;
} chosen[] = {
	{"tiny-churn", "ops=300000"},
	{"live-sweep", "ops=100000"},
	{"size-sweep", "ops=60000"},
	{"skew-slots", "ops=100000,slots=20000"},
	{"realloc-growth", "ops=8000,length_max=65536"},
	{"aligned-calloc", "ops=20000"},
	{"set-cover", "ops=100000"},
	{"heap-walk", "ops=20000"},
	{"json-dom", "ops=200"},
	{"compiler-passes", "ops=60"},
	{"fleet-0", "ops=40000"},
	{"fleet-5", "ops=20000"},
	{"fleet-5", "ops=20000,step_ns=50000"},
	{"fleet-8", "ops=30000"},
	{"kv-server", "ops=60000"},
	{"req-region", "ops=1000"},
	{"llm-kv", "ops=150"},
	{"frag-drain", "ops=30000"},
	{"frag-attack", "ops=40000,live_mib=2,rounds=6"},
	{"size-shift", "ops=40000,live_mib=4"},
	{"diurnal", "ops=40000,live_mib=4"},
	{"big-buffers", "ops=2000,touch_percent=0"},
	{"trace:cc1plus", "ops=400000,mode=single"},
	{"trace:cpython", "ops=400000,mode=single"},
	{"trace:git", "ops=400000,mode=single"},
	{"trace:redis", "ops=400000,mode=single"},
	{"trace:redis-io", "ops=400000,mode=single"},
	{"trace:sqlite", "ops=400000,mode=single"},
};
#define CHOSEN (sizeof(chosen) / sizeof(chosen[0]))

/* Cells that are wanted, into room for all; their number, or -1 with `why`. */
static int make_cells(const char *globs, struct cell *cells, char *why, size_t why_size)
{
	int n = 0;

	for (size_t i = 0; i < CHOSEN; i++) {
		if (!cell_init(&cells[n], chosen[i].workload, MODE_INSTRUCTIONS))
			return because(why, why_size,
				       "%s is not there: the traces of the bench are in %s",
				       chosen[i].workload, paths_find()->traces);
		if (cell_set(&cells[n], chosen[i].settings, why, why_size) < 0)
			return -1;
		n += gate_cell_wanted(globs, cells[n].name);
	}
	return n;
}

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

	if (s->status == SAMPLE_SKIPPED) {
		value->skipped = text_format("%s", s->reason);
		return;
	}
	if (s->status != SAMPLE_OK) {
		value->failure = text_format("%s", s->reason);
		return;
	}
	value->value = (double)s->instructions;
	dump = gate_trials_dump(trials, i);
	if (dump)
		take_shares(value, s->contender->path, dump);
	free(dump);
}

int gate_measure_instructions(const struct gate_place *place, const struct contender *contender,
			      struct gate_values *values, char *why, size_t why_size)
{
	struct cell *cells = calloc(CHOSEN + 1, sizeof(*cells));
	char *valgrind = paths_find_program("valgrind");
	struct gate_trials trials;
	int n, result = -1;

	if (!cells)
		return because(why, why_size, "out of memory");
	if (!valgrind) {
		free(cells);
		return because(why, why_size,
			       "valgrind, which counts instructions, is not installed");
	}
	free(valgrind);
	n = make_cells(place->cells, cells, why, why_size);
	if (n > 0) {
		result = gate_trials_run(place, contender, cells, (size_t)n, METRIC, &trials,
					 why, why_size);
		for (size_t i = 0; result == 0 && i < trials.count; i++)
			take(&trials, i, values);
		gate_trials_free(&trials);
	}
	free(cells);
	return n < 0 ? -1 : n == 0 ? 0 : result;
}
