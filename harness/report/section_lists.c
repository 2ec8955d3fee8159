/* What the set is of: contenders, workloads, the environment. */
#include "harness/report/section.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

/* The distinct values of a text field over the good samples of a contender; eight are enough.
 */
static void proven(struct document *d, const struct comparison *c, size_t contender,
		   enum sample_field which)
{
	struct field *field = document_field(d, UNIT_WORDS);

	field->mark = MARK_PROOF;
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		const char *value = results_text(s->json, which);
		size_t k = 0;

		if (!s->ok || s->contender != contender || !*value)
			continue;
		while (k < field->nlines && strcmp(field->line[k], value))
			k++;
		if (k == field->nlines && k < 8)
			field_add_line(field, value);
	}
}

/* All members of an object as NAME=VALUE, on the heap. */
static char *assignments(json_t *object)
{
	char *all = text_format("%s", "");
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		char *text = json_is_string(value)
				     ? text_format("%s", json_string_value(value))
				     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		text_append(&all, "%s=%s ", name, text ? text : "?");
		free(text);
	}
	return all;
}

/* What came of a contender: the samples tell it, where there are any. */
static void contender_status(struct document *d, const struct comparison *c, size_t contender)
{
	const struct result_contender *of = &c->set->contenders[contender];
	size_t ok = 0, bad = 0;
	const char *reason = "";

	for (size_t i = 0; i < c->set->ncells; i++) {
		struct outcome o = comparison_outcome(c, i, contender);

		ok += o.ok;
		bad += o.failed + o.timeout;
		if (o.failed + o.timeout)
			reason = o.reason;
	}
	if (bad && !ok)
		document_words(d, "failed in every sample (%zu): %s", bad, reason);
	else if (bad)
		document_words(d, "failed in %zu of %zu samples", bad, bad + ok);
	else
		document_words(d, "%s%s%s", of->status, *of->reason ? ": " : "", of->reason);
}

void section_contenders(struct document *d, const struct study *study)
{
	static const char *const titles[] = {
		"contender",
		"status",
		"version",
		"build-id",
		"file that served malloc, as proven in the process",
		"package",
		"environment",
		"notes",
		NULL};
	const struct comparison *c = study->c;

	document_section(d, "contenders", "Contenders", "Contenders");
	document_table(d, titles);
	document_caption(d, "Allocators under test");
	for (size_t k = 0; k < c->set->ncontenders; k++) {
		const struct result_contender *contender = &c->set->contenders[k];
		char *env = assignments(json_object_get(contender->json, "env"));
		struct field *name;

		document_row(d);
		name = document_words(d, "%s", contender->name);
		name->colour = text_format("%s", study->styles[k].colour);
		contender_status(d, c, k);
		proven(d, c, k, FIELD_version);
		proven(d, c, k, FIELD_build_id);
		proven(d, c, k, FIELD_allocator_file);
		document_words(d, "%s", json_field_text(contender->json, "package"));
		document_words(d, "%s", env);
		document_words(d, "%s", json_field_text(contender->json, "notes"));
		free(env);
	}
}

/* What each cell does and what it cannot tell, as far as the manifest says so. */
void section_workloads(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"cell",
					     "mode",
					     "what it does",
					     "what it isolates",
					     "what it cannot tell",
					     "after",
					     "parameters",
					     NULL};

	document_section(d, "workloads", "Workloads", "Workloads");
	document_table(d, titles);
	document_caption(d, "Cells: workload, parameters and mode");
	for (size_t i = 0; i < c->set->ncells; i++) {
		const struct result_cell *cell = &c->set->cells[i];
		char *parameters = assignments(json_object_get(cell->json, "params"));

		document_row(d);
		document_words(d, "%s", cell->name);
		document_words(d, "%s", cell->mode);
		document_words(d, "%s", json_field_text(cell->json, "summary"));
		document_words(d, "%s", json_field_text(cell->json, "isolates"));
		document_words(d, "%s", json_field_text(cell->json, "cannot_tell"));
		document_words(d, "%s", json_field_text(cell->json, "source"));
		document_words(d, "%s", parameters);
		free(parameters);
	}
}

static void environment_rows(struct document *d, const char *path, json_t *value)
{
	const char *key;
	json_t *member;
	char *text;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member) {
			char *longer = text_format("%s%s%s", path, *path ? "." : "", key);

			environment_rows(d, longer, member);
			free(longer);
		}
		return;
	}
	text = json_is_string(value) ? text_format("%s", json_string_value(value))
				     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	document_row(d);
	document_words(d, "%s", path);
	document_words(d, "%s", text ? text : "");
	free(text);
}

void section_environment(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"what", "as found", NULL};

	document_section(d, "environment", "Environment", "Environment");
	document_table(d, titles);
	document_caption(d, "Machine and system as the run found them");
	environment_rows(d, "", json_object_get(c->set->manifest, "environment"));
}
