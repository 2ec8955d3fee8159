/* Tables of the page: gaps, contenders, workloads, environment. */
#include "harness/export/html_page.h"

#include <stdlib.h>
#include <string.h>

#include "harness/export/html.h"

bool page_never_ran(const struct report *r, size_t contender)
{
	bool sampled = false;

	for (size_t i = 0; i < r->set->nsamples; i++) {
		if (r->set->samples[i].contender != contender)
			continue;
		if (strcmp(r->set->samples[i].status, "skipped"))
			return false;
		sampled = true;
	}
	return !sampled || strcmp(r->set->contenders[contender].status, "ok");
}

static bool is_gap(const struct outcome *o)
{
	return !o->ok || o->failed || o->timeout || o->skipped;
}

size_t page_count_gaps(const struct report *r)
{
	size_t n = 0;

	for (size_t k = 0; k < r->set->ncontenders; k++) {
		if (page_never_ran(r, k)) {
			n++;
			continue;
		}
		for (size_t i = 0; i < r->set->ncells; i++) {
			struct outcome o = comparison_outcome(r->c, i, k);

			n += is_gap(&o);
		}
	}
	return n;
}

static void gap_row(FILE *f, const char *cell, const char *mode, const char *contender,
		    const struct outcome *o, const char *reason)
{
	fputs("<tr>", f);
	html_cell(f, cell);
	html_cell(f, mode);
	html_cell(f, contender);
	fprintf(f,
		"<td class=\"num\">%zu</td><td class=\"num\">%zu</td><td "
		"class=\"num\">%zu</td><td class=\"num\">%zu</td>",
		o->ok, o->failed, o->timeout, o->skipped);
	html_cell(f, reason);
	fputs("</tr>\n", f);
}

/* Why the run left out blocks of a cell, "" if it did not. */
static const char *unfinished_reason(const struct report *r, const struct result_cell *cell)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(r->set->manifest, "unfinished"), i, entry)
		if (!strcmp(json_field_text(entry, "cell"), cell->name) &&
		    !strcmp(json_field_text(entry, "mode"), cell->mode))
			return json_field_text(entry, "reason");
	return "";
}

/* The reason of a gap: the samples' own, the contender's, the run's.  cell may be null. */
static void gap_reason(const struct report *r, const struct result_cell *cell, size_t contender,
		       const struct outcome *o, char *text, size_t size)
{
	const char *own = r->set->contenders[contender].reason;
	const char *left_out = cell ? unfinished_reason(r, cell) : "";

	if (*o->reason)
		snprintf(text, size, "%s", o->reason);
	else if (*own)
		snprintf(text, size, "%s", own);
	else if (*left_out)
		snprintf(text, size, "left out by the run: %s", left_out);
	else if (!json_is_string(json_object_get(r->set->manifest, "finished")))
		snprintf(text, size, "the run was not finished");
	else
		snprintf(text, size, "the run gave no reason");
}

void page_gaps(struct report *r, FILE *f)
{
	static const char *const titles[] = {
		"cell",   "mode",    "contender", "ok",
		"failed", "timeout", "skipped",   "reason (of the last)",
		NULL};
	char reason[512];

	if (!page_count_gaps(r)) {
		fputs("<p>None: each cell holds good samples of each contender, and nothing "
		      "else.</p>\n",
		      f);
		return;
	}
	html_table_begin(f, titles);
	for (size_t k = 0; k < r->set->ncontenders; k++) {
		const char *name = r->set->contenders[k].name;
		struct outcome all = {.status = "", .reason = ""};

		for (size_t i = 0; i < r->set->ncells; i++) {
			struct outcome o = comparison_outcome(r->c, i, k);

			if (page_never_ran(r, k)) {
				all.skipped += o.skipped;
				all.reason = *o.reason ? o.reason : all.reason;
				continue;
			}
			if (!is_gap(&o))
				continue;
			gap_reason(r, &r->set->cells[i], k, &o, reason, sizeof(reason));
			gap_row(f, r->set->cells[i].name, r->set->cells[i].mode, name, &o,
				reason);
		}
		if (page_never_ran(r, k)) {
			gap_reason(r, NULL, k, &all, reason, sizeof(reason));
			gap_row(f, "all", "all", name, &all, reason);
		}
	}
	html_table_end(f);
}

/* The distinct values of a text field over the good samples of a contender. */
static void proven(struct report *r, FILE *f, size_t contender, const char *key)
{
	const char *seen[8];
	size_t n = 0;

	fputs("<td class=\"proof\">", f);
	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];
		const char *value = json_field_text(s->json, key);
		size_t k = 0;

		if (!s->ok || s->contender != contender || !*value)
			continue;
		while (k < n && strcmp(seen[k], value))
			k++;
		if (k < n || n == 8)
			continue;
		fputs(n ? "<br>" : "", f);
		html_text(f, value);
		seen[n++] = value;
	}
	fputs(n ? "</td>" : "–</td>", f);
}

void page_contenders(struct report *r, FILE *f)
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

	html_table_begin(f, titles);
	for (size_t k = 0; k < r->set->ncontenders; k++) {
		const struct result_contender *contender = &r->set->contenders[k];
		json_t *env = json_object_get(contender->json, "env"), *value;
		const char *name;

		fputs("<tr>", f);
		fprintf(f, "<td><span style=\"color:%s\">■</span> ", r->styles[k].colour);
		html_text(f, contender->name);
		fputs("</td><td>", f);
		html_format(f, "%s%s%s", contender->status, *contender->reason ? ": " : "",
			    contender->reason);
		fputs("</td>", f);
		proven(r, f, k, "version");
		proven(r, f, k, "build_id");
		proven(r, f, k, "allocator_file");
		html_cell(f, json_field_text(contender->json, "package"));
		fputs("<td>", f);
		json_object_foreach(env, name, value)
			html_format(f, "%s=%s ", name,
				    json_is_string(value) ? json_string_value(value) : "?");
		fputs("</td>", f);
		html_cell(f, json_field_text(contender->json, "notes"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

/* What each cell does and what it cannot tell, as far as the manifest says so. */
void page_cells(struct report *r, FILE *f)
{
	static const char *const titles[] = {"cell",
					     "mode",
					     "what it does",
					     "what it isolates",
					     "what it cannot tell",
					     "after",
					     "parameters",
					     NULL};

	html_table_begin(f, titles);
	for (size_t i = 0; i < r->set->ncells; i++) {
		const struct result_cell *cell = &r->set->cells[i];
		const char *name;
		json_t *value;

		fputs("<tr>", f);
		html_cell(f, cell->name);
		html_cell(f, cell->mode);
		html_cell(f, json_field_text(cell->json, "summary"));
		html_cell(f, json_field_text(cell->json, "isolates"));
		html_cell(f, json_field_text(cell->json, "cannot_tell"));
		html_cell(f, json_field_text(cell->json, "source"));
		fputs("<td>", f);
		json_object_foreach(json_object_get(cell->json, "params"), name, value) {
			char *text =
				json_is_string(value)
					? strdup(json_string_value(value))
					: json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

			html_format(f, "%s=%s ", name, text ? text : "?");
			free(text);
		}
		fputs("</td></tr>\n", f);
	}
	html_table_end(f);
}

static void environment_rows(FILE *f, const char *path, json_t *value)
{
	const char *key;
	json_t *member;
	char *text;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member) {
			char *longer;

			if (asprintf(&longer, "%s%s%s", path, *path ? "." : "", key) < 0)
				abort();
			environment_rows(f, longer, member);
			free(longer);
		}
		return;
	}
	text = json_is_string(value) ? strdup(json_string_value(value))
				     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	fputs("<tr>", f);
	html_cell(f, path);
	html_cell(f, text ? text : "");
	fputs("</tr>\n", f);
	free(text);
}

void page_environment(struct report *r, FILE *f)
{
	static const char *const titles[] = {"what", "as found", NULL};

	html_table_begin(f, titles);
	environment_rows(f, "", json_object_get(r->set->manifest, "environment"));
	html_table_end(f);
}
