#include "harness/report/document.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/message.h"

static char *copy(const char *text)
{
	return text ? text_format("%s", text) : NULL;
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

struct document *document_make(const char *folder, const char *heading, const char *title)
{
	struct document *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->folder = copy(folder);
	d->heading = heading;
	d->title = copy(title);
	return d;
}

static void block_free(struct block *block)
{
	for (size_t i = 0; i < block->nspans; i++)
		free(block->span[i].text);
	free(block->span);
	for (size_t i = 0; i < block->ncolumns; i++)
		free(block->column[i]);
	free(block->column);
	for (size_t i = 0; i < block->nrows; i++) {
		for (size_t k = 0; k < block->row[i].nfields; k++)
			field_free(&block->row[i].field[k]);
		free(block->row[i].field);
	}
	free(block->row);
	for (size_t i = 0; i < block->nfiles; i++)
		free(block->file[i]);
	free(block->file);
	free(block->name);
	free(block->title);
	free(block->caption);
	free(block->picture);
	free(block->absent);
}

void document_free(struct document *d)
{
	for (size_t i = 0; i < d->nsections; i++) {
		for (size_t k = 0; k < d->section[i].nblocks; k++)
			block_free(&d->section[i].block[k]);
		free(d->section[i].block);
	}
	free(d->section);
	free(d->folder);
	free(d->title);
	free(d);
}

void document_section(struct document *d, const char *id, const char *title, const char *entry)
{
	d->section = list_grown(d->section, d->nsections, sizeof(*d->section));
	d->section[d->nsections++] = (struct section){.id = id, .title = title, .entry = entry};
}

static struct block *add_block(struct document *d, enum block_kind kind)
{
	struct section *section = &d->section[d->nsections - 1];

	section->block = list_grown(section->block, section->nblocks, sizeof(*section->block));
	section->block[section->nblocks] = (struct block){.kind = kind};
	return &section->block[section->nblocks++];
}

static struct block *last_block(struct document *d)
{
	struct section *section = &d->section[d->nsections - 1];

	return &section->block[section->nblocks - 1];
}

/* `text` becomes the document's. */
static void add_span(struct document *d, enum span_kind kind, char *text, const char *target)
{
	struct block *block = last_block(d);

	block->span = list_grown(block->span, block->nspans, sizeof(*block->span));
	block->span[block->nspans++] =
		(struct span){.kind = kind, .text = text, .target = target};
}

void document_paragraph(struct document *d)
{
	add_block(d, BLOCK_PARAGRAPH);
}

void document_warning(struct document *d)
{
	add_block(d, BLOCK_PARAGRAPH)->warning = true;
}

void document_heading(struct document *d, const char *text)
{
	add_block(d, BLOCK_HEADING);
	document_say(d, text);
}

void document_list(struct document *d, bool warning)
{
	add_block(d, BLOCK_LIST)->warning = warning;
}

void document_commands(struct document *d)
{
	add_block(d, BLOCK_COMMANDS);
}

void document_say(struct document *d, const char *own)
{
	add_span(d, SPAN_OWN, copy(own), NULL);
}

void document_format(struct document *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_span(d, SPAN_TEXT, format_text(format, args), NULL);
	va_end(args);
}

void document_code(struct document *d, const char *text)
{
	add_span(d, SPAN_CODE, copy(text), NULL);
}

void document_file(struct document *d, const char *path)
{
	add_span(d, SPAN_FILE, copy(path), NULL);
}

void document_link(struct document *d, const char *target, const char *text)
{
	add_span(d, SPAN_LINK, copy(text), target);
}

/* `title` becomes the document's. */
static void add_column(struct document *d, char *title)
{
	struct block *block = last_block(d);

	block->column = list_grown(block->column, block->ncolumns, sizeof(*block->column));
	block->column[block->ncolumns++] = title;
}

void document_table(struct document *d, const char *const *titles)
{
	add_block(d, BLOCK_TABLE);
	for (; *titles; titles++)
		add_column(d, copy(*titles));
}

void document_caption(struct document *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	last_block(d)->caption = format_text(format, args);
	va_end(args);
}

void document_column(struct document *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_column(d, format_text(format, args));
	va_end(args);
}

void document_row(struct document *d)
{
	struct block *block = last_block(d);

	block->row = list_grown(block->row, block->nrows, sizeof(*block->row));
	block->row[block->nrows++] = (struct row){0};
}

struct field *document_field(struct document *d, enum unit unit)
{
	struct block *block = last_block(d);
	struct row *row = &block->row[block->nrows - 1];

	row->field = list_grown(row->field, row->nfields, sizeof(*row->field));
	row->field[row->nfields] =
		(struct field){.unit = unit, .between = "", .low = NAN, .high = NAN};
	return &row->field[row->nfields++];
}

struct field *document_words(struct document *d, const char *format, ...)
{
	struct field *field = document_field(d, UNIT_WORDS);
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	field_add_line(field, text);
	free(text);
	return field;
}

struct field *document_number(struct document *d, enum unit unit, double value)
{
	struct field *field = document_field(d, unit);

	field->number[field->nnumbers++] = value;
	return field;
}

void document_figure(struct document *d, const char *name, const char *title,
		     const char *caption, const char *picture, const char *absent)
{
	struct block *block = add_block(d, BLOCK_FIGURE);

	block->name = copy(name);
	block->title = copy(title);
	block->caption = copy(caption);
	block->picture = copy(picture);
	block->absent = copy(absent);
}

void document_figure_file(struct document *d, const char *path)
{
	struct block *block = last_block(d);

	block->file = list_grown(block->file, block->nfiles, sizeof(*block->file));
	block->file[block->nfiles++] = copy(path);
}
