#include "harness/export/markdown.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c);
}

/* Text in which the characters of `special` mean themselves.
 * An underscore between letters or digits, as in cpu_ns, means itself anyway.  One line stays
 * one line: it is a paragraph or a row. */
static void write_escaped(FILE *f, const char *text, size_t length, const char *special)
{
	for (const char *p = text; p < text + length; p++) {
		bool inside = *p == '_' && p > text && is_alnum(p[-1]) && is_alnum(p[1]);

		if (strchr(special, *p) && !inside)
			fputc('\\', f);
		fputc((unsigned char)*p < ' ' ? ' ' : *p, f);
	}
}

#define SPECIAL "\\`*_[]<>|$~&"

void markdown_part(const char *text, size_t length, FILE *f)
{
	write_escaped(f, text, length, SPECIAL);
}

void markdown_text(const char *text, FILE *f)
{
	markdown_part(text, strlen(text), f);
}

/* The same at the beginning of a line, where a list, a heading or a rule could begin. */
static void write_line(FILE *f, const char *text)
{
	size_t digits;

	text += strspn(text, " \t\r\n");
	digits = strspn(text, "0123456789");
	fprintf(f, "%.*s", (int)digits, text);
	text += digits;
	if (*text && strchr(digits ? ".)" : "#+-=", *text))
		fputc('\\', f);
	markdown_text(text, f);
}

/* A link to a section: GitHub makes its anchor from the title. */
static void write_link(FILE *f, const struct document *d, const char *target, const char *text,
		       const char *note)
{
	const char *title = "";

	for (size_t i = 0; i < d->nsections; i++)
		if (!strcmp(d->section[i].id, target))
			title = d->section[i].title;
	fputc('[', f);
	markdown_text(text, f);
	fputs("](#", f);
	for (; *title; title++)
		if (*title == ' ')
			fputc('-', f);
		else if (is_alnum(*title) || *title == '-' || *title == '_')
			fputc(tolower((unsigned char)*title), f);
	if (note) {
		fputs(" \"", f);
		write_escaped(f, note, strlen(note), SPECIAL "\"");
		fputc('"', f);
	}
	fputc(')', f);
}

static void write_file(FILE *f, const char *path)
{
	fprintf(f, "[`%s`](%s)", path, path);
}

static void write_spans(FILE *f, const struct document *d, const struct block *block)
{
	for (size_t i = 0; i < block->nspans; i++) {
		const struct span *span = &block->span[i];

		if (span->kind == SPAN_CODE)
			fprintf(f, "`%s`", span->text);
		else if (span->kind == SPAN_LINK)
			write_link(f, d, span->target, span->text, NULL);
		else if (span->kind == SPAN_FILE)
			write_file(f, span->text);
		else if (i == 0)
			write_line(f, span->text);
		else
			markdown_text(span->text, f);
	}
}

static void write_list(FILE *f, const struct block *block)
{
	for (size_t i = 0; i < block->nspans; i++) {
		fputs(block->warning ? "> - " : "- ", f);
		write_line(f, block->span[i].text);
		fputc('\n', f);
	}
}

/* The fence is longer than what could end it. */
static void write_commands(FILE *f, const struct block *block)
{
	size_t fence = 3;

	for (size_t i = 0; i < block->nspans; i++)
		for (const char *p = block->span[i].text; *p;) {
			size_t run = strspn(p, "`");

			fence = run >= fence ? run + 1 : fence;
			p += run ? run : 1;
		}
	for (size_t i = 0; i < fence; i++)
		fputc('`', f);
	fputs("sh\n", f);
	for (size_t i = 0; i < block->nspans; i++)
		fprintf(f, "%s\n", block->span[i].text);
	for (size_t i = 0; i < fence; i++)
		fputc('`', f);
	fputc('\n', f);
}

/* What is grey on a page is emphasised here: Markdown has no grey. */
static void write_numbers(FILE *f, const struct field *field)
{
	const char *emphasis = field->mark == MARK_UNSURE ? "*" : "";
	char text[FIELD_TEXT];

	fputs(emphasis, f);
	fputs(field->best ? "**" : "", f);
	for (size_t i = 0; i < field->nnumbers; i++) {
		markdown_text(i ? field->between : "", f);
		fputs(field_number(field, field->number[i], text), f);
	}
	fputs(field->best ? "**" : "", f);
	if (!isnan(field->low)) {
		fprintf(f, " \\[%s, ", field_number(field, field->low, text));
		fprintf(f, "%s\\]", field_number(field, field->high, text));
	}
	fputs(emphasis, f);
	if (field->note) {
		fputc(' ', f);
		markdown_text(field->note, f);
	}
}

static void write_words(FILE *f, const struct document *d, const struct field *field)
{
	if (field->mark == MARK_HOLE) {
		write_link(f, d, field->target, field->line[0], field->note);
		return;
	}
	for (size_t i = 0; i < field->nlines; i++) {
		fputs(i ? "<br>" : "", f);
		markdown_text(field->line[i], f);
	}
	fputs(field->nlines ? "" : "–", f);
}

static bool has_numbers(const struct block *table, size_t column)
{
	for (size_t i = 0; i < table->nrows; i++)
		if (column < table->row[i].nfields &&
		    table->row[i].field[column].unit != UNIT_WORDS)
			return true;
	return false;
}

static void write_table(FILE *f, const struct document *d, const struct block *block)
{
	if (block->caption) {
		write_line(f, block->caption);
		fputs("\n\n", f);
	}
	for (size_t i = 0; i < block->ncolumns; i++) {
		fputs("| ", f);
		markdown_text(block->column[i], f);
		fputc(' ', f);
	}
	fputs("|\n", f);
	for (size_t i = 0; i < block->ncolumns; i++)
		fputs(has_numbers(block, i) ? "| ---: " : "| --- ", f);
	fputs("|\n", f);
	for (size_t i = 0; i < block->nrows; i++) {
		const struct row *row = &block->row[i];

		for (size_t k = 0; k < row->nfields; k++) {
			fputs("| ", f);
			if (row->field[k].unit == UNIT_WORDS)
				write_words(f, d, &row->field[k]);
			else
				write_numbers(f, &row->field[k]);
			fputc(' ', f);
		}
		fputs("|\n", f);
	}
}

static void write_figure(FILE *f, const struct block *block)
{
	if (!block->absent && block->picture) {
		fputs("![", f);
		markdown_text(block->title, f);
		fprintf(f, "](%s)\n\n", block->picture);
	} else if (!block->absent) {
		fputs("> Not drawn: the report said why when it was made.\n\n", f);
	}
	fputs("**", f);
	markdown_text(block->title, f);
	fputs(".** ", f);
	if (block->absent) {
		fputs("Left out: ", f);
		markdown_text(block->absent, f);
		fputc('.', f);
	} else if (block->caption) {
		markdown_text(block->caption, f);
	}
	for (size_t i = 0; i < block->nfiles; i++) {
		fputs(i ? ", " : " Files: ", f);
		write_file(f, block->file[i]);
	}
	fputs(block->nfiles ? ".\n" : "\n", f);
}

static void write_block(FILE *f, const struct document *d, const struct block *block)
{
	fputc('\n', f);
	switch (block->kind) {
	case BLOCK_PARAGRAPH:
		fputs(block->warning ? "> " : "", f);
		write_spans(f, d, block);
		fputc('\n', f);
		break;
	case BLOCK_HEADING:
		fputs("### ", f);
		write_spans(f, d, block);
		fputc('\n', f);
		break;
	case BLOCK_LIST:
		write_list(f, block);
		break;
	case BLOCK_COMMANDS:
		write_commands(f, block);
		break;
	case BLOCK_TABLE:
		write_table(f, d, block);
		break;
	case BLOCK_FIGURE:
		write_figure(f, block);
		break;
	}
}

void markdown_write(const struct document *d, FILE *f)
{
	const char *before = "";

	fprintf(f, "# %s\n\n", d->heading);
	write_line(f, d->title);
	fputs("\n\n", f);
	for (size_t i = 0; i < d->nsections; i++)
		if (d->section[i].entry) {
			fputs(before, f);
			write_link(f, d, d->section[i].id, d->section[i].entry, NULL);
			before = " · ";
		}
	fputc('\n', f);
	for (size_t i = 0; i < d->nsections; i++) {
		const struct section *section = &d->section[i];

		fputs("\n## ", f);
		markdown_text(section->title, f);
		fputc('\n', f);
		for (size_t k = 0; k < section->nblocks; k++)
			write_block(f, d, &section->block[k]);
	}
}
