#include "harness/report/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/message.h"

static void time_text(double ns, char text[FIELD_TEXT])
{
	if (ns < 1e3)
		snprintf(text, FIELD_TEXT, "%.3g ns", ns);
	else if (ns < 1e6)
		snprintf(text, FIELD_TEXT, ns < 1e5 ? "%.3g µs" : "%.0f µs", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, FIELD_TEXT, ns < 1e8 ? "%.3g ms" : "%.0f ms", ns / 1e6);
	else
		snprintf(text, FIELD_TEXT, "%.3g s", ns / 1e9);
}

static void size_text(double bytes, char text[FIELD_TEXT])
{
	if (fabs(bytes) < 0x1p10)
		snprintf(text, FIELD_TEXT, "%.4g B", bytes);
	else if (fabs(bytes) < 0x1p20)
		snprintf(text, FIELD_TEXT, "%.1f KiB", bytes / 0x1p10);
	else
		snprintf(text, FIELD_TEXT, "%.2f MiB", bytes / 0x1p20);
}

/* A change is never so small that it reads as none. */
static void change_text(double ratio, char text[FIELD_TEXT])
{
	double percent = 100 * (ratio - 1);

	if (percent == 0)
		snprintf(text, FIELD_TEXT, "0 %%");
	else
		snprintf(text, FIELD_TEXT, fabs(percent) < 0.01 ? "%+.1g %%" : "%+.2f %%",
			 percent);
}

const char *field_number(const struct field *field, double value, char text[FIELD_TEXT])
{
	if (isnan(value))
		return "–";
	switch (field->unit) {
	case UNIT_WORDS:
	case UNIT_COUNT:
		snprintf(text, FIELD_TEXT, "%.0f", value);
		break;
	case UNIT_PLAIN:
		snprintf(text, FIELD_TEXT, value < 10 ? "%.2f" : "%.0f", value);
		break;
	case UNIT_RATIO:
		snprintf(text, FIELD_TEXT, "%.*f", value < 10 ? 3 : value < 100 ? 1 : 0, value);
		break;
	case UNIT_CHANGE:
		snprintf(text, FIELD_TEXT, "%+.*f",
			 fabs(value) < 10    ? 2
			 : fabs(value) < 100 ? 1
					     : 0,
			 value);
		break;
	case UNIT_NS:
		time_text(value, text);
		break;
	case UNIT_BYTES:
		snprintf(text, FIELD_TEXT, "%.1f MiB", value / 0x1p20);
		break;
	case UNIT_SIZE:
		size_text(value, text);
		break;
	case UNIT_AMOUNT:
		snprintf(text, FIELD_TEXT,
			 value == floor(value) || fabs(value) >= 1e4 ? "%.0f" : "%.4g", value);
		break;
	case UNIT_EXCESS:
		change_text(value, text);
		break;
	}
	return text;
}

void field_add_line(struct field *field, const char *words)
{
	field->line = list_grown(field->line, field->nlines, sizeof(*field->line));
	field->line[field->nlines++] = text_format("%s", words);
}

void field_free(struct field *field)
{
	for (size_t i = 0; i < field->nlines; i++)
		free(field->line[i]);
	free(field->line);
	free(field->note);
	free(field->colour);
}
