#include "harness/export/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/message.h"

#define GAP 2         /* blanks between two columns */
#define SHORT_NOTE 10 /* columns; what is longer goes below the table */

size_t text_width(FILE *f)
{
	struct winsize size;

	return ioctl(fileno(f), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Columns that a text takes: bytes that go on with a character of UTF-8 take none. */
static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void write_blanks(FILE *f, size_t n)
{
	while (n-- > 0)
		fputc(' ', f);
}

/* Control characters could do more than be read. */
static void write_safe(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, f);
}

/* What is said below a table, numbered from 1. */
struct notes {
	const char **list;
	size_t count;
};

static size_t number_of_note(struct notes *notes, const char *text)
{
	for (size_t i = 0; i < notes->count; i++)
		if (!strcmp(notes->list[i], text))
			return i + 1;
	notes->list = list_grown(notes->list, notes->count, sizeof(*notes->list));
	notes->list[notes->count++] = text;
	return notes->count;
}

/* What stands in a field. */
static char *field_text(const struct field *field, struct notes *notes)
{
	char number[FIELD_TEXT], *text = NULL;

	text_set(&text, "%s", "");
	for (size_t i = 0; i < field->nlines; i++)
		text_append(&text, "%s%s", i ? "; " : "", field->line[i]);
	for (size_t i = 0; i < field->nnumbers; i++)
		text_append(&text, "%s%s", i ? field->between : "",
			    field_number(field, field->number[i], number));
	if (!isnan(field->low)) {
		text_append(&text, " [%s, ", field_number(field, field->low, number));
		text_append(&text, "%s]", field_number(field, field->high, number));
	}
	if (field->note && field->mark != MARK_HOLE && columns_of(field->note) <= SHORT_NOTE)
		text_append(&text, " %s", field->note);
	else if (field->note && field->mark != MARK_HOLE)
		text_append(&text, " (%zu)", number_of_note(notes, field->note));
	text_append(&text, "%s", field->best ? " *" : "");
	return text;
}

/* A table as texts: titles in row 0. */
struct grid {
	size_t rows, columns;
	char **text;
	size_t *width;
	bool *words; /* per column: not of numbers */
	struct notes notes;
};

static struct grid make_grid(const struct block *table)
{
	struct grid g = {.rows = table->nrows + 1, .columns = table->ncolumns};

	g.text = calloc(g.rows * g.columns + 1, sizeof(*g.text));
	g.width = calloc(g.columns + 1, sizeof(*g.width));
	g.words = calloc(g.columns + 1, sizeof(*g.words));
	if (!g.text || !g.width || !g.words)
		abort();
	for (size_t k = 0; k < g.columns; k++) {
		g.words[k] = true;
		for (size_t i = 0; i < g.rows; i++) {
			const struct row *row = i ? &table->row[i - 1] : NULL;
			char **text = &g.text[i * g.columns + k];
			size_t width;

			if (!row)
				*text = text_format("%s", table->column[k]);
			else if (k < row->nfields)
				*text = field_text(&row->field[k], &g.notes);
			else
				*text = text_format("%s", "");
			if (row && k < row->nfields && row->field[k].unit != UNIT_WORDS)
				g.words[k] = false;
			width = columns_of(*text);
			if (width > g.width[k])
				g.width[k] = width;
		}
	}
	return g;
}

static void free_grid(struct grid *g)
{
	for (size_t i = 0; i < g->rows * g->columns; i++)
		free(g->text[i]);
	free(g->text);
	free(g->width);
	free(g->words);
	free(g->notes.list);
}

/* Numbers end, words begin below one another; nothing is put behind the last word of a line. */
static void write_field(FILE *f, const struct grid *g, size_t row, size_t column, bool last)
{
	const char *text = g->text[row * g->columns + column];
	size_t blanks = g->width[column] - columns_of(text);

	if (!g->words[column])
		write_blanks(f, blanks);
	write_safe(f, text);
	if (g->words[column] && !last)
		write_blanks(f, blanks);
}

static void write_table(FILE *f, const struct block *table, size_t width)
{
	struct grid g = make_grid(table);
	size_t from = 1, to;

	do {
		size_t taken = g.columns ? g.width[0] : 0;

		for (to = from; to < g.columns; to++) {
			if (width && to > from && taken + GAP + g.width[to] > width)
				break;
			taken += GAP + g.width[to];
		}
		if (from > 1)
			fputc('\n', f);
		for (size_t i = 0; i < g.rows && g.columns; i++) {
			write_field(f, &g, i, 0, from >= g.columns);
			for (size_t k = from; k < to; k++) {
				write_blanks(f, GAP);
				write_field(f, &g, i, k, k + 1 == to);
			}
			fputc('\n', f);
		}
		from = to;
	} while (from < g.columns);
	for (size_t i = 0; i < g.notes.count; i++) {
		fprintf(f, "(%zu) ", i + 1);
		write_safe(f, g.notes.list[i]);
		fputc('\n', f);
	}
	free_grid(&g);
}

/* Broken between words where a line would be longer than the width. */
static void write_filled(FILE *f, const char *text, size_t width, const char *indent)
{
	size_t at = 0;

	while (*text) {
		size_t length = strcspn(text, " \n"), wide = 0;

		for (size_t i = 0; i < length; i++)
			wide += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at && width && at + 1 + wide > width) {
			fprintf(f, "\n%s", indent);
			at = strlen(indent);
		} else if (at) {
			fputc(' ', f);
			at++;
		}
		for (size_t i = 0; i < length; i++)
			fputc((unsigned char)text[i] < ' ' ? ' ' : text[i], f);
		at += wide;
		text += length;
		text += strspn(text, " \n");
	}
	fputc('\n', f);
}

static void write_spans(FILE *f, const struct block *block, size_t width)
{
	char *all = NULL;

	text_set(&all, "%s", block->warning ? "! " : "");
	for (size_t i = 0; i < block->nspans; i++)
		text_append(&all, "%s", block->span[i].text);
	write_filled(f, all, width, "");
	free(all);
}

static void write_block(FILE *f, const struct block *block, size_t width)
{
	switch (block->kind) {
	case BLOCK_PARAGRAPH:
	case BLOCK_HEADING:
		write_spans(f, block, width);
		break;
	case BLOCK_LIST:
		for (size_t i = 0; i < block->nspans; i++) {
			fputs(block->warning ? "! " : "- ", f);
			write_filled(f, block->span[i].text, width ? width - 2 : 0, "  ");
		}
		break;
	case BLOCK_COMMANDS:
		for (size_t i = 0; i < block->nspans; i++) {
			write_blanks(f, GAP);
			write_safe(f, block->span[i].text);
			fputc('\n', f);
		}
		break;
	case BLOCK_TABLE:
		write_table(f, block, width);
		break;
	case BLOCK_FIGURE:
		break;
	}
}

void text_write(const struct document *d, FILE *f, size_t width)
{
	bool first = true;

	for (size_t i = 0; i < d->nsections; i++) {
		const struct section *section = &d->section[i];

		if (section->title && *section->title) {
			fputs(first ? "" : "\n", f);
			write_safe(f, section->title);
			fputc('\n', f);
			first = false;
		}
		for (size_t k = 0; k < section->nblocks; k++) {
			fputs(first ? "" : "\n", f);
			write_block(f, &section->block[k], width);
			first = false;
		}
	}
}
