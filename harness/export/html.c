#include "harness/export/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/export/svg.h"

/* A column's title of more bytes than that has room: over narrow numbers it would be a tower.
 */
#define LONG_TITLE 24

/* Words are black or so dark that they have 4.5 to 1 against white (WCAG 2.1, 1.4.3); colour is
 * for marks.  What is wider than the window scrolls in a frame of its own and does not shrink;
 * on paper nothing scrolls, so there it wraps. */
static const char css[] =
	"body{font:15px/1.45 'DejaVu Sans',Verdana,sans-serif;color:#111;background:#fff;"
	"max-width:1180px;margin:1.5em auto;padding:0 1em}\n"
	"h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #ccc}\n"
	"table{border-collapse:collapse;font-size:13px}caption{text-align:left;padding:0 0 "
	".3em;font-size:13.5px}\n"
	"th,td{padding:2px 9px;text-align:left;vertical-align:top;border-bottom:1px solid "
	"#ddd}\n"
	/* Not wider than the window, as the table may be. */
	"caption span{display:inline-block;max-width:min(1180px,calc(100vw - 3em))}\n"
	"thead th{border-bottom:1px solid "
	"#888;vertical-align:bottom;min-width:3.5em}.long{min-width:11em!important}"
	"tbody th{font-weight:normal;white-space:nowrap}\n"
	".num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".ratio{font-variant-numeric:tabular-nums;white-space:nowrap}.unsure{color:#666}.hole "
	"a{color:#a40}.proof{font-size:11px;word-break:break-all}\n"
	".wide{overflow-x:auto;margin:1em 0}figure{margin:2em 0}figure "
	"svg{display:block;height:auto}\n"
	"figcaption{font-size:13.5px}pre{background:#f4f4f4;padding:.7em;overflow-x:auto}\n"
	"code{overflow-wrap:anywhere}\n"
	".warn{border-left:4px solid #D55E00;padding-left:.8em}ul.warn{padding-left:2em}nav "
	"a{display:inline-block;"
	"margin-right:1.2em}\n"
	"@media print{@page{size:A4 landscape;margin:10mm}body{max-width:none;margin:0;"
	"padding:0;font-size:11px}nav{display:none}.wide{overflow:visible}"
	".long{min-width:0!important}table{width:100%;font-size:8px}thead{display:table-header-"
	"group}tr,figure,h2,h3{"
	"break-inside:avoid}h2,h3,caption{break-after:avoid}th,td{padding:1px 3px;"
	"overflow-wrap:anywhere;white-space:normal}.num,.ratio{white-space:normal}"
	"small{display:block}figure "
	"svg{width:100%!important;max-height:150mm}figcaption{font-size:10px}"
	"tbody th{white-space:nowrap}caption{font-size:10px}"
	"pre{white-space:pre-wrap}}\n";

/* The report's own words keep their apostrophes; what came from elsewhere is escaped in full.
 */
static void own_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		char one[2] = {*text, '\0'};

		if (*text == '\'')
			fputc('\'', f);
		else
			svg_text(f, one);
	}
}

static void write_file(FILE *f, const char *path)
{
	fputs("<a href=\"", f);
	svg_text(f, path);
	fputs("\"><code>", f);
	svg_text(f, path);
	fputs("</code></a>", f);
}

static void write_span(FILE *f, const struct span *span)
{
	switch (span->kind) {
	case SPAN_OWN:
		own_text(f, span->text);
		break;
	case SPAN_TEXT:
		svg_text(f, span->text);
		break;
	case SPAN_CODE:
		fputs("<code>", f);
		svg_text(f, span->text);
		fputs("</code>", f);
		break;
	case SPAN_LINK:
		fprintf(f, "<a href=\"#%s\">", span->target);
		svg_text(f, span->text);
		fputs("</a>", f);
		break;
	case SPAN_FILE:
		write_file(f, span->text);
		break;
	}
}

static void write_spans(FILE *f, const struct block *block)
{
	for (size_t i = 0; i < block->nspans; i++)
		write_span(f, &block->span[i]);
}

static void write_list(FILE *f, const struct block *block)
{
	fputs(block->warning ? "<ul class=\"warn\">\n" : "<ul>\n", f);
	for (size_t i = 0; i < block->nspans; i++) {
		fputs("<li>", f);
		write_span(f, &block->span[i]);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

static void write_commands(FILE *f, const struct block *block)
{
	fputs("<pre>", f);
	for (size_t i = 0; i < block->nspans; i++) {
		fputs(i ? "\n" : "", f);
		write_span(f, &block->span[i]);
	}
	fputs("</pre>\n", f);
}

/* The name of a row is the header of its fields. */
static void write_words(FILE *f, const struct field *field, bool names)
{
	if (names) {
		fputs("<th scope=\"row\">", f);
	} else if (field->mark == MARK_HOLE) {
		fputs("<td class=\"hole\" title=\"", f);
		svg_text(f, field->note);
		fprintf(f, "\"><a href=\"#%s\">", field->target);
	} else {
		fputs(field->mark == MARK_PROOF ? "<td class=\"proof\">" : "<td>", f);
	}
	if (field->colour)
		fprintf(f, "<span style=\"color:%s\">■</span> ", field->colour);
	for (size_t i = 0; i < field->nlines; i++) {
		fputs(i ? "<br>" : "", f);
		svg_text(f, field->line[i]);
	}
	fputs(field->nlines ? "" : "–", f);
	fputs(names ? "</th>" : field->mark == MARK_HOLE ? "</a></td>" : "</td>", f);
}

static void write_numbers(FILE *f, const struct field *field)
{
	char text[FIELD_TEXT];

	/* Grey is what is not known, bold what is best. */
	fprintf(f, "<td class=\"%s%s\">", field->unit == UNIT_RATIO ? "ratio" : "num",
		field->mark == MARK_UNSURE ? " unsure" : "");
	fputs(field->best ? "<b>" : "", f);
	for (size_t i = 0; i < field->nnumbers; i++) {
		fputs(i ? field->between : "", f);
		fputs(field_number(field, field->number[i], text), f);
	}
	fputs(field->best ? "</b>" : "", f);
	if (!isnan(field->low)) {
		fprintf(f, " <small>[%s, ", field_number(field, field->low, text));
		fprintf(f, "%s]</small>", field_number(field, field->high, text));
	}
	if (field->note) {
		fputs(" <small>", f);
		svg_text(f, field->note);
		fputs("</small>", f);
	}
	fputs("</td>", f);
}

static void write_table(FILE *f, const struct block *block)
{
	/* To be reached, and scrolled, with the keyboard too. */
	fputs("<div class=\"wide\" tabindex=\"0\"><table>", f);
	if (block->caption) {
		fputs("<caption><span>", f);
		svg_text(f, block->caption);
		fputs("</span></caption>", f);
	}
	fputs("<thead><tr>", f);
	for (size_t i = 0; i < block->ncolumns; i++) {
		fputs(strlen(block->column[i]) > LONG_TITLE
			      ? "<th scope=\"col\" class=\"long\">"
			      : "<th scope=\"col\">",
		      f);
		svg_text(f, block->column[i]);
		fputs("</th>", f);
	}
	fputs("</tr></thead><tbody>\n", f);
	for (size_t i = 0; i < block->nrows; i++) {
		const struct row *row = &block->row[i];

		fputs("<tr>", f);
		for (size_t k = 0; k < row->nfields; k++)
			if (row->field[k].unit == UNIT_WORDS)
				write_words(f, &row->field[k], k == 0);
			else
				write_numbers(f, &row->field[k]);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div>\n", f);
}

static void write_picture(FILE *f, const struct block *block, const char *folder)
{
	char *path = block->picture ? text_format("%s/%s", folder, block->picture) : NULL;

	fputs("<div class=\"wide\" tabindex=\"0\">", f);
	if (!path || !svg_embed(f, path, block->name, block->title, block->caption))
		fputs("<p class=\"warn\">Not drawn: the report said why when it was made.</p>",
		      f);
	fputs("</div>\n", f);
	free(path);
}

static void write_figure(FILE *f, const struct block *block, const char *folder)
{
	fprintf(f, "<figure id=\"%s\">\n", block->name);
	if (!block->absent)
		write_picture(f, block, folder);
	fputs("<figcaption><b>", f);
	svg_text(f, block->title);
	fputs(".</b> ", f);
	if (block->absent) {
		fputs("Left out: ", f);
		svg_text(f, block->absent);
		fputs(".", f);
	} else if (block->caption) {
		svg_text(f, block->caption);
	}
	for (size_t i = 0; i < block->nfiles; i++) {
		fputs(i ? ", " : " Files: ", f);
		write_file(f, block->file[i]);
	}
	fputs(block->nfiles ? ".</figcaption></figure>\n" : "</figcaption></figure>\n", f);
}

static void write_block(FILE *f, const struct block *block, const char *folder)
{
	switch (block->kind) {
	case BLOCK_PARAGRAPH:
		fputs(block->warning ? "<p class=\"warn\">" : "<p>", f);
		write_spans(f, block);
		fputs("</p>\n", f);
		break;
	case BLOCK_HEADING:
		fputs("<h3>", f);
		write_spans(f, block);
		fputs("</h3>\n", f);
		break;
	case BLOCK_LIST:
		write_list(f, block);
		break;
	case BLOCK_COMMANDS:
		write_commands(f, block);
		break;
	case BLOCK_TABLE:
		write_table(f, block);
		break;
	case BLOCK_FIGURE:
		write_figure(f, block, folder);
		break;
	}
}

static void write_head(FILE *f, const struct document *d)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n<title>",
	      f);
	svg_text(f, d->title);
	fprintf(f, "</title>\n<style>\n%s</style></head><body>\n<h1>%s</h1>\n<nav>", css,
		d->heading);
	for (size_t i = 0; i < d->nsections; i++)
		if (d->section[i].entry)
			fprintf(f, "<a href=\"#%s\">%s</a> ", d->section[i].id,
				d->section[i].entry);
	fputs("</nav>\n", f);
}

void html_write(const struct document *d, FILE *f)
{
	write_head(f, d);
	for (size_t i = 0; i < d->nsections; i++) {
		const struct section *section = &d->section[i];

		fprintf(f, "<h2 id=\"%s\">", section->id);
		svg_text(f, section->title);
		fputs("</h2>\n", f);
		for (size_t k = 0; k < section->nblocks; k++)
			write_block(f, &section->block[k], d->folder);
	}
	fputs("</body></html>\n", f);
}
