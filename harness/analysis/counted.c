#include "harness/analysis/counted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

bool counted_is_by(const json_t *counters, enum counted_by by)
{
	static const char *const others[] = {"", "none", "software", "callgrind", NULL};
	const char *tier = json_field_text(counters, "tier");

	return by == COUNTED_BY_HARDWARE ? !is_one_of(tier, others)
					 : !strcmp(tier, "callgrind");
}

bool counted_is_software(const char *event)
{
	static const char *const names[] = {"task-clock", "page-faults", "cpu-migrations",
					    "context-switches", NULL};

	return is_one_of(event, names);
}

size_t counted_values(const struct comparison *c, size_t cell, size_t contender,
		      const char *event, enum counted_by by, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		json_t *counters = results_value(s->json, FIELD_counters);
		json_t *events = json_object_get(counters, "events");
		double value = json_field_number(json_object_get(events, event), "value");

		if (s->ok && !s->superseded && s->cell == cell && s->contender == contender &&
		    counted_is_by(counters, by) && !isnan(value) && s->ops > 0)
			out[n++] = value / s->ops;
	}
	return n;
}

char *counted_of_what(const struct comparison *c)
{
	char *text = text_format("%s", ""), *moved = text_format("%s", "");
	bool own = false, programs = false, held = false;

	for (size_t i = 0; i < c->set->ncells; i++) {
		const struct result_cell *cell = &c->set->cells[i];
		double step = json_field_number(cell->json, "step_ns");

		if (!results_is_mode(cell, "instructions"))
			continue;
		programs |= results_is_program(cell);
		own |= !results_is_program(cell);
		held |= step == 0;
		if (step > 0)
			text_append(&moved, "%s %s by %.0f ns", *moved ? "," : "", cell->name,
				    step);
	}
	if (own)
		text_append(&text, " Of own workloads the timed part alone is counted%s",
			    held ? ", with the clock held still, so that nothing is done by it"
				 : "");
	if (*moved)
		text_append(&text,
			    "; each call of malloc, realloc or free moves the clock in%s",
			    moved);
	if (own)
		text_append(&text, ".");
	if (programs)
		text_append(&text, " Of programs the whole process is counted, from its start "
				   "to its end.");
	free(moved);
	return text;
}
