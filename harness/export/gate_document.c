#include "harness/export/gate_formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/export/markdown.h"
#include "harness/export/text.h"

#define TEXT_ROWS 60      /* lines that a terminal is given */
#define TEXT_WORD 300     /* bytes of one text there */
#define MARKDOWN_WORD 500 /* bytes of one text where there is a limit for all */
#define GROWN 10          /* functions per line that are named */
#define GROWN_ALL 60
#define COMMANDS 5
#define FIELDS 60 /* of the count class */

/* A text, cut if it is longer than `longest` bytes; valid until four more were made. */
static const char *cut(const char *text, size_t longest)
{
	static char *made[4];
	static unsigned next;
	char **at = &made[next++ % 4];

	if (!longest || strlen(text) <= longest)
		return text;
	while (longest && ((unsigned char)text[longest] & 0xc0) == 0x80)
		longest--;
	text_set(at, "%.*s…", (int)longest, text);
	return *at;
}

static void add_amount(struct document *d, const struct gate_line *line, double value)
{
	bool area = line->unit == GATE_BYTE_EVENTS;

	document_number(d,
			line->unit == GATE_BYTES ? UNIT_SIZE
			: line->unit == GATE_NS  ? UNIT_NS
						 : UNIT_AMOUNT,
			area ? value / 0x1p20 : value);
}

/* --- the lines --------------------------------------------------------------------------- */

/* The line with the lowest (or highest) ratio among those of its tier and metric; SIZE_MAX
 * where they do not differ.  Of `n` lines in the order of view->worst. */
static void find_extremes(const struct gate_view *view, const struct gate_line *of,
			  const struct gate_line **best, const struct gate_line **worst)
{
	*best = *worst = NULL;
	for (size_t i = 0; i < view->outcome->nlines; i++) {
		const struct gate_line *line = &view->outcome->lines[i];

		if (line->tier != of->tier || !line->cell || isnan(line->ratio.point) ||
		    strcmp(line->metric, of->metric) != 0)
			continue;
		if (!*best || line->ratio.point < (*best)->ratio.point)
			*best = line;
		if (!*worst || line->ratio.point > (*worst)->ratio.point)
			*worst = line;
	}
	if (*best && (*best)->ratio.point == (*worst)->ratio.point)
		*best = *worst = NULL;
}

/* Best and worst of the metrics seen so far. */
struct extremes {
	struct extreme {
		const struct gate_line *any, *best, *worst;
	} * list;
	size_t count;
};

static const struct extreme *extremes_of(struct extremes *extremes,
					 const struct gate_view *view,
					 const struct gate_line *line)
{
	struct extreme *one;

	for (size_t i = 0; i < extremes->count; i++) {
		one = &extremes->list[i];
		if (one->any->tier == line->tier && !strcmp(one->any->metric, line->metric))
			return one;
	}
	extremes->list = list_grown(extremes->list, extremes->count, sizeof(*extremes->list));
	one = &extremes->list[extremes->count++];
	one->any = line;
	find_extremes(view, line, &one->best, &one->worst);
	return one;
}

static void add_line(struct document *d, const struct gate_view *view, size_t index,
		     const struct extreme *extreme, bool effects, bool reasons, size_t longest)
{
	const struct gate_line *line = &view->outcome->lines[index];
	struct field *change;

	document_row(d);
	document_words(d, "%s", gate_states[line->state]);
	document_number(d, UNIT_COUNT, line->tier);
	document_words(d, "%s", cut(view->cell[index], longest));
	document_words(d, "%s%s", cut(line->metric, longest),
		       line->unit == GATE_BYTE_EVENTS ? ", MiB x events" : "");
	add_amount(d, line, line->base);
	add_amount(d, line, line->head);
	change = document_number(d, UNIT_EXCESS, line->ratio.point);
	if (gate_has_interval(line)) {
		change->low = line->ratio.low;
		change->high = line->ratio.high;
	}
	change->best = line == extreme->best;
	if (line == extreme->worst)
		change->note = text_format("worst");
	document_number(d, UNIT_EXCESS, 1 + line->limit);
	if (effects)
		document_number(d, UNIT_EXCESS, 1 + line->smallest_effect);
	if (reasons)
		document_words(d, "%s", line->reason ? cut(line->reason, longest) : "");
}

static void add_lines(struct document *d, const struct gate_view *view, size_t rows,
		      size_t longest)
{
	static const char *const titles[] = {"state", "tier",   "cell",  "metric", "base",
					     "head",  "change", "limit", NULL};
	size_t n = view->outcome->nlines, shown = n < rows ? n : rows;
	struct extremes extremes = {0};
	bool effects = false, reasons = false;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++) {
		effects |= !isnan(view->outcome->lines[i].smallest_effect);
		reasons |= view->outcome->lines[i].reason != NULL;
	}
	document_section(d, "lines", "Line by line, the worst first", NULL);
	document_table(d, titles);
	if (effects)
		document_column(d, "could show");
	if (reasons)
		document_column(d, "why");
	for (size_t i = 0; i < shown; i++)
		add_line(d, view, view->worst[i],
			 extremes_of(&extremes, view, &view->outcome->lines[view->worst[i]]),
			 effects, reasons, longest);
	free(extremes.list);
	document_paragraph(d);
	if (shown < n)
		document_format(d,
				"%zu more line%s, none of them worse than these, %s left out "
				"here; --json holds all. ",
				n - shown, n - shown == 1 ? "" : "s",
				n - shown == 1 ? "is" : "are");
	document_say(d, "A change is head against base. * or bold: the lowest of its tier and "
			"metric; worst: the highest.");
}

/* --- the functions ----------------------------------------------------------------------- */

static bool has_grown(const struct gate_view *view)
{
	for (size_t i = 0; i < view->outcome->nlines; i++)
		for (size_t k = 0; k < view->outcome->lines[i].nparts; k++)
			if (view->outcome->lines[i].parts[k].head >
			    view->outcome->lines[i].parts[k].base)
				return true;
	return false;
}

static void add_grown(struct document *d, const struct gate_view *view, size_t longest)
{
	static const char *const titles[] = {"head - base", "base", "head",
					     "function",    "cell", NULL};
	size_t shown = 0, left = 0;

	if (!has_grown(view))
		return;
	document_section(d, "functions", "What grew", NULL);
	document_table(d, titles);
	for (size_t i = 0; i < view->outcome->nlines; i++) {
		const struct gate_line *line = &view->outcome->lines[view->worst[i]];
		size_t of_line = 0;

		for (size_t k = 0; k < line->nparts; k++) {
			const struct gate_part *part = &line->parts[k];

			if (!(part->head > part->base))
				continue;
			if (of_line == GROWN || shown == GROWN_ALL) {
				left++;
				continue;
			}
			document_row(d);
			add_amount(d, line, part->head - part->base);
			add_amount(d, line, part->base);
			add_amount(d, line, part->head);
			document_words(d, "%s", cut(part->name, longest));
			document_words(d, "%s", cut(view->cell[view->worst[i]], longest));
			of_line++;
			shown++;
		}
	}
	if (left) {
		document_paragraph(d);
		document_format(d, "%zu more grew by less; --json holds all.", left);
	}
}

/* --- what else a reader needs ------------------------------------------------------------- */

/* Commands that measure the worst lines again, each once. */
static void add_commands(struct document *d, const struct gate_view *view, size_t longest)
{
	const char *said[COMMANDS];
	size_t n = 0;

	for (size_t i = 0; i < view->outcome->nlines && n < COMMANDS; i++) {
		const struct gate_line *line = &view->outcome->lines[view->worst[i]];
		bool known = !line->command || line->state == GATE_STATE_PASS ||
			     line->state == GATE_STATE_ACCEPTED;

		/* Half a command is worse than none. */
		known |= !known && longest && strlen(line->command) > 8 * longest;
		for (size_t k = 0; k < n && !known; k++)
			known = !strcmp(said[k], line->command);
		if (!known)
			said[n++] = line->command;
	}
	if (n) {
		document_section(d, "next", "What to run next", NULL);
		document_commands(d);
		for (size_t i = 0; i < n; i++)
			document_format(d, "%s", said[i]);
	}
	if (view->counts[GATE_STATE_FAIL] && view->outcome->baseline) {
		if (!n)
			document_section(d, "next", "What to run next", NULL);
		document_paragraph(d);
		document_format(
			d,
			"If a change is wanted, --accept CELL --because 'REASON' writes "
			"it down in %s.",
			cut(view->outcome->baseline, longest));
	}
}

static void add_side(struct document *d, const char *which, const struct gate_side *side,
		     size_t longest)
{
	const char *const texts[] = {side->name, side->version, side->build_id, side->path};

	document_row(d);
	document_words(d, "%s", which);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		document_words(d, "%s", texts[i] ? cut(texts[i], longest) : "–");
}

static void add_facts(struct document *d, const struct gate_view *view, size_t longest)
{
	static const char *const sides[] = {"", "name", "version", "build-id", "file", NULL};
	const struct gate_outcome *o = view->outcome;

	document_section(d, "compared", "What was compared", NULL);
	document_table(d, sides);
	add_side(d, "base", &o->base, longest);
	add_side(d, "head", &o->head, longest);
	document_paragraph(d);
	if (o->baseline)
		document_format(d, "Base is what %s holds. ", cut(o->baseline, longest));
	else
		document_say(d, "Both were measured now. ");
	if (isfinite(o->alpha) && isfinite(o->false_alarms))
		document_format(
			d,
			"The chance that any sampled line fails though nothing is worse is at "
			"most %.3g: of 1,000 runs of this gate %.3g are expected to fail by "
			"chance. ",
			o->alpha, o->false_alarms);
	if (isfinite(o->aa_percentile))
		document_format(
			d,
			"Of %zu pairs of a build with itself 95 %% differed by less than "
			"%.2f %%. ",
			o->aa_pairs, 100 * o->aa_percentile);
	if (isfinite(o->seconds))
		document_format(d, "It took %.0f s. ", o->seconds);
	if (o->nfields)
		document_say(d, "The count class:");
	if (o->nfields)
		document_list(d, false);
	for (size_t i = 0; i < o->nfields && i < FIELDS; i++)
		document_format(d, "%s: %s", cut(o->fields[i].key, longest),
				cut(o->fields[i].value, longest));
	if (o->nfields > FIELDS)
		document_format(d, "and %zu more", o->nfields - FIELDS);
}

struct document *gate_document(const struct gate_view *view, size_t rows, size_t longest)
{
	struct document *d = document_make("", "Gate", view->verdict);

	add_lines(d, view, rows, longest);
	add_grown(d, view, longest);
	add_commands(d, view, longest);
	add_facts(d, view, longest);
	return d;
}

/* --- as text and Markdown ----------------------------------------------------------------- */

void gate_write_text(const struct gate_view *view, FILE *f, size_t room)
{
	struct document *d = gate_document(view, TEXT_ROWS, TEXT_WORD);

	(void)room;
	fprintf(f, "%s\n\n", view->verdict);
	text_write(d, f, text_width(f));
	document_free(d);
}

/* With this many lines at most, on the heap; its length goes to *size. */
static char *markdown_of(const struct gate_view *view, size_t rows, size_t longest,
			 size_t *size)
{
	struct document *d = gate_document(view, rows, longest);
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	if (f) {
		markdown_write(d, f);
		fclose(f);
	} else {
		out_of_memory();
	}
	document_free(d);
	return text;
}

/* Lines go from the end until the rest fits: what is about them is bounded. */
void gate_write_markdown(const struct gate_view *view, FILE *f, size_t room)
{
	size_t rows = view->outcome->nlines, size, longest = room ? MARKDOWN_WORD : 0;
	char *text = markdown_of(view, rows, longest, &size);

	while (room && size > room && rows) {
		size_t fewer = (size_t)((double)rows * 0.95 * (double)room / (double)size);

		rows = fewer < rows ? fewer : rows - 1;
		free(text);
		text = markdown_of(view, rows, longest, &size);
	}
	/* Where not even that has room, the verdict has. */
	if (room && size > room)
		fprintf(f, "%.*s", (int)room, view->verdict);
	else
		fwrite(text, 1, size, f);
	free(text);
}
