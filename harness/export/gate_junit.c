#include "harness/export/gate_formats.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"

/* Text in an attribute or an element; a newline in an attribute would become a blank. */
static void write_escaped(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\n':
			fputs("&#10;", f);
			break;
		case '\t':
			fputs("&#9;", f);
			break;
		default:
			fputc(*text, f);
		}
}

static void write_attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	write_escaped(f, value);
	fputc('"', f);
}

static void write_property(FILE *f, const char *name, const char *value)
{
	if (!value)
		return;
	fputs("   <property", f);
	write_attribute(f, "name", name);
	write_attribute(f, "value", value);
	fputs("/>\n", f);
}

static void write_side(FILE *f, const char *which, const struct gate_side *side)
{
	const struct {
		const char *key, *value;
	} facts[] = {{"name", side->name},
		     {"path", side->path},
		     {"build_id", side->build_id},
		     {"version", side->version}};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		char *name = text_format("%s.%s", which, facts[i].key);

		write_property(f, name, facts[i].value);
		free(name);
	}
}

static void write_properties(FILE *f, const struct gate_view *view)
{
	const struct gate_outcome *o = view->outcome;
	char *status = text_format("%d", view->status);

	fputs("  <properties>\n", f);
	write_property(f, "verdict", view->verdict);
	write_property(f, "status", status);
	write_side(f, "base", &o->base);
	write_side(f, "head", &o->head);
	write_property(f, "baseline", o->baseline);
	for (size_t i = 0; i < o->nfields; i++) {
		char *name = text_format("class.%s", o->fields[i].key);

		write_property(f, name, o->fields[i].value);
		free(name);
	}
	fputs("  </properties>\n", f);
	free(status);
}

/* All that a log has room for. */
static void write_details(FILE *f, const struct gate_line *line)
{
	char *words = gate_ratio_words(line), *base = gate_amount(line->unit, line->base),
	     *head = gate_amount(line->unit, line->head);

	write_escaped(f, words);
	fprintf(f, "\nbase %s, head %s\n", base, head);
	if (line->reason) {
		write_escaped(f, line->reason);
		fputc('\n', f);
	}
	for (size_t i = 0; i < line->nparts; i++)
		if (line->parts[i].head > line->parts[i].base) {
			fprintf(f, "%+.6g ", line->parts[i].head - line->parts[i].base);
			write_escaped(f, line->parts[i].name);
			fputc('\n', f);
		}
	if (line->command) {
		fputs("to reproduce: ", f);
		write_escaped(f, line->command);
		fputc('\n', f);
	}
	free(words);
	free(base);
	free(head);
}

/* What is none of pass, fail, error and skip elsewhere becomes the nearest of them that stands
 * in the way of a merge or not as it does itself; its type, or what it begins with, says which
 * it was. */
static void write_case(FILE *f, const struct gate_view *view, size_t index)
{
	const struct gate_line *line = &view->outcome->lines[index];
	const char *state = gate_states[line->state],
		   *element = line->state == GATE_STATE_BROKEN     ? "error"
			      : gate_blocks(view, line)            ? "failure"
			      : line->state == GATE_STATE_ACCEPTED ? "system-out"
								   : "skipped";
	char *class = text_format("tier %d", line->tier),
	     *name = text_format("%s: %s", view->cell[index], line->metric),
	     *words = gate_line_words(line), *message = text_format("%s: %s", state, words);

	fputs("  <testcase", f);
	write_attribute(f, "classname", class);
	write_attribute(f, "name", name);
	if (line->state == GATE_STATE_PASS) {
		fputs("/>\n", f);
	} else if (line->state == GATE_STATE_ACCEPTED) {
		fprintf(f, ">\n   <%s>", element);
		write_escaped(f, message);
		fprintf(f, "</%s>\n  </testcase>\n", element);
	} else {
		fprintf(f, ">\n   <%s", element);
		write_attribute(f, "message", message);
		if (gate_blocks(view, line))
			write_attribute(f, "type", state);
		fputc('>', f);
		write_details(f, line);
		fprintf(f, "</%s>\n  </testcase>\n", element);
	}
	free(class);
	free(name);
	free(words);
	free(message);
}

void gate_write_junit(const struct gate_view *view, FILE *f, size_t room)
{
	const struct gate_outcome *o = view->outcome;
	size_t undecided = view->counts[GATE_STATE_INCONCLUSIVE],
	       failures =
		       view->counts[GATE_STATE_FAIL] + (o->inconclusive_passes ? 0 : undecided),
	       skipped = view->counts[GATE_STATE_SKIPPED] +
			 (o->inconclusive_passes ? undecided : 0);
	char *sums = text_format("name=\"ashlar-bench gate\" tests=\"%zu\" failures=\"%zu\" "
				 "errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
				 o->nlines, failures, view->counts[GATE_STATE_BROKEN], skipped,
				 isfinite(o->seconds) ? o->seconds : 0);

	(void)room;
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n <testsuite "
		"%s>\n",
		sums, sums);
	write_properties(f, view);
	for (size_t i = 0; i < o->nlines; i++)
		write_case(f, view, i);
	fputs(" </testsuite>\n</testsuites>\n", f);
	free(sums);
}
