/* Go's benchmark format (golang.org/design/14313-benchmark-format), which benchstat reads:
 * `benchstat -col /lib FILE` sets head beside base.  What is no benchmark stands in lines that
 * begin with #, which every reader skips: as configuration it would set two files apart. */
#include "harness/export/gate_formats.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* A name holds no blanks, and slashes begin its parts; other bytes are written as %XX. */
static void write_name(FILE *f, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("._:=,+@-", *text))
			fputc(*text, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*text);
}

/* The name must go on with what is no lower-case letter.  A capital that was there already is
 * written as its code, so that two cells never have one name. */
static void write_cell(FILE *f, const char *cell)
{
	fputs("Benchmark", f);
	if (islower((unsigned char)*cell))
		fputc(toupper((unsigned char)*cell), f);
	else if (*cell)
		fprintf(f, "%%%02X", (unsigned char)*cell);
	write_name(f, *cell ? cell + 1 : cell);
}

/* The metric, ending in what tells benchstat the unit. */
static void write_unit(FILE *f, const struct gate_line *line)
{
	static const char *const endings[GATE_UNITS] = {[GATE_BYTES] = "-bytes",
							[GATE_BYTE_EVENTS] = "-byte-events",
							[GATE_NS] = "-ns/op"};

	if (line->unit == GATE_NS && !strcmp(line->metric, "cpu_ns")) {
		fputs("ns/op", f);
		return;
	}
	write_name(f, line->metric);
	fputs(endings[line->unit] ? endings[line->unit] : "", f);
}

static void write_value(FILE *f, const struct gate_view *view, size_t index, const char *side,
			double value)
{
	const struct gate_line *line = &view->outcome->lines[index];

	write_cell(f, view->cell[index]);
	fprintf(f, "/tier=%d/lib=%s 1 %.15g ", line->tier, side, value);
	write_unit(f, line);
	fputc('\n', f);
}

/* Is this the first line of its unit? */
static bool is_first(const struct gate_view *view, size_t index)
{
	const struct gate_line *line = &view->outcome->lines[index];

	for (size_t i = 0; i < index; i++)
		if (view->outcome->lines[i].unit == line->unit &&
		    !strcmp(view->outcome->lines[i].metric, line->metric))
			return false;
	return true;
}

/* Values of a unit of which none was sampled are what they are. */
static bool all_exact(const struct gate_view *view, const struct gate_line *of)
{
	for (size_t i = 0; i < view->outcome->nlines; i++) {
		const struct gate_line *line = &view->outcome->lines[i];

		if (line->unit == of->unit && !strcmp(line->metric, of->metric) &&
		    (line->npairs || line->ratio.n > 1))
			return false;
	}
	return true;
}

static void write_line(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\n' ? ' ' : *text, f);
}

void gate_write_benchstat(const struct gate_view *view, FILE *f, size_t room)
{
	(void)room;
	fprintf(f, "# %s\n", view->verdict);
	for (size_t i = 0; i < view->outcome->nlines; i++)
		if (is_first(view, i)) {
			fputs("Unit ", f);
			write_unit(f, &view->outcome->lines[i]);
			fprintf(f, " better=lower%s\n",
				all_exact(view, &view->outcome->lines[i]) ? " assume=exact"
									  : "");
		}
	for (size_t i = 0; i < view->outcome->nlines; i++) {
		const struct gate_line *line = &view->outcome->lines[i];

		for (size_t k = 0; k < line->npairs; k++) {
			write_value(f, view, i, "base", line->pairs[k].base);
			write_value(f, view, i, "head", line->pairs[k].head);
		}
		if (line->npairs)
			continue;
		if (isfinite(line->base) && isfinite(line->head)) {
			write_value(f, view, i, "base", line->base);
			write_value(f, view, i, "head", line->head);
			continue;
		}
		fputs("# without values: ", f);
		write_line(f, view->cell[i]);
		fputs(": ", f);
		write_line(f, line->metric);
		fputc('\n', f);
	}
}
