#include "harness/export/gate_formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/report/field.h"

static void *checked(void *memory)
{
	if (!memory)
		out_of_memory();
	return memory;
}

/* --- names ------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *of)
{
	const struct gate_view *view = of;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	const struct gate_line *one = &view->outcome->lines[i],
			       *other = &view->outcome->lines[k];
	int order = (one->tier > other->tier) - (one->tier < other->tier);

	if (!order)
		order = strcmp(one->metric, other->metric);
	if (!order)
		order = strcmp(view->cell[i], view->cell[k]);
	return order ? order : (i > k) - (i < k);
}

static bool same_name(const struct gate_view *view, size_t i, size_t k)
{
	const struct gate_line *one = &view->outcome->lines[i],
			       *other = &view->outcome->lines[k];

	return one->tier == other->tier && !strcmp(one->metric, other->metric) &&
	       !strcmp(view->cell[i], view->cell[k]);
}

/* Numbers lines of one name, until even what this makes of them is unique. */
static void name_lines(struct gate_view *view)
{
	size_t n = view->outcome->nlines, *order = checked(calloc(n + 1, sizeof(*order)));
	bool changed;

	for (size_t i = 0; i < n; i++) {
		const struct gate_line *line = &view->outcome->lines[i];
		const char *cell = line->cell;

		order[i] = i;
		if (!cell)
			cell = !isnan(line->ratio.point) ? "geometric mean" : "whole tier";
		view->cell[i] = text_format("%s", *cell ? cell : "(no name)");
	}
	do {
		size_t first = 0;

		changed = false;
		qsort_r(order, n, sizeof(*order), by_name, view);
		for (size_t i = 1; i < n; i++)
			if (!same_name(view, order[first], order[i])) {
				first = i;
			} else {
				text_append(&view->cell[order[i]], " (%zu)", i - first + 1);
				changed = true;
			}
	} while (changed);
	free(order);
}

/* --- order ------------------------------------------------------------------------------- */

/* How far above its limit a line is; what was not measured is nowhere. */
static double excess(const struct gate_line *line)
{
	return isnan(line->ratio.point) ? -INFINITY : line->ratio.point - 1 - line->limit;
}

static int by_badness(const void *a, const void *b, void *of)
{
	static const int rank[GATE_STATES] = {
		[GATE_STATE_BROKEN] = 0,       [GATE_STATE_FAIL] = 1,
		[GATE_STATE_INCONCLUSIVE] = 2, [GATE_STATE_ACCEPTED] = 3,
		[GATE_STATE_SKIPPED] = 4,      [GATE_STATE_PASS] = 5};
	const struct gate_view *view = of;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	const struct gate_line *one = &view->outcome->lines[i],
			       *other = &view->outcome->lines[k];

	if (rank[one->state] != rank[other->state])
		return rank[one->state] - rank[other->state];
	if (excess(one) != excess(other))
		return excess(one) > excess(other) ? -1 : 1;
	return (i > k) - (i < k);
}

/* --- words ------------------------------------------------------------------------------- */

static char *verdict(const struct gate_view *view)
{
	static const enum gate_state order[] = {GATE_STATE_BROKEN,       GATE_STATE_FAIL,
						GATE_STATE_INCONCLUSIVE, GATE_STATE_ACCEPTED,
						GATE_STATE_SKIPPED,      GATE_STATE_PASS};
	size_t n = view->outcome->nlines;
	const char *between = ":";
	char *text =
		text_format("%s: %zu line%s", gate_states[view->state], n, n == 1 ? "" : "s");

	for (size_t i = 0; i < GATE_STATES; i++)
		if (view->counts[order[i]]) {
			text_append(&text, "%s %zu %s", between, view->counts[order[i]],
				    gate_states[order[i]]);
			between = ",";
		}
	return text;
}

struct gate_view *gate_view_make(const struct gate_outcome *outcome)
{
	struct gate_view *view = checked(calloc(1, sizeof(*view)));

	view->outcome = outcome;
	gate_outcome_counts(outcome, view->counts);
	view->state = gate_outcome_state(outcome);
	view->status = gate_outcome_status(outcome);
	view->verdict = verdict(view);
	view->cell = checked(calloc(outcome->nlines + 1, sizeof(*view->cell)));
	name_lines(view);
	view->worst = checked(calloc(outcome->nlines + 1, sizeof(*view->worst)));
	for (size_t i = 0; i < outcome->nlines; i++)
		view->worst[i] = i;
	qsort_r(view->worst, outcome->nlines, sizeof(*view->worst), by_badness, view);
	return view;
}

void gate_view_free(struct gate_view *view)
{
	for (size_t i = 0; i < view->outcome->nlines; i++)
		free(view->cell[i]);
	free(view->cell);
	free(view->worst);
	free(view->verdict);
	free(view);
}

bool gate_blocks(const struct gate_view *view, const struct gate_line *line)
{
	return line->state == GATE_STATE_BROKEN || line->state == GATE_STATE_FAIL ||
	       (line->state == GATE_STATE_INCONCLUSIVE && !view->outcome->inconclusive_passes);
}

bool gate_is_exact(const struct gate_line *line)
{
	return line->ratio.n == 1;
}

bool gate_has_interval(const struct gate_line *line)
{
	return line->ratio.n > 1 && !isnan(line->ratio.low) && !isnan(line->ratio.high);
}

char *gate_amount(enum gate_unit unit, double value)
{
	static const enum unit units[GATE_UNITS] = {[GATE_COUNT] = UNIT_AMOUNT,
						    [GATE_BYTES] = UNIT_SIZE,
						    [GATE_BYTE_EVENTS] = UNIT_AMOUNT,
						    [GATE_NS] = UNIT_NS};
	const struct field field = {.unit = units[unit]};
	char text[FIELD_TEXT];

	if (unit == GATE_BYTE_EVENTS && !isnan(value))
		return text_format("%s MiB x events",
				   field_number(&field, value / 0x1p20, text));
	return text_format("%s", field_number(&field, value, text));
}

char *gate_ratio_words(const struct gate_line *line)
{
	char *text = NULL;

	if (isnan(line->ratio.point))
		return text_format("not measured");
	text_set(&text, "ratio %.6g", line->ratio.point);
	if (gate_has_interval(line))
		text_append(&text, " [%.6g, %.6g] of %zu pairs", line->ratio.low,
			    line->ratio.high, line->ratio.n);
	else
		text_append(&text, gate_is_exact(line) ? " (exact)" : " (no interval)");
	text_append(&text, ", limit %.6g", 1 + line->limit);
	return text;
}

char *gate_line_words(const struct gate_line *line)
{
	char *text = gate_ratio_words(line), *base = gate_amount(line->unit, line->base),
	     *head = gate_amount(line->unit, line->head);

	if (!isnan(line->base) || !isnan(line->head))
		text_append(&text, "; base %s, head %s", base, head);
	if (!isnan(line->smallest_effect))
		text_append(&text, "; could show +%.3g %%", 100 * line->smallest_effect);
	if (line->reason)
		text_append(&text, "; %s", line->reason);
	if (line->command)
		text_append(&text, "; again: %s", line->command);
	free(base);
	free(head);
	return text;
}
