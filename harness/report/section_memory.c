/* Memory: peaks, the mean over time, and what is held at phase marks. */
#include "harness/report/section.h"

#include <math.h>

/* A table with these columns and one of each contender that is not `null`. */
static void begin_table(struct document *d, const struct comparison *c,
			const char *const *titles)
{
	document_table(d, titles);
	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		document_column(d, "%s", c->set->contenders[c->shown[j]].name);
}

/* Of the contenders' mean live bytes the largest; 0 where nothing is known. */
static double most_alive(const struct study *study, size_t cell)
{
	const struct comparison *c = study->c;
	double most = 0;

	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		const struct held *held = held_of(study->held, c, cell, c->shown[j]);

		if (held->ratio.n)
			most = fmax(most, held->live_bytes);
	}
	return most;
}

static void held_over_time(struct document *d, const struct study *study)
{
	static const char *const titles[] = {"cell", "mode", "live, on average", NULL};
	const struct comparison *c = study->c;
	size_t rows = 0;

	document_heading(d, "Resident memory over live bytes, averaged over time");
	document_paragraph(d);
	document_say(d, "Mean resident memory, less the driver's tables, over the mean of the "
			"bytes requested and not freed, while anything lives; median over "
			"blocks with 95 % interval. Programs do not tell what lives. The "
			"program, its libraries and stacks are within it, some MiB: workloads "
			"with less than 1 MiB alive are left out (they are in ");
	document_file(d, "report/held.tsv");
	document_say(d, "), as is null, which holds all it ever gave out.");
	begin_table(d, c, titles);
	document_caption(d, "Resident memory over live bytes, averaged over time");
	for (size_t i = 0; i < c->set->ncells; i++) {
		double alive = most_alive(study, i);

		if (alive < HELD_LEAST)
			continue;
		document_row(d);
		document_words(d, "%s", c->set->cells[i].name);
		document_words(d, "%s", c->set->cells[i].mode);
		document_number(d, UNIT_BYTES, alive);
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			const struct interval *ratio =
				&held_of(study->held, c, i, c->shown[j])->ratio;
			struct field *field =
				document_number(d, UNIT_RATIO, ratio->n ? ratio->point : NAN);

			if (ratio->n) {
				struct doubts doubts = doubts_of_interval(ratio);

				field->low = ratio->low;
				field->high = ratio->high;
				section_doubt(field, &doubts);
			}
		}
		rows++;
	}
	if (!rows) {
		document_paragraph(d);
		document_say(d, "No sample holds memory over time and live bytes.");
	}
}

/* One row; returns false, and adds nothing, where nobody has much alive. */
static bool mark_row(struct document *d, const struct comparison *c, size_t cell, size_t phase,
		     const char *name)
{
	struct held_phase m;
	double most = 0;

	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (held_at_phase(c, cell, c->shown[j], phase, &m))
			most = fmax(most, m.live_bytes);
	if (most < HELD_LEAST)
		return false;
	document_row(d);
	document_words(d, "%s", c->set->cells[cell].name);
	document_words(d, "%s", name);
	document_number(d, UNIT_BYTES, most);
	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		bool known = held_at_phase(c, cell, c->shown[j], phase, &m);
		struct field *field =
			document_number(d, UNIT_RATIO, known ? m.rss_per_floor : NAN);

		if (known) {
			struct interval median = {m.n, m.rss_per_floor, m.rss_per_floor,
						  m.rss_per_floor, 0};
			struct doubts doubts = doubts_of_interval(&median);

			field->number[field->nnumbers++] = m.rss_per_live;
			field->between = " | ";
			section_doubt(field, &doubts);
		}
	}
	return true;
}

static void held_at_marks(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"cell", "mark", "live", NULL};
	size_t rows = 0;

	document_heading(d, "At phase marks: over the page floor, and over live bytes");
	document_paragraph(d);
	document_say(
		d,
		"Resident memory, less the driver's tables, over the OS pages that "
		"hold a touched byte of a live object (1 is the least that an "
		"allocator can hold that moves nothing), and, behind the stroke, over "
		"live bytes (below 1 where objects are not touched in full); medians "
		"over blocks, grey (in Markdown italic) from fewer than five. Marks with less "
		"than 1 MiB alive are left out.");
	begin_table(d, c, titles);
	document_caption(d,
			 "Resident memory at phase marks: over page floor | over live bytes");
	for (size_t i = 0; i < c->set->ncells; i++) {
		json_t *mark;
		size_t phase;

		if (!held_in_cell(c, i))
			continue;
		json_array_foreach(held_phases(c, i), phase, mark)
			rows += mark_row(d, c, i, phase, json_field_text(mark, "name"));
	}
	if (!rows) {
		document_paragraph(d);
		document_say(d, "No phase mark has a page floor.");
	}
}

void section_memory(struct document *d, const struct study *study)
{
	document_section(d, "memory", "Peak resident memory", "Memory");
	document_paragraph(d);
	document_format(
		d,
		comparison_alone(study->c)
			? "Of %s, less the driver's own tables; median over blocks with "
			  "95 %% interval."
			: "Less the driver's own tables; ratio to %s with 95 %% interval.",
		section_reference(study->c));
	section_ratios(d, study->c, METRIC_RSS);
	held_over_time(d, study);
	held_at_marks(d, study->c);
}
