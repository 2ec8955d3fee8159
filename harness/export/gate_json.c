#include "harness/export/gate_formats.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *words(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Prints and frees. */
static void print(json_t *o, FILE *f)
{
	if (!o || json_dumpf(o, f, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) < 0)
		fputs("null", f); /* a stream that fails says so itself */
	fputc('\n', f);
	json_decref(o);
}

static json_t *side(const struct gate_side *side)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "name", words(side->name), "path",
			 words(side->path), "build_id", words(side->build_id), "version",
			 words(side->version));
}

static json_t *counts(const struct gate_view *view)
{
	json_t *o = json_object();

	for (int i = 0; i < GATE_STATES; i++)
		json_object_set_new(o, gate_states[i],
				    json_integer((json_int_t)view->counts[i]));
	return o;
}

/* As jq's from_entries takes them; a field may stand twice. */
static json_t *class(const struct gate_outcome *outcome)
{
	json_t *list = json_array();

	for (size_t i = 0; i < outcome->nfields; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "key", outcome->fields[i].key,
						"value", outcome->fields[i].value));
	return list;
}

static json_t *parts(const struct gate_line *line)
{
	json_t *list = json_array();

	for (size_t i = 0; i < line->nparts; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o}", "name", line->parts[i].name,
						"base", number(line->parts[i].base), "head",
						number(line->parts[i].head)));
	return list;
}

static json_t *pairs(const struct gate_line *line)
{
	json_t *list = json_array();

	for (size_t i = 0; i < line->npairs; i++)
		json_array_append_new(list, json_pack("[o, o]", number(line->pairs[i].base),
						      number(line->pairs[i].head)));
	return list;
}

static json_t *ratio(const struct interval *i)
{
	if (!i->n)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:I}", "point", number(i->point), "low",
			 number(i->low), "high", number(i->high), "n", (json_int_t)i->n);
}

static json_t *line_to_json(const struct gate_view *view, size_t index)
{
	const struct gate_line *line = &view->outcome->lines[index];

	return json_pack(
		"{s:i, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, "
		"s:o, s:o}",
		"tier", line->tier, "cell", words(line->cell), "name", view->cell[index],
		"metric", line->metric, "unit", gate_units[line->unit], "base",
		number(line->base), "head", number(line->head), "ratio", ratio(&line->ratio),
		"limit", number(line->limit), "smallest_effect", number(line->smallest_effect),
		"state", gate_states[line->state], "reason", words(line->reason), "command",
		words(line->command), "parts", parts(line), "pairs", pairs(line));
}

void gate_write_json(const struct gate_view *view, FILE *f, size_t room)
{
	const struct gate_outcome *o = view->outcome;
	json_t *lines = json_array();

	(void)room;
	for (size_t i = 0; i < o->nlines; i++)
		json_array_append_new(lines, line_to_json(view, i));
	print(json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:I}, "
			"s:b, s:o, s:o}",
			"schema", GATE_SCHEMA, "verdict", gate_states[view->state], "says",
			view->verdict, "status", view->status, "counts", counts(view), "base",
			side(&o->base), "head", side(&o->head), "baseline", words(o->baseline),
			"class", class(o), "alpha", number(o->alpha), "false_alarms",
			number(o->false_alarms), "aa", "percentile_95",
			number(o->aa_percentile), "pairs", (json_int_t)o->aa_pairs,
			"inconclusive_passes", (int)o->inconclusive_passes, "seconds",
			number(o->seconds), "lines", lines),
	      f);
}

/* --- for github-action-benchmark ------------------------------------------------------------
 * A list of {name, unit, value, range, extra}, of which smaller values are better. */

static void append(json_t *list, const char *name, const char *unit, double value,
		   const char *range, const char *extra)
{
	json_t *o = json_pack("{s:s, s:s, s:o, s:s}", "name", name, "unit", unit, "value",
			      number(value), "extra", extra);

	if (range)
		json_object_set_new(o, "range", json_string(range));
	json_array_append_new(list, o);
}

static void append_line(json_t *list, const struct gate_view *view, size_t index)
{
	static const char *const units[GATE_UNITS] = {[GATE_COUNT] = "count",
						      [GATE_BYTES] = "bytes",
						      [GATE_BYTE_EVENTS] = "byte events",
						      [GATE_NS] = "ns"};
	const struct gate_line *line = &view->outcome->lines[index];
	bool absolute = isfinite(line->head);
	char *name, *said, *extra, *range = NULL;

	/* What has no value cannot be drawn; the numbers of lines say that it is there. */
	if (!absolute && !isfinite(line->ratio.point))
		return;
	name = text_format("tier %d, %s: %s", line->tier, view->cell[index], line->metric);
	said = gate_line_words(line);
	extra = text_format("%s: %s", gate_states[line->state], said);
	if (gate_has_interval(line))
		range = text_format("± %.2g %%", 50 * (line->ratio.high - line->ratio.low) /
							 line->ratio.point);
	append(list, name, absolute ? units[line->unit] : "ratio",
	       absolute ? line->head : line->ratio.point, range, extra);
	free(name);
	free(said);
	free(extra);
	free(range);
}

void gate_write_benchmark_json(const struct gate_view *view, FILE *f, size_t room)
{
	static const enum gate_state bad[] = {GATE_STATE_BROKEN, GATE_STATE_FAIL,
					      GATE_STATE_INCONCLUSIVE, GATE_STATE_SKIPPED};
	json_t *list = json_array();

	(void)room;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *name = text_format("gate, %s", gate_states[bad[i]]);

		append(list, name, "lines", (double)view->counts[bad[i]], NULL, view->verdict);
		free(name);
	}
	for (size_t i = 0; i < view->outcome->nlines; i++)
		append_line(list, view, i);
	print(list, f);
}
