#include "harness/report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/analysis/latencies.h"
#include "harness/analysis/tally.h"
#include "harness/report/section.h"

/* The contenders that are compared: every one that was shown but the reference. */
static bool is_other(const struct comparison *c, size_t contender)
{
	return contender != c->reference && !comparison_never_ran(c, contender);
}

/* Why there is no number. */
static const char *status_of(const struct comparison *c, size_t cell, size_t contender)
{
	struct outcome o = comparison_outcome(c, cell, contender);

	if (latencies_saturation(c, cell, contender).samples)
		return "saturated";
	return o.ok ? "no pair" : *o.status ? o.status : "–";
}

/* As it is; with its interval if `whole`. */
static void add_value(struct document *d, const struct findings *f, size_t cell,
		      const struct finding_metric *metric, size_t contender, bool whole)
{
	const struct finding *one = findings_find(f, cell, metric, contender);
	struct field *field;

	if (!one) {
		document_words(d, "%s", status_of(f->c, cell, contender));
		return;
	}
	field = document_number(d, section_unit(metric), one->value.point);
	field->low = whole ? one->value.low : NAN;
	field->high = whole ? one->value.high : NAN;
	section_doubt(field, &one->value_doubts);
	if (contender == f->c->reference)
		field->best = one->best;
}

static void add_ratio(struct document *d, const struct findings *f, size_t cell,
		      const struct finding_metric *metric, size_t contender)
{
	const struct finding *one = findings_find(f, cell, metric, contender);
	struct field *field;

	if (!one || !one->ratio.n) {
		document_words(d, "%s", status_of(f->c, cell, contender));
		return;
	}
	field = section_interval(d, &one->ratio, &one->doubts);
	field->best = one->best;
}

static void what_ran(struct document *d, const struct comparison *c)
{
	struct tally tally = tally_of(c->set);
	char *samples = tally_text(&tally), *world = section_world(c);

	document_paragraph(d);
	document_format(d, "Suite %s %s, revision %s, on %s, %s: %s.",
			section_recorded(c, "suite"), section_recorded(c, "suite_version"),
			section_recorded(c, "revision"), section_recorded(c, "host"), world,
			samples);
	if (c->nshown)
		document_format(d,
				" Ratios are to %s, with their 95 %% interval; less is better.",
				section_reference(c));
	free(samples);
	free(world);
	if (!*json_field_text(c->set->manifest, "finished")) {
		document_warning(d);
		document_say(d, "This run was not finished: cells may be empty or hold fewer "
				"blocks than planned.");
	}
}

/* Samples of a contender that failed or ran out of time. */
static size_t count_failed(const struct comparison *c, size_t contender)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->ncells; i++) {
		struct outcome o = comparison_outcome(c, i, contender);

		n += o.failed + o.timeout;
	}
	return n;
}

static void mean_fields(struct document *d, const struct report *report, size_t contender,
			enum scope scope, enum metric metric)
{
	if (contender != report->c->reference)
		section_mean(d, means_of(report->means, report->c, contender, scope, metric),
			     false);
	for (int i = 0; contender == report->c->reference && i < 3; i++)
		document_words(d, report->c->nshown ? "1" : "–");
}

/* A line per contender.  Programs and own workloads are never one number: what is half of the
 * one may be nothing of the other. */
static void contenders_table(struct document *d, const struct report *report)
{
	static const char *const titles[] = {"contender", NULL};
	static const char *const means[] = {"CPU time, programs", "CPU time, own workloads",
					    "peak memory, programs",
					    "peak memory, own workloads"};
	const struct comparison *c = report->c;

	document_table(d, titles);
	for (size_t i = 0; i < 4; i++) {
		document_column(d, "%s", means[i]);
		document_column(d, "median of cells");
		document_column(d, "without one cell");
	}
	document_column(d, "failed");
	for (size_t k = 0; k < c->set->ncontenders; k++) {
		document_row(d);
		document_words(d, "%s", c->set->contenders[k].name);
		if (comparison_never_ran(c, k)) {
			document_words(d, "skipped: %s", c->set->contenders[k].reason);
			continue;
		}
		for (size_t i = 0; i < 4; i++)
			mean_fields(d, report, k, i % 2 ? SCOPE_WORKLOADS : SCOPE_PROGRAMS,
				    i / 2 ? METRIC_RSS : METRIC_CPU);
		document_number(d, UNIT_COUNT, (double)count_failed(c, k));
	}
}

static bool has_cells(const struct comparison *c, enum scope scope)
{
	for (size_t i = 0; i < c->set->ncells; i++)
		if (means_in_scope(c, i, scope))
			return true;
	return false;
}

/* Who is not here, and why. */
static void absent_table(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"contender", "not compared", NULL};
	bool any = false;

	for (size_t k = 0; k < c->set->ncontenders; k++) {
		if (!comparison_never_ran(c, k))
			continue;
		if (!any)
			document_table(d, titles);
		any = true;
		document_row(d);
		document_words(d, "%s", c->set->contenders[k].name);
		document_words(d, "skipped: %s", c->set->contenders[k].reason);
	}
}

/* The same for a terminal, in which so many columns have no room: a table each of programs and
 * of own workloads, and failures beside the names of those who have any. */
static void contenders_tables(struct document *d, const struct report *report)
{
	static const char *const titles[] = {"contender",   "CPU time", "median",
					     "without one", "peak RSS", "median",
					     "without one", NULL};
	static const char *const headings[] = {"Programs", "Own workloads"};
	const struct comparison *c = report->c;
	bool neither = !has_cells(c, SCOPE_PROGRAMS) && !has_cells(c, SCOPE_WORKLOADS);

	for (int scope = 0; scope < SCOPES; scope++) {
		/* One of them in any case: it names the contenders. */
		if (!has_cells(c, (enum scope)scope) && !(neither && scope == SCOPE_WORKLOADS))
			continue;
		document_heading(d, headings[scope]);
		document_table(d, titles);
		for (size_t k = 0; k < c->set->ncontenders; k++) {
			size_t failed = count_failed(c, k);

			if (comparison_never_ran(c, k))
				continue;
			document_row(d);
			if (failed)
				document_words(d, "%s (%zu failed)", c->set->contenders[k].name,
					       failed);
			else
				document_words(d, "%s", c->set->contenders[k].name);
			for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
				mean_fields(d, report, k, (enum scope)scope, (enum metric)m);
		}
	}
	absent_table(d, c);
}

static bool has_metric(const struct findings *f, const struct finding_metric *metric)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].metric == metric)
			return true;
	return false;
}

static void ratios_row(struct document *d, const struct findings *f,
		       const struct finding_metric *metric, size_t cell)
{
	const struct comparison *c = f->c;

	document_row(d);
	document_words(d, "%s", c->set->cells[cell].name);
	add_value(d, f, cell, metric, c->reference, false);
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (is_other(c, k))
			add_ratio(d, f, cell, metric, k);
}

/* A line per cell, programs first: the reference as it is, the others beside it. */
static void ratios_table(struct document *d, const struct findings *f,
			 const struct finding_metric *metric)
{
	static const char *const titles[] = {"cell", NULL};
	const struct comparison *c = f->c;

	document_heading(d, metric->what);
	document_table(d, titles);
	document_column(d, "%s", section_reference(c));
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (is_other(c, k))
			document_column(d, "%s", c->set->contenders[k].name);
	for (int own = 0; own < 2; own++)
		for (size_t i = 0; i < c->set->ncells; i++)
			if (results_is_mode(&c->set->cells[i], metric->mode) &&
			    results_is_program(&c->set->cells[i]) == !own)
				ratios_row(d, f, metric, i);
}

/* A line per cell and contender: a number as it is and beside the reference's. */
static void values_table(struct document *d, const struct findings *f, const char *title,
			 const struct finding_metric *const *metrics, size_t n)
{
	static const char *const titles[] = {"cell", "contender", NULL};
	const struct comparison *c = f->c;

	document_heading(d, title);
	document_table(d, titles);
	for (size_t m = 0; m < n; m++) {
		document_column(d, "%s", metrics[m]->what);
		document_column(d, "to %s", section_reference(c));
	}
	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < c->nshown; j++) {
			if (!results_is_mode(&c->set->cells[i], metrics[0]->mode) ||
			    !findings_find(f, i, metrics[0], c->shown[j]))
				continue;
			document_row(d);
			document_words(d, "%s", c->set->cells[i].name);
			document_words(d, "%s", c->set->contenders[c->shown[j]].name);
			for (size_t m = 0; m < n; m++) {
				add_value(d, f, i, metrics[m], c->shown[j], true);
				if (c->shown[j] == c->reference)
					document_words(d, "1");
				else
					add_ratio(d, f, i, metrics[m], c->shown[j]);
			}
		}
}

/* Is it told in one table with `first`? */
static bool goes_with(const struct finding_metric *metric, const struct finding_metric *first)
{
	return !strcmp(metric->mode, first->mode) && metric->detail == first->detail &&
	       (!first->kind || !strcmp(metric->kind, first->kind));
}

/* Time and memory in one table, what is in these files alone in another, then one for each kind
 * of latency that was measured. */
static void values_tables(struct document *d, const struct findings *f)
{
	for (size_t m = 0; m < finding_nmetrics;) {
		const struct finding_metric *some[3], *first = &finding_metrics[m];
		size_t n = 0;
		char *title;

		while (m < finding_nmetrics && n < 3 && goes_with(&finding_metrics[m], first))
			some[n++] = &finding_metrics[m++];
		if (!has_metric(f, first))
			continue;
		title = first->kind ? text_format("latency of %s", first->kind)
				    : text_format("%s%s", first->mode,
						  first->detail ? ", in detail" : "");
		values_table(d, f, title, some, n);
		free(title);
	}
}

struct document *summary_make(const struct report *report, bool whole)
{
	const struct findings *findings = report->findings;
	const struct comparison *c = report->c;
	char *title = text_format("suite %s on %s, revision %s", section_recorded(c, "suite"),
				  section_recorded(c, "host"), section_recorded(c, "revision"));
	struct document *d = document_make(c->set->dir, "Summary", title);

	free(title);

	document_section(d, "summary", "Result", NULL);
	what_ran(d, c);
	if (whole)
		contenders_table(d, report);
	else
		contenders_tables(d, report);
	for (size_t m = 0; m < finding_nmetrics; m++)
		if (!finding_metrics[m].kind && !finding_metrics[m].detail &&
		    has_metric(findings, &finding_metrics[m]))
			ratios_table(d, findings, &finding_metrics[m]);
	document_paragraph(d);
	document_format(
		d,
		"%s: least of its line, or not told apart from the least. A geometric mean "
		"counts each workload once; beside it stand the median of its cells and the "
		"range of what is left without one of them.",
		whole ? "Bold" : "*");
	if (whole)
		values_tables(d, findings);
	return d;
}
