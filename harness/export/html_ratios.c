/* Tables of the page: numbers. */
#include "harness/export/html_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/export/html.h"

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

static void ratio_text(FILE *f, double ratio)
{
	fprintf(f, "%.*f", ratio < 10 ? 3 : ratio < 100 ? 1 : 0, ratio);
}

static void interval_field(FILE *f, const struct interval *i, size_t blocks)
{
	bool open = isnan(i->low);

	/* Grey, not bold: the page does not say what is better, only what is not known. */
	fprintf(f, "<td class=\"ratio%s\">",
		open || (i->low <= 1 && 1 <= i->high) ? " unsure" : "");
	ratio_text(f, i->point);
	if (!open) {
		fputs(" <small>[", f);
		ratio_text(f, i->low);
		fputs(", ", f);
		ratio_text(f, i->high);
		fputs("]</small>", f);
	}
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

	html_table_begin(f, titles);
	for (size_t j = 0; j < r->nshown; j++) {
		size_t k = r->shown[j], below = 0, above = 0, within = 0;

		if (k == c->reference)
			continue;
		fputs("<tr>", f);
		html_cell(f, r->set->contenders[k].name);
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			for (int scope = 0; scope < SCOPES; scope++) {
				const struct interval *i =
					&c->geomean[m][k * SCOPES + (size_t)scope];

				if (i->n)
					interval_field(f, i, 0);
				else
					html_cell(f, "–");
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
	html_table_end(f);
	if (r->nulls)
		fputs("<p>null has no geometric mean: it never reuses memory, so it bounds "
		      "nothing, and it is skipped where that would take too much.</p>\n",
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
	if (metric == METRIC_CPU)
		fputs("<th>operations are</th>", f);
	fputs("<th>", f);
	html_format(f, metric == METRIC_CPU ? "%s, CPU time of one" : "%s, peak RSS",
		    reference);
	fputs("</th>", f);
	for (size_t k = 0; k < all; k++)
		if (k != c->reference && !page_never_ran(r, k)) {
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
		fputs("</td>", f);
		if (metric == METRIC_CPU)
			html_cell(f, cell->ops_unit);
		fputs("<td class=\"num\">", f);
		reference_value = comparison_median(c, i, c->reference, metric);
		if (metric == METRIC_CPU)
			time_text(text, sizeof(text), reference_value.point);
		else
			snprintf(text, sizeof(text), "%.1f MiB",
				 reference_value.point / 0x1p20);
		html_text(f, reference_value.n ? text : "–");
		fputs("</td>", f);
		for (size_t k = 0; k < all; k++) {
			const struct interval *ratio = &c->ratio[metric][i * all + k];

			if (k == c->reference || page_never_ran(r, k))
				continue;
			if (ratio->n)
				interval_field(f, ratio, reference_value.n);
			else
				hole_field(r, f, i, k);
		}
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

/* p99.9 of a contender to the reference's, within blocks. */
static void percentile_field(const struct report *r, FILE *f, size_t cell, size_t contender,
			     const char *kind)
{
	struct interval ratio = {0, NAN, NAN, NAN};

	if (contender != r->c->reference)
		ratio = latency_ratio(r, cell, contender, kind, 0.999);
	if (ratio.n)
		interval_field(f, &ratio, 0);
	else
		html_cell(f, "–");
}

void page_latency(struct report *r, FILE *f)
{
	static const char *const kinds[] = {"alloc", "free", "request"};
	static const double points[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
	static const char *const titles[] = {
		"cell",   "of",  "contender",          "values", "p50", "p90", "p99", "p99.9",
		"p99.99", "max", "p99.9 to reference", NULL};
	size_t rows = 0;
	char text[64];

	html_table_begin(f, titles);
	for (size_t i = 0; i < r->set->ncells; i++)
		for (int kind = 0; kind < 3 && cell_is(&r->set->cells[i], "latency"); kind++)
			for (size_t j = 0; j < r->nshown; j++) {
				struct distribution d = {0};

				latency_collect(r, i, r->shown[j], kinds[kind], &d);
				if (d.count) {
					fputs("<tr>", f);
					html_cell(f, r->set->cells[i].name);
					html_cell(f, kinds[kind]);
					html_cell(f, r->set->contenders[r->shown[j]].name);
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
					fprintf(f, "<td class=\"num\">%s</td>", text);
					percentile_field(r, f, i, r->shown[j], kinds[kind]);
					fputs("</tr>\n", f);
					rows++;
				}
				distribution_free(&d);
			}
	html_table_end(f);
	if (!rows)
		fputs("<p>No latency was measured in this set.</p>\n", f);
}
