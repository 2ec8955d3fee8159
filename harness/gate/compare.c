#include "harness/gate/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/gate/again.h"

/* Functions that are told of a line: those in which head differs by at least this share of
 * what it differs by in all. */
#define PART_LEAST 0.01
#define PARTS_MOST 30

static double ratio_of(double base, double head)
{
	if (base == 0)
		return head == 0 ? 1 : head > 0 ? INFINITY : NAN;
	return head / base;
}

static struct interval exactly(double ratio)
{
	return (struct interval){1, ratio, ratio, ratio, 0};
}

/* One that is left out is not known: the most that it can be. */
static double share_of(const struct gate_value *value, const char *name, bool *known)
{
	*known = true;
	for (size_t i = 0; i < value->nshares; i++)
		if (strcmp(value->shares[i].name, name) == 0)
			return value->shares[i].value;
	*known = false;
	return value->share_least;
}

static int grown_first(const void *one, const void *other)
{
	const struct gate_part *x = one, *y = other;
	double dx = x->head - x->base, dy = y->head - y->base;

	if (dx != dy)
		return dx < dy ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* What base and head are made of, as far as they are known to differ; what grew most comes
 * first.  Where only one side has a function the other has less of it than it keeps: the
 * difference is at least that to what it keeps, and none is told of what need not differ. */
static void add_parts(struct gate_line *line, const struct gate_value *base,
		      const struct gate_value *head)
{
	double least = PART_LEAST * fabs(head->value - base->value);
	bool known;

	for (size_t i = 0; i < head->nshares; i++) {
		const struct gate_share *is = &head->shares[i];
		double was = share_of(base, is->name, &known);

		if (is->value - was > least || (known && was - is->value > least))
			gate_line_part(line, is->name, was, is->value);
	}
	for (size_t i = 0; i < base->nshares; i++) {
		const struct gate_share *was = &base->shares[i];
		double is = share_of(head, was->name, &known);

		if (!known && was->value - is > least)
			gate_line_part(line, was->name, was->value, is);
	}
	if (line->nparts)
		qsort(line->parts, line->nparts, sizeof(*line->parts), grown_first);
	while (line->nparts > PARTS_MOST)
		free(line->parts[--line->nparts].name);
}

static void judge(struct gate_line *line, const struct gate_value *base)
{
	if (isnan(line->ratio.point)) {
		line->state = GATE_STATE_BROKEN;
		gate_text(&line->reason, "no ratio: base is %g and head %g", line->base,
			  line->head);
	} else if (line->ratio.point <= 1 + line->limit) {
		line->state = GATE_STATE_PASS;
	} else if (line->head <= base->accepted * (1 + line->limit)) {
		line->state = GATE_STATE_ACCEPTED;
		gate_text(&line->reason, "%s", base->because ? base->because : "no reason");
	} else {
		line->state = GATE_STATE_FAIL;
		if (!isnan(base->accepted))
			gate_text(&line->reason, "accepted was %.0f: %s", base->accepted,
				  base->because ? base->because : "no reason");
	}
}

/* Why one side has no value: a failure breaks the gate, anything else skips the line. */
static bool take_absence(struct gate_line *line, const char *side,
			 const struct gate_value *value)
{
	if (value->failure) {
		line->state = GATE_STATE_BROKEN;
		gate_text(&line->reason, "%s: %s", side, value->failure);
	} else if (value->skipped && line->state != GATE_STATE_BROKEN) {
		line->state = GATE_STATE_SKIPPED;
		gate_text(&line->reason, "%s: %s", side, value->skipped);
	}
	return value->failure || value->skipped;
}

static void add_command(struct gate_line *line, const char *again)
{
	char *command = gate_again_cell(again, line->tier, line->cell);

	gate_text(&line->command, "%s", command);
	free(command);
}

/* `any` is one of the two, of which the other may be NULL. */
static void add_line(const struct gate_value *any, const struct gate_value *base,
		     const struct gate_value *head, const struct gate_limits *limits,
		     const char *again, struct gate_outcome *outcome)
{
	struct gate_line *line =
		gate_outcome_add(outcome, any->tier, any->cell, any->metric, any->unit);
	bool absent = false;

	line->limit = gate_limit_of(limits, any->metric, any->cell);
	line->base = base ? base->value : NAN;
	line->head = head ? head->value : NAN;
	add_command(line, again);
	if (base)
		absent |= take_absence(line, "base", base);
	if (head)
		absent |= take_absence(line, "head", head);
	if (absent)
		return;
	if (!base || !head) {
		line->state = GATE_STATE_SKIPPED;
		gate_text(&line->reason, base ? "only base has it" : "base lacks it");
		return;
	}
	line->ratio = exactly(ratio_of(base->value, head->value));
	judge(line, base);
	if (line->ratio.point != 1)
		add_parts(line, base, head);
}

/* The first value of a tier that has its metric. */
static bool is_first(const struct gate_values *values, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (values->list[i].tier == values->list[index].tier &&
		    strcmp(values->list[i].metric, values->list[index].metric) == 0)
			return false;
	return true;
}

static void add_mean(const struct gate_values *base, const struct gate_values *head,
		     const struct gate_value *of, double limit, const char *again,
		     struct gate_outcome *outcome)
{
	struct gate_line *line;
	double sum = 0;
	size_t n = 0, accepted = 0;

	for (size_t i = 0; i < head->count; i++) {
		const struct gate_value *h = &head->list[i], *b;
		double from;

		if (h->tier != of->tier || strcmp(h->metric, of->metric) != 0)
			continue;
		b = gate_values_find(base, h->tier, h->cell, h->metric);
		if (!b || !(b->value > 0) || !(h->value > 0))
			continue;
		from = isnan(b->accepted) ? b->value : b->accepted;
		accepted += !isnan(b->accepted);
		sum += log(h->value / from);
		n++;
	}
	if (n < 2)
		return;
	line = gate_outcome_add(outcome, of->tier, NULL, of->metric, of->unit);
	line->ratio = exactly(exp(sum / (double)n));
	line->limit = limit;
	line->state = line->ratio.point <= 1 + limit ? GATE_STATE_PASS : GATE_STATE_FAIL;
	if (accepted)
		gate_text(&line->reason, "%zu cells count from what was accepted of them",
			  accepted);
	add_command(line, again);
}

void gate_compare(const struct gate_values *base, const struct gate_values *head, int tier,
		  bool whole, bool means, const struct gate_limits *limits, const char *again,
		  struct gate_outcome *outcome)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct gate_value *h = &head->list[i];

		if (h->tier == tier)
			add_line(h, gate_values_find(base, tier, h->cell, h->metric), h, limits,
				 again, outcome);
	}
	for (size_t i = 0; whole && i < base->count; i++) {
		const struct gate_value *b = &base->list[i];

		if (b->tier == tier && !gate_values_find(head, tier, b->cell, b->metric))
			add_line(b, b, NULL, limits, again, outcome);
	}
	for (size_t i = 0; means && i < head->count; i++) {
		const struct gate_value *h = &head->list[i];
		double limit = gate_limit_of(limits, h->metric, NULL);

		if (h->tier == tier && is_first(head, i) && !isnan(limit))
			add_mean(base, head, h, limit, again, outcome);
	}
}
