/* OpenMetrics text (OpenMetrics 1.0), of gauges alone, so that readers of the older format of
 * Prometheus take it as well.  The name of a family ends in its unit; what was not measured has
 * no sample. */
#include "harness/export/gate_formats.h"

#include <math.h>
#include <string.h>

struct family {
	const char *name, *unit, *help; /* unit: "" for a plain number */
};

static void begin(FILE *f, const struct family *family)
{
	fprintf(f, "# TYPE ashlar_gate_%s gauge\n", family->name);
	if (*family->unit)
		fprintf(f, "# UNIT ashlar_gate_%s %s\n", family->name, family->unit);
	fprintf(f, "# HELP ashlar_gate_%s %s\n", family->name, family->help);
}

static void write_label(FILE *f, const char *before, const char *name, const char *value)
{
	fprintf(f, "%s%s=\"", before, name);
	for (; *value; value++)
		if (*value == '\n')
			fputs("\\n", f);
		else if (*value == '\\' || *value == '"')
			fprintf(f, "\\%c", *value);
		else
			fputc(*value, f);
	fputc('"', f);
}

static void write_value(FILE *f, double value)
{
	if (isinf(value))
		fprintf(f, "} %cInf\n", value < 0 ? '-' : '+');
	else
		fprintf(f, "} %.15g\n", value);
}

/* A sample of a line; `label` may be null. */
static void write_sample(FILE *f, const struct gate_view *view, size_t index,
			 const struct family *family, const char *label, const char *text,
			 double value)
{
	const struct gate_line *line = &view->outcome->lines[index];

	if (isnan(value))
		return;
	fprintf(f, "ashlar_gate_%s{tier=\"%d\"", family->name, line->tier);
	write_label(f, ",", "cell", view->cell[index]);
	write_label(f, ",", "metric", line->metric);
	if (label)
		write_label(f, ",", label, text);
	write_value(f, value);
}

static void write_verdict(FILE *f, const struct gate_view *view)
{
	static const struct family verdict = {"verdict", "",
					      "Whether the gate came to this verdict."},
				   lines = {"lines", "", "Lines that came to this state."},
				   status = {"exit_status", "", "Exit status of the gate."},
				   duration = {"duration_seconds", "seconds",
					       "What the gate took."},
				   class = {"class", "",
					    "Fields of what counts may be compared within."};

	begin(f, &verdict);
	for (int i = 0; i < GATE_STATES; i++)
		if (i != GATE_STATE_ACCEPTED) /* of lines alone */
			fprintf(f, "ashlar_gate_verdict{verdict=\"%s\"} %d\n", gate_states[i],
				(int)view->state == i);
	begin(f, &lines);
	for (int i = 0; i < GATE_STATES; i++)
		fprintf(f, "ashlar_gate_lines{state=\"%s\"} %zu\n", gate_states[i],
			view->counts[i]);
	begin(f, &status);
	fprintf(f, "ashlar_gate_exit_status %d\n", view->status);
	begin(f, &duration);
	fprintf(f, "ashlar_gate_duration_seconds %.9g\n", view->outcome->seconds);
	begin(f, &class);
	for (size_t i = 0; i < view->outcome->nfields; i++) {
		fprintf(f, "ashlar_gate_class{number=\"%zu\"", i);
		write_label(f, ",", "key", view->outcome->fields[i].key);
		write_label(f, ",", "value", view->outcome->fields[i].value);
		write_value(f, 1);
	}
}

static void write_ratios(FILE *f, const struct gate_view *view)
{
	static const struct family families[] = {
		{"ratio", "ratio", "Head by base."},
		{"low_ratio", "ratio", "Lower end of the ratio's interval."},
		{"high_ratio", "ratio", "Upper end of the ratio's interval."},
		{"limit_ratio", "ratio", "What the ratio must not be above."},
		{"smallest_ratio", "ratio", "Smallest ratio that the line could show."},
	};

	for (size_t k = 0; k < sizeof(families) / sizeof(*families); k++) {
		begin(f, &families[k]);
		for (size_t i = 0; i < view->outcome->nlines; i++) {
			const struct gate_line *line = &view->outcome->lines[i];
			const double values[] = {line->ratio.point, line->ratio.low,
						 line->ratio.high, 1 + line->limit,
						 1 + line->smallest_effect};

			write_sample(f, view, i, &families[k], NULL, NULL, values[k]);
		}
	}
}

/* Seconds where the outcome has ns: the format asks for base units. */
static void write_amounts(FILE *f, const struct gate_view *view)
{
	static const struct family families[GATE_UNITS] = {
		[GATE_COUNT] = {"amount", "", "What was counted."},
		[GATE_BYTES] = {"amount_bytes", "bytes", "Memory."},
		[GATE_BYTE_EVENTS] = {"amount_byte_events", "byte_events",
				      "Memory times the events for which it was held."},
		[GATE_NS] = {"amount_seconds", "seconds", "Time."},
	};

	for (int unit = 0; unit < GATE_UNITS; unit++) {
		double scale = unit == GATE_NS ? 1e-9 : 1;

		begin(f, &families[unit]);
		for (size_t i = 0; i < view->outcome->nlines; i++) {
			const struct gate_line *line = &view->outcome->lines[i];

			if ((int)line->unit != unit)
				continue;
			write_sample(f, view, i, &families[unit], "side", "base",
				     line->base * scale);
			write_sample(f, view, i, &families[unit], "side", "head",
				     line->head * scale);
		}
	}
}

void gate_write_openmetrics(const struct gate_view *view, FILE *f, size_t room)
{
	static const struct family state = {"line_state", "", "State that the line came to."};

	(void)room;
	write_verdict(f, view);
	begin(f, &state);
	for (size_t i = 0; i < view->outcome->nlines; i++)
		write_sample(f, view, i, &state, "state",
			     gate_states[view->outcome->lines[i].state], 1);
	write_ratios(f, view);
	write_amounts(f, view);
	fputs("# EOF\n", f);
}
