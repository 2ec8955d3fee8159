/* Counters: which sets were asked for and what served them, what each event is worth, what was
 * simulated, and how far apart the counts of several threads are. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/counted.h"
#include "harness/stats/statistics.h"

static json_t *sets_of(const struct comparison *c)
{
	return json_object_get(json_object_get(c->set->manifest, "counters"), "sets");
}

static bool counts(const struct result_sample *s)
{
	return s->ok && !s->superseded;
}

/* The sets, as the run found them. */
static void sets(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"set", "served by", "why", NULL};
	json_t *part;
	size_t i;

	document_paragraph(d);
	document_say(d, "What was counted beside times, in named sets. Sets of hardware events "
			"take turns over blocks, one a block, and all contenders of a block "
			"have the same: none has to share its counters. Software events are "
			"counted in every block.");
	document_table(d, titles);
	document_caption(d, "Sets of counters");
	json_array_foreach(sets_of(c), i, part) {
		document_row(d);
		document_words(d, "%s", json_field_text(part, "set"));
		document_words(d, "%s", json_field_text(part, "tier"));
		document_words(d, "%s", json_field_text(part, "reason"));
	}
}

struct event {
	const char *name, *set, *tier;
	size_t samples, flagged, missing;
	const char *error;
};

/* The entry of an event, made where there is none. */
static struct event *find(struct event *list, size_t *n, size_t most, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	if (*n == most)
		return NULL;
	list[*n] = (struct event){.name = name, .set = "", .tier = "", .error = ""};
	return &list[(*n)++];
}

#define EVENTS 40

static size_t collect(const struct comparison *c, struct event *list)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		json_t *counters = results_value(s->json, FIELD_counters), *value;
		const char *name;

		if (!counts(s))
			continue;
		json_object_foreach(json_object_get(counters, "events"), name, value) {
			struct event *e = find(list, &n, EVENTS, name);

			if (!e)
				continue;
			if (counted_is_software(name)) { /* beside every set */
				e->set = e->tier = "software";
			} else {
				e->set = json_field_text(counters, "set");
				e->tier = json_field_text(counters, "tier");
			}
			e->samples++;
			e->flagged += json_is_true(json_object_get(value, "scaled"));
		}
		json_object_foreach(json_object_get(counters, "missing"), name, value) {
			struct event *e = find(list, &n, EVENTS, name);

			if (!e)
				continue;
			e->set = json_field_text(counters, "set");
			e->missing++;
			e->error = json_string_value(value) ? json_string_value(value) : "";
		}
	}
	return n;
}

static void events(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"event",   "set",     "counted by", "samples",
					     "flagged", "missing", "why",        NULL};
	struct event list[EVENTS];
	size_t n = collect(c, list);

	if (!n)
		return;
	document_paragraph(d);
	document_say(d, "A sample is flagged where the kernel counted the event less than 95 % "
			"of the time and the value was scaled up, and missing where it could "
			"not be had, with the last reason.");
	document_table(d, titles);
	document_caption(d, "Events, and in how many samples they were had");
	for (size_t i = 0; i < n; i++) {
		document_row(d);
		document_words(d, "%s", list[i].name);
		document_words(d, "%s", list[i].set);
		document_words(d, "%s", *list[i].tier ? list[i].tier : "-");
		document_number(d, UNIT_COUNT, (double)list[i].samples);
		document_number(d, UNIT_COUNT, (double)list[i].flagged);
		document_number(d, UNIT_COUNT, (double)list[i].missing);
		document_words(d, "%s", list[i].error);
	}
}

/* Instructions per operation, of the blocks of a cell and contender, in ascending order. */
static size_t instructions_of(const struct comparison *c, size_t cell, size_t contender,
			      double *values)
{
	size_t n = 0;

	comparison_values(c, cell, contender, METRIC_INSTRUCTIONS, values);
	for (size_t b = 0; b < c->nblocks; b++)
		if (!isnan(values[b]))
			values[n++] = values[b];
	qsort(values, n, sizeof(*values), stat_ascending);
	return n;
}

static void simulated(struct document *d, const struct comparison *c, double *values)
{
	static const char *const names[] = {"D1-misses", "LL-misses", "branch-misses"};
	static const char *const titles[] = {"cell", "contender", NULL};
	bool any = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t k = 0; k < c->set->ncontenders; k++) {
			if (strcmp(c->set->cells[i].mode, "instructions") ||
			    !counted_values(c, i, k, names[0], COUNTED_BY_CALLGRIND, values))
				continue;
			if (!any) {
				document_paragraph(d);
				document_say(
					d,
					"Misses of what callgrind simulates: first-level "
					"caches of 32 KiB in 8 ways, a last level of 8 MiB in "
					"16, lines of 64 bytes, a predictor of branches of "
					"its own. No CPU has exactly these, and no gate "
					"judges by them. Medians over blocks.");
				document_table(d, titles);
				document_caption(d, "Simulated misses per 1000 operations");
				document_column(d, "first-level data");
				document_column(d, "last level");
				document_column(d, "mispredicted branches");
			}
			any = true;
			document_row(d);
			document_words(d, "%s", c->set->cells[i].name);
			document_words(d, "%s", c->set->contenders[k].name);
			for (size_t e = 0; e < sizeof(names) / sizeof(*names); e++) {
				size_t n = counted_values(c, i, k, names[e],
							  COUNTED_BY_CALLGRIND, values);

				document_number(d, UNIT_PLAIN,
						n ? 1000 * stat_median(values, n) : NAN);
			}
		}
}

static void spread(struct document *d, const struct comparison *c, double *values)
{
	static const char *const titles[] = {
		"cell", "contender",         "blocks", "instructions", "least",
		"most", "spread in percent", NULL};
	bool any = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t k = 0; k < c->set->ncontenders; k++) {
			size_t n = 0;

			if (!strcmp(c->set->cells[i].mode, "instructions"))
				n = instructions_of(c, i, k, values);
			/* Of one thread it repeats, and there is no need for a second block. */
			if (n < 2)
				continue;
			if (!any) {
				document_paragraph(d);
				document_say(
					d,
					"Instructions per operation of cells that were "
					"counted more than once, as those with several "
					"threads are: who waits for whom differs from run to "
					"run, so a difference within this spread tells "
					"nothing. No gate judges by them.");
				document_table(d, titles);
				document_caption(d, "Spread of counted instructions");
			}
			any = true;
			document_row(d);
			document_words(d, "%s", c->set->cells[i].name);
			document_words(d, "%s", c->set->contenders[k].name);
			document_number(d, UNIT_COUNT, (double)n);
			document_number(d, UNIT_PLAIN, stat_median(values, n));
			document_number(d, UNIT_PLAIN, values[0]);
			document_number(d, UNIT_PLAIN, values[n - 1]);
			document_number(d, UNIT_PLAIN,
					100 * (values[n - 1] - values[0]) /
						stat_median(values, n));
		}
}

void section_counters(struct document *d, const struct comparison *c)
{
	double *values;

	/* Older sets have no sets. */
	if (!json_array_size(sets_of(c)))
		return;
	values = malloc((c->set->nsamples + c->nblocks + 1) * sizeof(*values));
	if (!values)
		abort();
	document_section(d, "counters", "Counters", "Counters");
	sets(d, c);
	events(d, c);
	simulated(d, c, values);
	spread(d, c, values);
	free(values);
}
