/* Failures and gaps: where a cell has no good sample of a contender, or a bad one beside. */
#include "harness/report/section.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

static bool is_gap(const struct outcome *o)
{
	return !o->ok || o->failed || o->timeout || o->skipped;
}

static bool has_gaps(const struct comparison *c)
{
	for (size_t k = 0; k < c->set->ncontenders; k++) {
		if (comparison_never_ran(c, k))
			return true;
		for (size_t i = 0; i < c->set->ncells; i++) {
			struct outcome o = comparison_outcome(c, i, k);

			if (is_gap(&o))
				return true;
		}
	}
	return false;
}

/* Why the run left out blocks of a cell, "" if it did not. */
static const char *unfinished_reason(const struct comparison *c, const struct result_cell *cell)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(c->set->manifest, "unfinished"), i, entry)
		if (!strcmp(json_field_text(entry, "cell"), cell->name) &&
		    !strcmp(json_field_text(entry, "mode"), cell->mode))
			return json_field_text(entry, "reason");
	return "";
}

/* The reason of a gap: the samples' own, the contender's, the run's.  cell is null for all
 * cells.  On the heap. */
static char *gap_reason(const struct comparison *c, const struct result_cell *cell,
			size_t contender, const struct outcome *o)
{
	const char *own = c->set->contenders[contender].reason;
	const char *left_out = cell ? unfinished_reason(c, cell) : "";

	if (*o->reason)
		return text_format("%s", o->reason);
	if (*own)
		return text_format("%s", own);
	if (*left_out)
		return text_format("left out by the run: %s", left_out);
	if (!json_is_string(json_object_get(c->set->manifest, "finished")))
		return text_format("the run was not finished");
	return text_format("the run gave no reason");
}

static void gap_row(struct document *d, const struct comparison *c,
		    const struct result_cell *cell, size_t contender, const struct outcome *o)
{
	char *reason = gap_reason(c, cell, contender, o);

	document_row(d);
	document_words(d, "%s", cell ? cell->name : "all");
	document_words(d, "%s", cell ? cell->mode : "all");
	document_words(d, "%s", c->set->contenders[contender].name);
	document_number(d, UNIT_COUNT, (double)o->ok);
	document_number(d, UNIT_COUNT, (double)o->failed);
	document_number(d, UNIT_COUNT, (double)o->timeout);
	document_number(d, UNIT_COUNT, (double)o->skipped);
	document_words(d, "%s", reason);
	free(reason);
}

/* A contender that never ran is one gap. */
static void one_gap(struct document *d, const struct comparison *c, size_t contender)
{
	struct outcome all = {.status = "", .reason = ""};

	for (size_t i = 0; i < c->set->ncells; i++) {
		struct outcome o = comparison_outcome(c, i, contender);

		all.skipped += o.skipped;
		all.reason = *o.reason ? o.reason : all.reason;
	}
	gap_row(d, c, NULL, contender, &all);
}

void section_gaps(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {
		"cell",   "mode",    "contender", "ok",
		"failed", "timeout", "skipped",   "reason (of the last)",
		NULL};

	document_section(d, "gaps", "Failures and gaps", "Failures and gaps");
	document_paragraph(d);
	document_say(d, "Every cell and contender without a good sample, or with a bad one "
			"beside good ones.");
	if (!has_gaps(c)) {
		document_paragraph(d);
		document_say(d, "None: each cell holds good samples of each contender, and "
				"nothing else.");
		return;
	}
	document_table(d, titles);
	document_caption(d, "Samples by outcome where not all are good");
	for (size_t k = 0; k < c->set->ncontenders; k++) {
		if (comparison_never_ran(c, k)) {
			one_gap(d, c, k);
			continue;
		}
		for (size_t i = 0; i < c->set->ncells; i++) {
			struct outcome o = comparison_outcome(c, i, k);

			if (is_gap(&o))
				gap_row(d, c, &c->set->cells[i], k, &o);
		}
	}
}
