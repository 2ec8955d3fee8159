/* Workflow commands of GitHub's runner, which shows ten of a kind and step: the verdict is the
 * first of its kind, and where more are to come the last says how many. */
#include "harness/export/gate_formats.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

#define ANNOTATIONS 10
#define LONGEST 2000 /* bytes of a message */

enum kind { KIND_ERROR, KIND_WARNING, KIND_NOTICE, KINDS };

static const char *const kinds[KINDS] = {"error", "warning", "notice"};

/* Of a property the colon and comma would end it. */
static void write_escaped(FILE *f, const char *text, bool property)
{
	size_t length = strlen(text);

	if (length > LONGEST) {
		length = LONGEST;
		while (((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	for (size_t i = 0; i < length; i++)
		if (strchr("%\r\n", text[i]) || (property && strchr(":,", text[i])))
			fprintf(f, "%%%02X", (unsigned char)text[i]);
		else
			fputc(text[i], f);
	if (text[length])
		fputs("…", f);
}

static void write_one(FILE *f, enum kind kind, const char *title, const char *message)
{
	fprintf(f, "::%s title=", kinds[kind]);
	write_escaped(f, title, true);
	fputs("::", f);
	write_escaped(f, message, false);
	fputc('\n', f);
}

/* KINDS: what is as it should be is not annotated. */
static enum kind kind_of(const struct gate_line *line)
{
	switch (line->state) {
	case GATE_STATE_BROKEN:
	case GATE_STATE_FAIL:
		return KIND_ERROR;
	case GATE_STATE_INCONCLUSIVE:
		return KIND_WARNING;
	case GATE_STATE_ACCEPTED:
	case GATE_STATE_SKIPPED:
		return KIND_NOTICE;
	default:
		return KINDS;
	}
}

static void write_line(FILE *f, const struct gate_view *view, size_t index)
{
	const struct gate_line *line = &view->outcome->lines[index];
	char *title = text_format("%s: tier %d, %s: %s", gate_states[line->state], line->tier,
				  view->cell[index], line->metric),
	     *words = gate_line_words(line);

	write_one(f, kind_of(line), title, words);
	free(title);
	free(words);
}

void gate_write_github(const struct gate_view *view, FILE *f, size_t room)
{
	enum kind verdict = view->state == GATE_STATE_PASS || view->state == GATE_STATE_SKIPPED
				    ? KIND_NOTICE
			    : view->status ? KIND_ERROR
					   : KIND_WARNING;
	size_t of[KINDS + 1] = {0}, written[KINDS + 1] = {0};

	(void)room;
	for (size_t i = 0; i < view->outcome->nlines; i++)
		of[kind_of(&view->outcome->lines[i])]++;
	write_one(f, verdict, "gate", view->verdict);
	of[verdict]++;
	written[verdict]++;
	for (size_t i = 0; i < view->outcome->nlines; i++) {
		const struct gate_line *line = &view->outcome->lines[view->worst[i]];
		enum kind kind = kind_of(line);

		if (kind == KINDS || written[kind] == ANNOTATIONS)
			continue;
		if (written[kind] == ANNOTATIONS - 1 && of[kind] > ANNOTATIONS) {
			char *more = text_format("%zu more lines: the summary lists them",
						 of[kind] - written[kind]);

			write_one(f, kind, "gate", more);
			free(more);
		} else {
			write_line(f, view, view->worst[i]);
		}
		written[kind]++;
	}
}
