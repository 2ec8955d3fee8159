#include "harness/export/paper_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/held.h"
#include "harness/analysis/latencies.h"
#include "harness/base/message.h"
#include "harness/report/section.h"

static struct paper_row *add_row(struct paper_table *t)
{
	struct paper_row *row;

	t->row = list_grown(t->row, t->nrows, sizeof(*t->row));
	row = &t->row[t->nrows++];
	*row = (struct paper_row){.entry = calloc(t->ncolumns + 1, sizeof(*row->entry))};
	if (!row->entry)
		abort();
	for (size_t j = 0; j < t->ncolumns; j++)
		row->entry[j] =
			(struct entry){.state = ENTRY_MISSING, .number = {0, NAN, NAN, NAN, 0}};
	return row;
}

static void set_number(struct entry *entry, const struct interval *number,
		       const struct doubts *doubts)
{
	entry->state = ENTRY_NUMBER;
	entry->number = *number;
	entry->doubtful = doubts->what != 0;
	entry->note = doubts_text(doubts, ~0u);
}

/* A number stands although some samples have none: that is said, not left out. */
static void tell_failures(struct entry *entry, const struct comparison *c, size_t cell,
			  size_t contender)
{
	struct outcome o = comparison_outcome(c, cell, contender);
	char *rest = entry->note;

	entry->partly = entry->state == ENTRY_NUMBER && o.failed + o.timeout;
	if (!entry->partly)
		return;
	entry->note = text_format("%zu of %zu failed or timed out: %s%s%s",
				  o.failed + o.timeout, o.ok + o.failed + o.timeout, o.reason,
				  rest ? "; " : "", rest ? rest : "");
	free(rest);
}

/* Why there is no number. */
static void set_hole(struct entry *entry, const struct comparison *c, size_t cell,
		     size_t contender)
{
	struct outcome o = comparison_outcome(c, cell, contender);
	const char *reason = *o.reason ? o.reason : c->set->contenders[contender].reason;

	entry->state = latencies_saturation(c, cell, contender).samples ? ENTRY_SATURATED
		       : o.ok                                           ? ENTRY_MISSING
		       : o.failed                                       ? ENTRY_FAILED
		       : o.timeout                                      ? ENTRY_TIMEOUT
									: ENTRY_MISSING;
	if (*reason)
		entry->note = text_format("%s", reason);
}

/* Marks the least where its interval excludes all others: theirs lie wholly above it. */
static void mark_best(struct paper_table *t, struct paper_row *row)
{
	struct entry *least = NULL;

	for (size_t j = 0; j < t->ncolumns - t->nulls; j++)
		if (row->entry[j].state == ENTRY_NUMBER &&
		    (!least || row->entry[j].number.point < least->number.point))
			least = &row->entry[j];
	if (!least)
		return;
	least->best = t->ncolumns - t->nulls > 1;
	for (size_t j = 0; j < t->ncolumns - t->nulls; j++) {
		const struct entry *other = &row->entry[j];
		double low = isnan(other->number.low) ? other->number.point : other->number.low;

		if (other == least || other->state != ENTRY_NUMBER)
			continue;
		if (isnan(least->number.high) || !(least->number.high < low))
			least->best = false;
	}
}

/* The reference beside itself is 1, by definition and without an interval of its own. */
static const struct interval one = {1, 1, 1, 1, 0};

static char *absolute_text(const struct finding *f)
{
	struct field field = {.unit = section_unit(f->metric)};
	char text[FIELD_TEXT];

	return text_format("%s", field_number(&field, f->value.point, text));
}

/* A row of ratios of one cell and metric.  False where nobody has a value. */
static bool ratio_row(struct paper_table *t, const struct report *report, size_t cell,
		      const struct finding_metric *metric, const size_t *contenders)
{
	const struct comparison *c = report->c;
	const struct finding *reference =
		findings_find(report->findings, cell, metric, c->reference);
	struct paper_row *row = NULL;
	size_t best = 0;

	for (size_t j = 0; j < t->ncolumns; j++)
		if (findings_find(report->findings, cell, metric, contenders[j]))
			best++;
	if (!best)
		return false;
	row = add_row(t);
	row->label = metric->kind
			     ? text_format("%s, %s", c->set->cells[cell].name, metric->kind)
			     : text_format("%s", c->set->cells[cell].name);
	row->absolute = reference ? absolute_text(reference) : NULL;
	row->doubtful = reference && reference->value_doubts.what;
	best = 0;
	for (size_t j = 0; j < t->ncolumns; j++) {
		const struct finding *f =
			findings_find(report->findings, cell, metric, contenders[j]);
		struct entry *entry = &row->entry[j];

		if (f && contenders[j] == c->reference) {
			set_number(entry, &one, &f->doubts);
			entry->note = doubts_text(&f->value_doubts, ~0u);
		} else if (f && f->ratio.n) {
			set_number(entry, &f->ratio, &f->doubts);
		} else {
			set_hole(entry, c, cell, contenders[j]);
		}
		tell_failures(entry, c, cell, contenders[j]);
		entry->best = f && f->best;
		best += entry->best;
	}
	/* Several that are not told apart are no best; a single block tells nothing, unless it
	 * counts what repeats. */
	for (size_t j = 0; j < t->ncolumns; j++)
		row->entry[j].best &= best == 1 && (metric->unit == FINDING_COUNT ||
						    contenders[j] == c->reference ||
						    !isnan(row->entry[j].number.low));
	if (metric->kind)
		mark_best(t, row);
	return true;
}

/* Geometric means of the rows of one scope. */
static void mean_row(struct paper_table *t, const struct report *report, enum scope scope,
		     enum metric metric, const size_t *contenders)
{
	struct paper_row *row;

	if (!means_any(report->means, report->c, scope))
		return;
	row = add_row(t);
	row->mean = true;
	row->label = text_format("geometric mean, %s",
				 scope == SCOPE_PROGRAMS ? "programs" : "workloads");
	for (size_t j = 0; j < t->ncolumns; j++) {
		const struct mean *mean =
			means_of(report->means, report->c, contenders[j], scope, metric);
		struct doubts doubts = doubts_of_mean(mean);

		if (contenders[j] == report->c->reference)
			set_number(&row->entry[j], &one, &(struct doubts){0});
		else if (mean->ratio.n)
			set_number(&row->entry[j], &mean->ratio, &doubts);
	}
	mark_best(t, row);
}

/* Of counts, which repeat: the geometric mean of the rows in which every column has one. */
static void count_mean_row(struct paper_table *t, size_t first, const char *label)
{
	double *sum = calloc(t->ncolumns + 1, sizeof(*sum));
	struct paper_row *row;
	size_t n = 0;

	if (!sum)
		abort();
	for (size_t i = first; i < t->nrows; i++) {
		bool all = true;

		for (size_t j = 0; j < t->ncolumns - t->nulls; j++)
			all &= t->row[i].entry[j].state == ENTRY_NUMBER;
		for (size_t j = 0; all && j < t->ncolumns - t->nulls; j++)
			sum[j] += log(t->row[i].entry[j].number.point);
		n += all;
	}
	if (n) {
		row = add_row(t);
		row->mean = true;
		row->label = text_format("geometric mean, %s", label);
		for (size_t j = 0; j < t->ncolumns - t->nulls; j++) {
			row->entry[j].state = ENTRY_NUMBER;
			row->entry[j].number =
				(struct interval){n, exp(sum[j] / (double)n), NAN, NAN, 0};
		}
	}
	free(sum);
}

/* Whether the metric of this name is `what`, or, where that begins with a line, ends so. */
static bool is_metric(const char *name, const char *what)
{
	size_t length = strlen(name), end = strlen(what);

	if (*what != '_')
		return !strcmp(name, what);
	return length >= end && !strcmp(name + length - end, what);
}

static void ratio_table(struct paper_table *t, const struct report *report, const char *what,
			const size_t *contenders)
{
	const struct result_set *set = report->set;

	for (int programs = 1; programs >= 0; programs--) {
		size_t first = t->nrows;
		const struct finding_metric *last = NULL;

		for (size_t i = 0; i < set->ncells; i++)
			for (size_t m = 0; m < finding_nmetrics; m++) {
				if (!is_metric(finding_metrics[m].name, what) ||
				    results_is_program(&set->cells[i]) != programs ||
				    !results_is_mode(&set->cells[i], finding_metrics[m].mode))
					continue;
				if (ratio_row(t, report, i, &finding_metrics[m], contenders))
					last = &finding_metrics[m];
			}
		if (!last)
			continue;
		if (last->metric == METRIC_CPU || last->metric == METRIC_RSS)
			mean_row(t, report, programs ? SCOPE_PROGRAMS : SCOPE_WORKLOADS,
				 last->metric, contenders);
		else if (last->unit == FINDING_COUNT)
			count_mean_row(t, first, programs ? "programs" : "workloads");
	}
}

static void held_table(struct paper_table *t, struct report *report, const size_t *contenders)
{
	const struct comparison *c = report->c;
	const struct held *all = report_held(report);

	for (size_t i = 0; i < report->set->ncells; i++) {
		struct paper_row *row = NULL;

		for (size_t j = 0; held_in_cell(c, i) && j < t->ncolumns; j++) {
			const struct held *h = held_of(all, c, i, contenders[j]);
			struct doubts doubts = doubts_of_interval(&h->ratio);

			if (h->ratio.n && h->live_bytes < HELD_LEAST)
				continue;
			if (h->ratio.n && !row) {
				row = add_row(t);
				row->label =
					text_format("%s%s", c->set->cells[i].name,
						    results_is_mode(&c->set->cells[i], "memory")
							    ? ", idling"
							    : "");
			}
			if (h->ratio.n)
				set_number(&row->entry[j], &h->ratio, &doubts);
		}
		for (size_t j = 0; row && j < t->ncolumns; j++)
			if (row->entry[j].state == ENTRY_NUMBER)
				tell_failures(&row->entry[j], c, i, contenders[j]);
			else
				set_hole(&row->entry[j], c, i, contenders[j]);
		if (row)
			mark_best(t, row);
	}
}

/* `metric` is the name of one or, where it begins with a line, the end of several; NULL: held.
 */
static const struct {
	const char *name, *metric, *what;
	int decimals;
} known[] = {
	{"cpu-time", "cpu_ns", "CPU time per operation", 2},
	{"peak-memory", "peak_rss_bytes", "Peak resident memory", 2},
	{"memory-over-time", NULL,
	 "Mean resident memory over mean live bytes while the workload ran", 2},
	{"latency-p50", "_p50_ns", "Median latency", 2},
	{"latency-p99", "_p99_ns", "99th percentile of latency", 2},
	{"latency-p99-9", "_p99_9_ns", "99.9th percentile of latency", 2},
	{"instructions", "instructions", "Instructions per operation", 3},
	{"lines", "lines", "Cache lines touched per 1000 operations", 3},
};
#define KNOWN (sizeof(known) / sizeof(*known))

static void table_free(struct paper_table *t)
{
	for (size_t i = 0; i < t->nrows; i++) {
		for (size_t j = 0; j < t->ncolumns; j++)
			free(t->row[i].entry[j].note);
		free(t->row[i].entry);
		free(t->row[i].label);
		free(t->row[i].absolute);
	}
	free(t->row);
	free(t->caption);
	free(t->column);
}

static bool table_make(struct paper_table *t, struct report *report, size_t which)
{
	const struct comparison *c = report->c;
	const char *reference = c->set->contenders[c->reference].name;

	*t = (struct paper_table){.name = known[which].name,
				  .decimals = known[which].decimals,
				  .absolutes = known[which].metric != NULL,
				  .reference = reference,
				  .ncolumns = c->nshown,
				  .nulls = c->nulls};
	t->column = calloc(t->ncolumns + 1, sizeof(*t->column));
	if (!t->column)
		abort();
	for (size_t j = 0; j < t->ncolumns; j++)
		t->column[j] = c->set->contenders[c->shown[j]].name;
	if (known[which].metric) {
		text_set(&t->caption,
			 "%s, ratio to %s of the same block, with the 95 %% bootstrap interval "
			 "of "
			 "its median over blocks.",
			 known[which].what, reference);
		ratio_table(t, report, known[which].metric, c->shown);
	} else {
		text_set(&t->caption,
			 "%s, with the 95 %% bootstrap interval of its median over blocks.",
			 known[which].what);
		held_table(t, report, c->shown);
	}
	if (!t->nrows)
		table_free(t);
	return t->nrows;
}

struct paper_tables *paper_tables_make(struct report *report)
{
	struct paper_tables *tables = calloc(1, sizeof(*tables));

	if (tables)
		tables->list = calloc(KNOWN, sizeof(*tables->list));
	if (!tables || !tables->list)
		abort();
	for (size_t i = 0; i < KNOWN; i++)
		if (table_make(&tables->list[tables->count], report, i))
			tables->count++;
	return tables;
}

void paper_tables_free(struct paper_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		table_free(&tables->list[i]);
	free(tables->list);
	free(tables);
}
