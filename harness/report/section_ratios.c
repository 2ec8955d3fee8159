/* CPU time per operation of each cell, and peak memory: as ratios to the reference, or as they
 * are where there is nobody else. */
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

/* Whether samples that count in it were disturbed: it was not repeated, or in vain. */
static bool is_disturbed(const struct comparison *c, size_t cell)
{
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->cell == cell && s->ok && !s->superseded && results_is_disturbed(s))
			return true;
	}
	return false;
}

static void ratio_row(struct document *d, const struct comparison *c, enum metric metric,
		      size_t cell)
{
	size_t all = c->set->ncontenders;
	struct interval reference = comparison_median(c, cell, c->reference, metric);
	struct doubts doubts = doubts_of_interval(&reference);

	document_row(d);
	document_words(d, "%s%s", c->set->cells[cell].name, is_disturbed(c, cell) ? " †" : "");
	if (metric == METRIC_CPU)
		document_words(d, "%s", c->set->cells[cell].ops_unit);
	section_doubt(document_number(d, metric == METRIC_CPU ? UNIT_NS : UNIT_BYTES,
				      reference.n ? reference.point : NAN),
		      &doubts);
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

static void absolute_field(struct document *d, enum unit unit, const struct interval *value)
{
	struct field *field = document_number(d, unit, value->n ? value->point : NAN);

	struct doubts doubts = doubts_of_interval(value);

	if (!value->n)
		return;
	field->low = value->low;
	field->high = value->high;
	section_doubt(field, &doubts);
}

static void absolutes(struct document *d, const struct comparison *c, enum metric metric)
{
	static const char *const time[] = {"cell",
					   "operations are",
					   "CPU time of one",
					   "of it in the kernel",
					   "operations per second of wall time",
					   "minor faults of one",
					   "blocks",
					   NULL};
	static const char *const memory[] = {"cell", "peak RSS", "blocks", NULL};
	static const struct {
		enum metric metric;
		enum unit unit;
	} more[] = {
		{METRIC_SYS, UNIT_NS}, {METRIC_SPEED, UNIT_COUNT}, {METRIC_FAULTS, UNIT_RATIO}};

	document_table(d, metric == METRIC_CPU ? time : memory);
	document_caption(d, "%s of each cell under %s, median over blocks",
			 metric == METRIC_CPU ? "CPU time" : "Peak memory",
			 section_reference(c));
	for (size_t i = 0; i < c->set->ncells; i++) {
		struct interval value;

		if (!results_is_mode(&c->set->cells[i], "throughput"))
			continue;
		document_row(d);
		document_words(d, "%s", c->set->cells[i].name);
		value = comparison_median(c, i, c->reference, metric);
		if (metric == METRIC_CPU)
			document_words(d, "%s", c->set->cells[i].ops_unit);
		absolute_field(d, metric == METRIC_CPU ? UNIT_NS : UNIT_BYTES, &value);
		for (size_t k = 0; k < 3 && metric == METRIC_CPU; k++) {
			struct interval other =
				comparison_median(c, i, c->reference, more[k].metric);

			absolute_field(d, more[k].unit, &other);
		}
		document_number(d, UNIT_COUNT, (double)value.n);
	}
}

void section_ratios(struct document *d, const struct comparison *c, enum metric metric)
{
	static const char *const time[] = {"cell", "operations are", NULL};
	static const char *const memory[] = {"cell", NULL};

	if (comparison_alone(c)) {
		absolutes(d, c, metric);
		return;
	}
	document_table(d, metric == METRIC_CPU ? time : memory);
	document_caption(d, "%s of each cell, ratio to %s",
			 metric == METRIC_CPU ? "CPU time" : "Peak memory",
			 section_reference(c));
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
	if (comparison_alone(c))
		document_format(d, "Of %s, median over blocks with 95 %% interval.",
				section_reference(c));
	else
		document_format(d,
				"Ratio to %s with 95 %% interval; grey, in Markdown italic, "
				"where the interval contains 1 or is from fewer than five "
				"blocks. n is said there, and where it is less than the "
				"reference has; † marks "
				"cells in which samples that count were disturbed.",
				section_reference(c));
	section_ratios(d, c, METRIC_CPU);
}
