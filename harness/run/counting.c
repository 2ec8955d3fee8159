#include "harness/run/counting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"

static void add_modes(struct suite_choice *choice, counter_choice asked)
{
	choice->adds[MODE_INSTRUCTIONS] |= counter_sets_have(asked, COUNTERS_CALLGRIND) != 0;
	choice->adds[MODE_LOCALITY] |= counter_sets_have(asked, COUNTERS_MODEL) != 0;
	choice->adds[MODE_SHARING] |= counter_sets_have(asked, COUNTERS_TRACED) != 0;
}

void counting_add_modes(struct run_request *o)
{
	/* Where sections of a job file name the workloads, the cells are theirs. */
	if (!o->nparts || o->choice.nworkloads)
		add_modes(&o->choice, o->counters);
	for (int i = 0; i < o->nparts; i++)
		add_modes(&o->parts[i]->choice, o->counters);
}

/* What serves a set here. */
static const char *serve(const struct counter_source *source, const struct counter_set *set,
			 char *line, size_t size)
{
	const char *tier;
	char *valgrind;

	switch (set->kind) {
	case COUNTERS_HARDWARE:
		return counters_probe(source, set, line, size);
	case COUNTERS_SOFTWARE:
		return counters_probe(source, NULL, line, size);
	case COUNTERS_CALLGRIND:
	case COUNTERS_TRACED:
		valgrind = paths_find_program("valgrind");
		because(line, size, "%s",
			!valgrind                      ? "valgrind is not installed"
			: set->kind == COUNTERS_TRACED ? "cells of mode sharing"
						       : "cells of mode instructions");
		tier = valgrind ? set->name : "none";
		free(valgrind);
		return tier;
	default:
		because(line, size, "cells of mode locality");
		return "model";
	}
}

static bool is_hardware(const struct counter_set *set)
{
	return set->kind == COUNTERS_HARDWARE;
}

json_t *counting_plan(const struct counter_source *source, counter_choice asked)
{
	counter_choice choice = asked ? asked : counter_sets_default();
	json_t *sets = json_array(), *plan;
	const char *best = "", *reason = "";
	char line[256], why[256] = "";

	for (int i = 0; i < counter_sets_count; i++) {
		const struct counter_set *set = &counter_sets[i];
		const char *tier;

		if (!(choice >> i & 1))
			continue;
		tier = serve(source, set, line, sizeof(line));
		json_array_append_new(sets, json_pack("{s:s, s:s, s:s}", "set", set->name,
						      "tier", tier, "reason", line));
		/* The best tier that hardware events have; the first reason for another one. */
		if (is_hardware(set) && (!*best || !strcmp(tier, source->tier)) &&
		    strcmp(best, source->tier) != 0) {
			best = tier;
			snprintf(why, sizeof(why), "%s", line);
		}
	}
	reason = why;
	if (!*best) {
		best = counters_probe(source, NULL, line, sizeof(line));
		reason = "no set of hardware events was asked for";
	}
	plan = json_pack("{s:s, s:s, s:o}", "tier", best, "reason", reason, "sets", sets);
	return plan;
}

counter_choice counting_choice(const json_t *counters)
{
	counter_choice choice = 0;
	json_t *part;
	size_t i;

	json_array_foreach(json_object_get(counters, "sets"), i, part) {
		const char *name = "", *tier = "";
		int set;

		json_unpack(part, "{s:s, s:s}", "set", &name, "tier", &tier);
		set = counter_sets_find(name, strlen(name));
		if (set >= 0 && (!is_hardware(&counter_sets[set]) ||
				 (strcmp(tier, "software") != 0 && strcmp(tier, "none") != 0)))
			choice |= 1u << set;
	}
	return choice;
}

void counting_show(const struct manifest *m)
{
	json_t *sets = json_object_get(m->counters, "sets"), *part;
	counter_choice choice = counting_choice(m->counters);
	const char *said = "";
	size_t i;

	json_array_foreach(sets, i, part) {
		const char *name = "", *tier = "", *reason = "";

		json_unpack(part, "{s:s, s:s, s:s}", "set", &name, "tier", &tier, "reason",
			    &reason);
		/* What is missing for all of them is said once. */
		printf("counters: %s: %s%s%s%s\n", name, tier, strcmp(said, reason) ? " (" : "",
		       strcmp(said, reason) ? reason : "", strcmp(said, reason) ? ")" : "");
		said = reason;
	}
	for (int block = m->blocks; block < counter_sets_turns(choice); block++)
		printf("counters: %s has no turn in %d block%s\n",
		       counter_sets_turn(choice, block)->name, m->blocks,
		       m->blocks == 1 ? "" : "s");
}
