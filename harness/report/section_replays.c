/* Replays of traces: whether they did what was promised. */
#include "harness/report/section.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

static json_t *part(const struct result_sample *s, enum sample_field field)
{
	json_t *o = results_value(s->json, field);

	return json_is_object(o) ? o : NULL;
}

static bool has_replays(const struct result_set *set)
{
	for (size_t i = 0; i < set->nsamples; i++)
		if (part(&set->samples[i], FIELD_replay))
			return true;
	return false;
}

/* Samples of one cell and contender, said once. */
static bool said_before(const struct result_set *set, size_t i, const char *reason)
{
	for (size_t k = 0; k < i; k++) {
		const struct result_sample *s = &set->samples[k];
		json_t *o = part(s, FIELD_replay);

		if (s->cell == set->samples[i].cell &&
		    s->contender == set->samples[i].contender && o && !s->superseded &&
		    strcmp(json_field_text(o, "invalid"), reason) == 0)
			return true;
	}
	return false;
}

static void validity(struct document *d, const struct result_set *set)
{
	size_t all = 0, valid = 0;

	for (size_t i = 0; i < set->nsamples; i++)
		if (set->samples[i].ok && !set->samples[i].superseded &&
		    part(&set->samples[i], FIELD_replay)) {
			all++;
			valid += json_is_true(
				results_value(set->samples[i].json, FIELD_validated));
		}
	if (valid == all)
		document_paragraph(d);
	else
		document_warning(d);
	document_format(d,
			"%zu of %zu replays are validated: they made the calls that their "
			"trace promises, in number, size, alignment, threads and what was left "
			"alive, and had its peak of live bytes.",
			valid, all);
	if (valid == all)
		return;
	document_list(d, false);
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		json_t *o = part(s, FIELD_replay);
		const char *reason;

		if (!s->ok || s->superseded || !o ||
		    json_is_true(results_value(s->json, FIELD_validated)))
			continue;
		reason = json_field_text(o, "invalid");
		if (said_before(set, i, reason))
			continue;
		document_format(d, "%s (%s) under %s: %s", set->cells[s->cell].name,
				set->cells[s->cell].mode, set->contenders[s->contender].name,
				reason);
	}
}

/* The largest share of its life that a thread of these replays waited for others; 0 if none
 * says. */
static double most_waiting(const struct result_set *set, size_t cell, size_t contender)
{
	double most = 0;

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		json_t *o = part(s, FIELD_replay);

		if (s->cell == cell && s->contender == contender && s->ok && o &&
		    json_field_number(o, "wait_share") > most)
			most = json_field_number(o, "wait_share");
	}
	return most;
}

/* What was replayed, told by its contents: another trace may have the same name elsewhere. */
static void fingerprints(struct document *d, const struct result_set *set)
{
	static const char *const titles[] = {"trace", "what it is", "SHA-256 of its file",
					     NULL};
	bool any = false;

	for (size_t i = 0; i < set->ncells; i++) {
		const struct result_cell *cell = &set->cells[i];
		json_t *trace = json_object_get(cell->json, "trace");
		size_t k = 0;

		while (strcmp(set->cells[k].workload, cell->workload))
			k++;
		if (k < i || !json_is_object(trace))
			continue;
		if (!any) {
			document_table(d, titles);
			document_caption(d, "Traces that were replayed");
		}
		any = true;
		document_row(d);
		document_words(d, "%s", cell->workload);
		document_words(d, "%s", json_field_text(cell->json, "summary"));
		document_words(d, "%s", json_field_text(trace, "sha256"))->mark = MARK_PROOF;
	}
}

/* Where threads waited for each other for long, a replay also measures how they were
 * scheduled. */
static void waiting(struct document *d, const struct result_set *set)
{
	bool any = false;

	for (size_t i = 0; i < set->ncells; i++)
		for (size_t k = 0; k < set->ncontenders; k++) {
			double most = most_waiting(set, i, k);

			if (most <= 0.05)
				continue;
			if (!any) {
				document_paragraph(d);
				document_say(d, "A thread waited for others for more than 5 % "
						"of its life, so that scheduling is measured "
						"as well: ");
			}
			document_format(d, "%s%s (%s) under %s %.0f %%", any ? ", " : "",
					set->cells[i].name, set->cells[i].mode,
					set->contenders[k].name, 100 * most);
			any = true;
		}
	if (any)
		document_say(d, ".");
}

void section_replays(struct document *d, const struct comparison *c)
{
	if (!has_replays(c->set))
		return;
	document_section(d, "replays", "Replays of traces", NULL);
	validity(d, c->set);
	fingerprints(d, c->set);
	waiting(d, c->set);
}
