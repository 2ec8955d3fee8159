#include "harness/gate/outcome.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

const char *const gate_states[GATE_STATES] = {
	[GATE_STATE_PASS] = "pass",
	[GATE_STATE_FAIL] = "fail",
	[GATE_STATE_INCONCLUSIVE] = "inconclusive",
	[GATE_STATE_ACCEPTED] = "accepted",
	[GATE_STATE_SKIPPED] = "skipped",
	[GATE_STATE_BROKEN] = "broken",
};

#define STATUS_PASS 0
#define STATUS_FAIL 1
#define STATUS_BROKEN 3
#define STATUS_INCONCLUSIVE 4
#define STATUS_SKIPPED 77 /* Automake's */

static _Noreturn void out_of_memory(void)
{
	complain("out of memory");
	exit(STATUS_BROKEN);
}

void gate_outcome_init(struct gate_outcome *outcome)
{
	*outcome = (struct gate_outcome){.false_alarms = NAN, .aa_percentile = NAN};
}

static void free_side(struct gate_side *side)
{
	free(side->name);
	free(side->path);
	free(side->build_id);
	free(side->version);
	free(side->revision);
}

static void free_line(struct gate_line *line)
{
	for (size_t i = 0; i < line->nparts; i++)
		free(line->parts[i].name);
	free(line->parts);
	free(line->cell);
	free(line->metric);
	free(line->reason);
	free(line->command);
}

void gate_outcome_free(struct gate_outcome *outcome)
{
	free_side(&outcome->base);
	free_side(&outcome->head);
	free(outcome->baseline);
	for (size_t i = 0; i < outcome->nfields; i++) {
		free(outcome->fields[i].key);
		free(outcome->fields[i].value);
	}
	free(outcome->fields);
	for (size_t i = 0; i < outcome->nlines; i++)
		free_line(&outcome->lines[i]);
	free(outcome->lines);
	gate_outcome_init(outcome);
}

static void *one_more(void *list, size_t count, size_t size)
{
	list = list_grown(list, count, size);
	memset((char *)list + count * size, 0, size);
	return list;
}

void gate_text(char **text, const char *format, ...)
{
	va_list arguments;
	char *made;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	free(*text);
	*text = made;
}

struct gate_line *gate_outcome_add(struct gate_outcome *outcome, int tier, const char *cell,
				   const char *metric, enum gate_unit unit)
{
	struct gate_line *line;

	outcome->lines = one_more(outcome->lines, outcome->nlines, sizeof(*outcome->lines));
	line = &outcome->lines[outcome->nlines++];
	line->tier = tier;
	line->unit = unit;
	line->base = line->head = line->smallest_effect = NAN;
	line->ratio = (struct interval){0, NAN, NAN, NAN};
	if (cell)
		gate_text(&line->cell, "%s", cell);
	gate_text(&line->metric, "%s", metric);
	return line;
}

void gate_line_part(struct gate_line *line, const char *name, double base, double head)
{
	line->parts = one_more(line->parts, line->nparts, sizeof(*line->parts));
	line->parts[line->nparts].base = base;
	line->parts[line->nparts].head = head;
	gate_text(&line->parts[line->nparts++].name, "%s", name);
}

void gate_outcome_field(struct gate_outcome *outcome, const char *key, const char *value)
{
	struct gate_field *field;

	outcome->fields = one_more(outcome->fields, outcome->nfields, sizeof(*field));
	field = &outcome->fields[outcome->nfields++];
	gate_text(&field->key, "%s", key);
	gate_text(&field->value, "%s", value);
}

enum gate_state gate_outcome_state(const struct gate_outcome *outcome)
{
	size_t of[GATE_STATES] = {0};

	for (size_t i = 0; i < outcome->nlines; i++)
		of[outcome->lines[i].state]++;
	return of[GATE_STATE_BROKEN]                            ? GATE_STATE_BROKEN
	       : of[GATE_STATE_FAIL]                            ? GATE_STATE_FAIL
	       : of[GATE_STATE_INCONCLUSIVE]                    ? GATE_STATE_INCONCLUSIVE
	       : of[GATE_STATE_PASS] || of[GATE_STATE_ACCEPTED] ? GATE_STATE_PASS
								: GATE_STATE_SKIPPED;
}

int gate_outcome_status(const struct gate_outcome *outcome)
{
	switch (gate_outcome_state(outcome)) {
	case GATE_STATE_FAIL:
		return STATUS_FAIL;
	case GATE_STATE_BROKEN:
		return STATUS_BROKEN;
	case GATE_STATE_INCONCLUSIVE:
		return outcome->inconclusive_passes ? STATUS_PASS : STATUS_INCONCLUSIVE;
	case GATE_STATE_SKIPPED:
		return STATUS_SKIPPED;
	default:
		return STATUS_PASS;
	}
}
