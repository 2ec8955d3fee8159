/* A report before it has a format: sections of paragraphs, lists, tables and figures, in order.
 * The sections build it, the writers of export/ read it.
 *
 * It is built from the front: what is added goes to the end of the last section, and words,
 * items, columns, rows and fields to the end of its last block.  Strings are copied, but for
 * the ids and targets of sections, which are constants. */
#ifndef HARNESS_DOCUMENT_H
#define HARNESS_DOCUMENT_H

#include <stdbool.h>

#include "harness/report/field.h"

enum span_kind {
	SPAN_OWN,  /* the report's own words: nothing in them comes from the results */
	SPAN_TEXT, /* may quote what is in the results, or what a user wrote */
	SPAN_CODE,
	SPAN_LINK, /* to the section `target` */
	SPAN_FILE, /* a file or folder, named relative to the document's */
};

struct span {
	enum span_kind kind;
	char *text;
	const char *target;
};

enum block_kind {
	BLOCK_PARAGRAPH, /* of its spans */
	BLOCK_HEADING,   /* below the section's; one span */
	BLOCK_LIST,      /* an item per span */
	BLOCK_COMMANDS,  /* a line per span */
	BLOCK_TABLE,
	BLOCK_FIGURE,
};

struct row {
	struct field *field;
	size_t nfields;
};

struct block {
	enum block_kind kind;
	bool warning; /* a paragraph or list that no reader may miss */
	struct span *span;
	size_t nspans;
	char **column; /* of a table: its titles; `caption` says what it holds */
	size_t ncolumns;
	struct row *row;
	size_t nrows;
	/* Of a figure.  `picture` is an SVG file below the document's folder, null where there
	 * is none: `absent` tells why there is nothing to draw, else drawing it failed.  `file`
	 * are the files that belong to it. */
	char **file;
	size_t nfiles;
	char *name, *title, *caption, *picture, *absent;
};

struct section {
	const char *id; /* what links refer to */
	const char *title;
	const char *entry; /* in the list of sections, or null */
	struct block *block;
	size_t nblocks;
};

struct document {
	char *folder; /* which files are named relative to */
	char *title;  /* what it is about */
	const char *heading;
	struct section *section;
	size_t nsections;
};

struct document *document_make(const char *folder, const char *heading, const char *title);
void document_free(struct document *d);

void document_section(struct document *d, const char *id, const char *title, const char *entry);

void document_paragraph(struct document *d);
void document_warning(struct document *d);
void document_heading(struct document *d, const char *text);
void document_list(struct document *d, bool warning);
void document_commands(struct document *d);

/* Words, an item or a line for the last of these. */
void document_say(struct document *d, const char *own);
void document_format(struct document *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void document_code(struct document *d, const char *text);
void document_file(struct document *d, const char *path);
void document_link(struct document *d, const char *target, const char *text);

/* A table; titles, ended by null, are its first columns, the first of which names the rows. */
void document_table(struct document *d, const char *const *titles);
/* What the last table holds, in a line; it also is how those find it who do not see it. */
void document_caption(struct document *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void document_column(struct document *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void document_row(struct document *d);
/* Fields of the last row.  The first returns an empty one to be filled in before the next call;
 * the second holds a line of words, the third a number. */
struct field *document_field(struct document *d, enum unit unit);
struct field *document_words(struct document *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct field *document_number(struct document *d, enum unit unit, double value);

/* Any of caption, picture and absent may be null. */
void document_figure(struct document *d, const char *name, const char *title,
		     const char *caption, const char *picture, const char *absent);
/* A file of the last figure, named relative to the document's folder. */
void document_figure_file(struct document *d, const char *path);

#endif
