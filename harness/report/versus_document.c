#include "harness/report/versus_document.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/report/section.h"

static void name_side(struct document *d, const struct versus *v, int i)
{
	const struct versus_side *side = &v->side[i];
	const struct result_set *set = side->c->set;

	const char *name =
		side->contender == SIZE_MAX ? NULL : set->contenders[side->contender].name;

	document_paragraph(d);
	document_format(d, "%c: %s%s%s, suite %s, from %s", i ? 'B' : 'A', set->dir,
			name ? ", " : "", name ? name : "", section_recorded(side->c, "suite"),
			section_recorded(side->c, "started"));
	if (!*json_field_text(set->manifest, "finished"))
		document_say(d, ", not finished");
}

static void differences(struct document *d, const struct difference *difference)
{
	static const char *const titles[] = {"field", "A", "B", NULL};

	document_section(d, "environments", "In what the two sets differ", NULL);
	if (!difference->count) {
		document_paragraph(d);
		document_say(d, "Nothing that is recorded of machine, suite and contenders.");
		return;
	}
	document_table(d, titles);
	for (size_t i = 0; i < difference->count; i++) {
		const struct difference_field *field = &difference->list[i];

		document_row(d);
		document_words(d, "%s%s", field->refused ? "! " : "", field->name);
		document_words(d, "%s", field->a);
		document_words(d, "%s", field->b);
	}
}

static void add_row(struct document *d, const struct versus *v, const struct versus_row *row)
{
	const struct result_set *set = v->side[0].c->set;
	struct field *field;
	char *reason;

	document_row(d);
	document_words(d, "%s", set->cells[row->cell[0]].name);
	if (v->side[0].contender == SIZE_MAX)
		document_words(d, "%s", set->contenders[row->contender[0]].name);
	for (int i = 0; i < 2; i++)
		section_doubt(
			document_number(d, section_unit(row->metric), row->value[i].point),
			&row->value_doubts[i]);
	field = document_number(d, UNIT_RATIO, row->ratio.point);
	field->low = row->ratio.low;
	field->high = row->ratio.high;
	if (row->verdict == VERDICT_UNKNOWN)
		field->mark = MARK_UNSURE;
	reason = row->why ? text_format("%s", row->why) : doubts_text(&row->doubts, ~0u);
	document_words(d, "%s%s%s", versus_word(row->metric, row->verdict), reason ? ": " : "",
		       reason ? reason : "");
	free(reason);
	if (v->side[0].c->set != v->side[1].c->set && row->metric->unit == FINDING_NS)
		document_words(d, "%s", row->control ? row->control : "none");
}

static void metric_table(struct document *d, const struct versus *v,
			 const struct finding_metric *metric)
{
	static const char *const titles[] = {"cell", NULL};
	bool apart = v->side[0].c->set != v->side[1].c->set;

	document_heading(d, metric->what);
	document_table(d, titles);
	if (v->side[0].contender == SIZE_MAX)
		document_column(d, "contender");
	document_column(d, "A");
	document_column(d, "B");
	document_column(d, "B to A");
	document_column(d, "B is");
	if (apart && metric->unit == FINDING_NS)
		document_column(d, "control");
	for (size_t i = 0; i < v->nrows; i++)
		if (v->row[i].metric == metric)
			add_row(d, v, &v->row[i]);
}

/* How many rows got each verdict. */
static void count_verdicts(struct document *d, const struct versus *v)
{
	static const char *const titles[] = {
		"",  "faster, leaner, fewer", "same", "slower, fatter, more", "cannot tell",
		NULL};

	document_table(d, titles);
	for (size_t m = 0; m < finding_nmetrics; m++) {
		size_t count[5] = {0}, all = 0;

		for (size_t i = 0; i < v->nrows; i++)
			if (v->row[i].metric == &finding_metrics[m]) {
				count[v->row[i].verdict]++;
				all++;
			}
		if (!all)
			continue;
		document_row(d);
		document_words(d, "%s", finding_metrics[m].what);
		document_number(d, UNIT_COUNT, (double)count[VERDICT_LESS]);
		document_number(d, UNIT_COUNT, (double)count[VERDICT_SAME]);
		document_number(d, UNIT_COUNT, (double)count[VERDICT_MORE]);
		document_number(d, UNIT_COUNT, (double)count[VERDICT_UNKNOWN]);
	}
}

static void rules(struct document *d, bool apart)
{
	document_paragraph(d);
	document_format(
		d,
		"Faster (leaner) and slower (fatter): the whole 95 %% interval lies more "
		"than 2 %% from 1; same: all of it lies within 2 %%; else it cannot be told. "
		"Nor can latencies be that are under three costs of the clock, or no farther "
		"apart than its tick. Of equal contenders less than one cell in twenty is "
		"called different by "
		"chance: one among many is a reason to measure again. %s",
		apart ? "The sets were measured apart: times are divided by those of the "
			"control in the same block, a contender of the same build in both "
			"sets; where there is none, a difference may be the machine's. "
			"Intervals are those of Hodges and Lehmann by Mann and Whitney's U."
		      : "Ratios are paired by block.");
}

struct document *versus_document(const struct versus *v, const struct difference *difference)
{
	struct document *d =
		document_make(v->side[0].c->set->dir, "Comparison", "B compared with A");

	document_section(d, "sides", "Comparison", NULL);
	name_side(d, v, 0);
	name_side(d, v, 1);
	if (difference)
		differences(d, difference);
	document_section(d, "cells", "Cell by cell", NULL);
	for (size_t m = 0; m < finding_nmetrics; m++)
		for (size_t i = 0; i < v->nrows; i++)
			if (v->row[i].metric == &finding_metrics[m]) {
				metric_table(d, v, &finding_metrics[m]);
				break;
			}
	if (v->nleft_out) {
		document_heading(d, "Not compared");
		document_list(d, false);
		for (size_t i = 0; i < v->nleft_out; i++)
			document_format(d, "%s", v->left_out[i]);
	}
	document_section(d, "verdicts", "Verdicts", NULL);
	count_verdicts(d, v);
	rules(d, difference != NULL);
	return d;
}
