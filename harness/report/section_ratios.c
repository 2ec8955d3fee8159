/* Ratios to the reference: CPU time per operation of each cell, and peak memory. */
#include "harness/report/section.h"

#include <math.h>

#include "harness/base/message.h"

/* What stands where there is no ratio. */
static void hole(struct document *d, const struct comparison *c, size_t cell, size_t contender)
{
	struct outcome o = comparison_outcome(c, cell, contender);
	const char *reason = *o.reason ? o.reason : c->set->contenders[contender].reason;
	struct field *field = document_words(d, "%s",
					     o.ok        ? "no pair"
					     : o.failed  ? "failed"
					     : o.timeout ? "timeout"
							 : "skipped");

	field->mark = MARK_HOLE;
	field->note =
		text_format("%s", *reason ? reason : "no pair of samples with the reference");
	field->target = "gaps";
}

static void ratio_row(struct document *d, const struct comparison *c, enum metric metric,
		      size_t cell)
{
	size_t all = c->set->ncontenders;
	struct interval reference = comparison_median(c, cell, c->reference, metric);

	document_row(d);
	document_words(d, "%s", c->set->cells[cell].name);
	if (metric == METRIC_CPU)
		document_words(d, "%s", c->set->cells[cell].ops_unit);
	document_number(d, metric == METRIC_CPU ? UNIT_NS : UNIT_BYTES,
			reference.n ? reference.point : NAN);
	for (size_t k = 0; k < all; k++) {
		const struct interval *ratio = &c->ratio[metric][cell * all + k];

		if (k == c->reference || comparison_never_ran(c, k))
			continue;
		if (ratio->n)
			section_ratio(d, ratio, reference.n);
		else
			hole(d, c, cell, k);
	}
}

void section_ratios(struct document *d, const struct comparison *c, enum metric metric)
{
	static const char *const time[] = {"cell", "operations are", NULL};
	static const char *const memory[] = {"cell", NULL};

	document_table(d, metric == METRIC_CPU ? time : memory);
	document_column(d, metric == METRIC_CPU ? "%s, CPU time of one" : "%s, peak RSS",
			section_reference(c));
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (k != c->reference && !comparison_never_ran(c, k))
			document_column(d, "%s", c->set->contenders[k].name);
	for (size_t i = 0; i < c->set->ncells; i++)
		if (results_is_mode(&c->set->cells[i], "throughput"))
			ratio_row(d, c, metric, i);
}

void section_time(struct document *d, const struct comparison *c)
{
	document_section(d, "time", "CPU time per operation", "CPU time");
	document_paragraph(d);
	document_format(
		d,
		"Ratio to %s with 95 %% interval; grey where the interval contains 1. n is "
		"said where it is less than the reference has.",
		section_reference(c));
	section_ratios(d, c, METRIC_CPU);
}
