#include "harness/gate/outcome.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/gate/request.h"

const char *const gate_states[GATE_STATES] = {
	[GATE_STATE_PASS] = "pass",
	[GATE_STATE_FAIL] = "fail",
	[GATE_STATE_INCONCLUSIVE] = "inconclusive",
	[GATE_STATE_ACCEPTED] = "accepted",
	[GATE_STATE_SKIPPED] = "skipped",
	[GATE_STATE_BROKEN] = "broken",
};

const char *const gate_units[GATE_UNITS] = {
	[GATE_COUNT] = "count",
	[GATE_BYTES] = "bytes",
	[GATE_BYTE_EVENTS] = "byte_events",
	[GATE_NS] = "ns",
};

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
}

static void free_line(struct gate_line *line)
{
	for (size_t i = 0; i < line->nparts; i++)
		free(line->parts[i].name);
	free(line->parts);
	free(line->pairs);
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

/* Length of the well-formed UTF-8 character at p that may stand in a text, else 0.  Neither
 * surrogates nor what is longer than it need be (RFC 3629), no control character of either
 * block but newline and tab, and no U+FFFE and U+FFFF, which XML forbids. */
static size_t character_at(const unsigned char *p)
{
	size_t length = p[0] < 0x80             ? 1
			: (p[0] & 0xe0) == 0xc0 ? 2
			: (p[0] & 0xf0) == 0xe0 ? 3
			: (p[0] & 0xf8) == 0xf0 ? 4
						: 0;
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned code = length > 1 ? p[0] & (0x7fU >> length) : p[0];

	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fU);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
	    code == 0xfffe || code == 0xffff)
		return 0;
	if ((code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0))
		return 0;
	return length;
}

/* The same text on the heap, clean; frees the one given. */
static char *clean(char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *made = malloc(3 * strlen(text) + 1), *to = made;

	if (!made)
		out_of_memory();
	for (const char *p = text; *p;) {
		size_t length = character_at((const unsigned char *)p);

		to = mempcpy(to, length ? p : replacement, length ? length : 3);
		p += length ? length : 1;
	}
	*to = '\0';
	free(text);
	return made;
}

void gate_text(char **text, const char *format, ...)
{
	va_list arguments;
	char *made;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	made = clean(made);
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
	line->base = line->head = line->limit = line->smallest_effect = NAN;
	line->ratio = (struct interval){0, NAN, NAN, NAN, 0};
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

void gate_line_pair(struct gate_line *line, double base, double head)
{
	line->pairs = one_more(line->pairs, line->npairs, sizeof(*line->pairs));
	line->pairs[line->npairs++] = (struct gate_pair){base, head};
}

void gate_outcome_field(struct gate_outcome *outcome, const char *key, const char *value)
{
	struct gate_field *field;

	outcome->fields = one_more(outcome->fields, outcome->nfields, sizeof(*field));
	field = &outcome->fields[outcome->nfields++];
	gate_text(&field->key, "%s", key);
	gate_text(&field->value, "%s", value);
}

void gate_outcome_counts(const struct gate_outcome *outcome, size_t counts[GATE_STATES])
{
	memset(counts, 0, GATE_STATES * sizeof(*counts));
	for (size_t i = 0; i < outcome->nlines; i++)
		counts[outcome->lines[i].state]++;
}

enum gate_state gate_outcome_state(const struct gate_outcome *outcome)
{
	size_t of[GATE_STATES];

	gate_outcome_counts(outcome, of);
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
		return GATE_EXIT_FAIL;
	case GATE_STATE_BROKEN:
		return GATE_EXIT_BROKEN;
	case GATE_STATE_INCONCLUSIVE:
		return outcome->inconclusive_passes ? GATE_EXIT_PASS : GATE_EXIT_INCONCLUSIVE;
	case GATE_STATE_SKIPPED:
		return GATE_EXIT_SKIPPED;
	default:
		return GATE_EXIT_PASS;
	}
}
