#include "harness/html_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/html.h"

/* A contender that never ran has no column in the tables of ratios, and one gap, not one per
 * cell. */
static bool never_ran(const struct report *r, size_t contender)
{
	for (size_t i = 0; i < r->set->nsamples; i++)
		if (r->set->samples[i].contender == contender)
			return false;
	return true;
}

static void head(FILE *f, const char *const *titles)
{
	fputs("<div class=\"wide\"><table><thead><tr>", f);
	for (; *titles; titles++) {
		fputs("<th>", f);
		html_text(f, *titles);
		fputs("</th>", f);
	}
	fputs("</tr></thead><tbody>\n", f);
}

static void tail(FILE *f)
{
	fputs("</tbody></table></div>\n", f);
}

static void field(FILE *f, const char *text)
{
	fputs("<td>", f);
	html_text(f, text);
	fputs("</td>", f);
}

static void time_text(char *text, size_t size, double ns)
{
	if (isnan(ns))
		snprintf(text, size, "–");
	else if (ns < 1e3)
		snprintf(text, size, "%.3g ns", ns);
	else if (ns < 1e6)
		snprintf(text, size, ns < 1e5 ? "%.3g µs" : "%.0f µs", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, size, ns < 1e8 ? "%.3g ms" : "%.0f ms", ns / 1e6);
	else
		snprintf(text, size, "%.3g s", ns / 1e9);
}

static void interval_field(FILE *f, const struct interval *i, size_t blocks)
{
	bool open = isnan(i->low);

	/* Grey, not bold: the page does not say what is better, only what is not known. */
	fprintf(f, "<td class=\"ratio%s\">",
		open || (i->low <= 1 && 1 <= i->high) ? " unsure" : "");
	fprintf(f, "%.3f", i->point);
	if (!open)
		fprintf(f, " <small>[%.3f, %.3f]</small>", i->low, i->high);
	if (i->n < blocks)
		fprintf(f, " <small>n=%zu</small>", i->n);
	fputs("</td>", f);
}

void page_geomeans(struct report *r, FILE *f)
{
	static const char *const titles[] = {
		"contender",
		"CPU time, all",
		"own workloads",
		"programs",
		"peak RSS, all",
		"own workloads",
		"programs",
		"CPU: cells below 1 / containing 1 / above 1",
		NULL,
	};
	const struct comparison *c = r->c;
	size_t all = r->set->ncontenders;

	head(f, titles);
	for (size_t j = 0; j < r->nshown; j++) {
		size_t k = r->shown[j], below = 0, above = 0, within = 0;

		if (k == c->reference)
			continue;
		fputs("<tr>", f);
		field(f, r->set->contenders[k].name);
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			for (int scope = 0; scope < SCOPES; scope++) {
				const struct interval *i =
					&c->geomean[m][k * SCOPES + (size_t)scope];

				if (i->n)
					interval_field(f, i, 0);
				else
					field(f, "–");
			}
		for (size_t i = 0; i < r->set->ncells; i++) {
			const struct interval *ratio = &c->ratio[METRIC_CPU][i * all + k];

			if (!ratio->n || isnan(ratio->low))
				continue;
			below += ratio->high < 1;
			above += ratio->low > 1;
			within += ratio->low <= 1 && 1 <= ratio->high;
		}
		fprintf(f, "<td class=\"num\">%zu / %zu / %zu</td></tr>\n", below, within,
			above);
	}
	tail(f);
	if (r->nulls)
		fputs("<p>null has no geometric mean: it never reuses memory, so it bounds "
		      "nothing, and it "
		      "is skipped where that would take too much.</p>\n",
		      f);
}

/* What stands where there is no ratio: a mark, and the reason as a tooltip. */
static void hole_field(struct report *r, FILE *f, size_t cell, size_t contender)
{
	struct outcome o = comparison_outcome(r->c, cell, contender);
	const char *reason = *o.reason ? o.reason : r->set->contenders[contender].reason;

	fputs("<td class=\"hole\" title=\"", f);
	html_text(f, *reason ? reason : "no pair of samples with the reference");
	fprintf(f, "\"><a href=\"#gaps\">%s</a></td>",
		o.ok        ? "no pair"
		: o.failed  ? "failed"
		: o.timeout ? "timeout"
			    : "skipped");
}

void page_ratios(struct report *r, FILE *f, enum metric metric)
{
	const struct comparison *c = r->c;
	size_t all = r->set->ncontenders;
	const char *reference = r->set->contenders[c->reference].name;

	fputs("<div class=\"wide\"><table><thead><tr><th>cell</th>", f);
	fputs("<th>", f);
	html_format(f, metric == METRIC_CPU ? "%s, CPU time" : "%s, peak RSS", reference);
	fputs("</th>", f);
	for (size_t k = 0; k < all; k++)
		if (k != c->reference && !never_ran(r, k)) {
			fputs("<th>", f);
			html_text(f, r->set->contenders[k].name);
			fputs("</th>", f);
		}
	fputs("</tr></thead><tbody>\n", f);
	for (size_t i = 0; i < r->set->ncells; i++) {
		const struct result_cell *cell = &r->set->cells[i];
		struct interval reference_value;
		char text[64];

		if (!cell_is(cell, "throughput"))
			continue;
		fputs("<tr><td>", f);
		html_text(f, cell->name);
		fputs("</td><td class=\"num\">", f);
		reference_value = comparison_median(c, i, c->reference, metric);
		if (metric == METRIC_CPU)
			time_text(text, sizeof(text), reference_value.point);
		else
			snprintf(text, sizeof(text), "%.1f MiB",
				 reference_value.point / 0x1p20);
		html_text(f, reference_value.n ? text : "–");
		if (metric == METRIC_CPU && *cell->ops_unit)
			html_format(f, " / %s", cell->ops_unit);
		fputs("</td>", f);
		for (size_t k = 0; k < all; k++) {
			const struct interval *ratio = &c->ratio[metric][i * all + k];

			if (k == c->reference || never_ran(r, k))
				continue;
			if (ratio->n)
				interval_field(f, ratio, reference_value.n);
			else
				hole_field(r, f, i, k);
		}
		fputs("</tr>\n", f);
	}
	tail(f);
}

void page_latency(struct report *r, FILE *f)
{
	static const char *const kinds[] = {"alloc", "free", "request"};
	static const double points[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
	static const char *const titles[] = {"cell",   "of",  "contender", "values",
					     "p50",    "p90", "p99",       "p99.9",
					     "p99.99", "max", NULL};
	size_t rows = 0;
	char text[64];

	head(f, titles);
	for (size_t i = 0; i < r->set->ncells; i++)
		for (int kind = 0; kind < 3 && cell_is(&r->set->cells[i], "latency"); kind++)
			for (size_t j = 0; j < r->nshown; j++) {
				struct distribution d = {0};

				latency_collect(r, i, r->shown[j], kinds[kind], &d);
				if (d.count) {
					fputs("<tr>", f);
					field(f, r->set->cells[i].name);
					field(f, kinds[kind]);
					field(f, r->set->contenders[r->shown[j]].name);
					fprintf(f, "<td class=\"num\">%llu</td>",
						(unsigned long long)d.count);
					for (int p = 0; p < 5; p++) {
						time_text(
							text, sizeof(text),
							distribution_percentile(&d, points[p]));
						fprintf(f, "<td class=\"num\">%s</td>", text);
					}
					time_text(text, sizeof(text),
						  d.max_ns > 0 ? d.max_ns : NAN);
					fprintf(f, "<td class=\"num\">%s</td></tr>\n", text);
					rows++;
				}
				distribution_free(&d);
			}
	tail(f);
	if (!rows)
		fputs("<p>No latency was measured in this set.</p>\n", f);
}

static bool is_gap(const struct outcome *o)
{
	return !o->ok || o->failed || o->timeout || o->skipped;
}

size_t page_count_gaps(const struct report *r)
{
	size_t n = 0;

	for (size_t k = 0; k < r->set->ncontenders; k++) {
		if (never_ran(r, k)) {
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
	field(f, cell);
	field(f, mode);
	field(f, contender);
	fprintf(f,
		"<td class=\"num\">%zu</td><td class=\"num\">%zu</td><td class=\"num\">%zu</td>"
		"<td class=\"num\">%zu</td>",
		o->ok, o->failed, o->timeout, o->skipped);
	field(f, reason);
	fputs("</tr>\n", f);
}

void page_gaps(struct report *r, FILE *f)
{
	static const char *const titles[] = {
		"cell",   "mode",    "contender", "ok",
		"failed", "timeout", "skipped",   "reason (of the last)",
		NULL};
	bool finished = json_is_string(json_object_get(r->set->manifest, "finished"));
	const struct outcome nothing = {.status = "", .reason = ""};

	if (!page_count_gaps(r)) {
		fputs("<p>None: each cell holds good samples of each contender, and nothing "
		      "else.</p>\n",
		      f);
		return;
	}
	head(f, titles);
	for (size_t k = 0; k < r->set->ncontenders; k++) {
		const struct result_contender *contender = &r->set->contenders[k];

		if (never_ran(r, k)) {
			gap_row(f, "all", "all", contender->name, &nothing,
				*contender->reason ? contender->reason
				: finished         ? "no sample, and the run gave no reason"
						   : "the run was not finished");
			continue;
		}
		for (size_t i = 0; i < r->set->ncells; i++) {
			struct outcome o = comparison_outcome(r->c, i, k);

			if (!is_gap(&o))
				continue;
			gap_row(f, r->set->cells[i].name, r->set->cells[i].mode,
				contender->name, &o,
				*o.reason                          ? o.reason
				: o.failed + o.timeout + o.skipped ? "no reason recorded"
				: finished ? "no sample, and the run gave no reason"
					   : "the run was not finished");
		}
	}
	tail(f);
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

	head(f, titles);
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
		field(f, json_field_text(contender->json, "package"));
		fputs("<td>", f);
		json_object_foreach(env, name, value)
			html_format(f, "%s=%s ", name,
				    json_is_string(value) ? json_string_value(value) : "?");
		fputs("</td>", f);
		field(f, json_field_text(contender->json, "notes"));
		fputs("</tr>\n", f);
	}
	tail(f);
}

static void environment_rows(FILE *f, const char *path, json_t *value)
{
	const char *key;
	json_t *member;
	char *text;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member)
		{
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
	field(f, path);
	field(f, text ? text : "");
	fputs("</tr>\n", f);
	free(text);
}

void page_environment(struct report *r, FILE *f)
{
	static const char *const titles[] = {"what", "as found", NULL};

	head(f, titles);
	environment_rows(f, "", json_object_get(r->set->manifest, "environment"));
	tail(f);
}
