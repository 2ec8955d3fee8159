#include "harness/export/paper.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/export/cost.h"
#include "harness/export/markdown.h"
#include "harness/export/methods.h"
#include "harness/export/paper_table.h"
#include "harness/export/tex.h"
#include "harness/figures/figures.h"
#include "harness/figures/table.h"
#include "harness/report/section.h"

double paper_column(const char *name)
{
	return !strcmp(name, "single") ? 3.33 : !strcmp(name, "double") ? 7 : NAN;
}

double paper_width_pt(double column_in)
{
	return column_in * 72.27;
}

/* One table in its three forms.  False after a complaint. */
static bool write_table(const struct paper_table *table, const struct sheet *sheet,
			const char *folder)
{
	for (int form = 0; form < 3; form++) {
		const char *suffix = form == 0 ? ".tex" : form == 1 ? ".csv" : ".md";
		FILE *f = table_open_other(folder, table->name, suffix);

		if (!f)
			return false;
		if (form == 0)
			paper_table_tex(table, paper_width_pt(sheet->column_in), f);
		else if (form == 1)
			paper_table_csv(table, f);
		else
			paper_table_markdown(table, f);
		if (!table_close_other(folder, table->name, suffix, f))
			return false;
	}
	return true;
}

/* A fleet's cost in the same three forms, and as *words what is said of it beside its table.
 * Without terms there is none of it: *words is null.  False after a complaint. */
static bool write_cost(const struct report *report, const struct sheet *sheet,
		       const char *folder, struct document **words)
{
	static const char *const suffixes[] = {".tex", ".csv", ".md"};
	char why[512];
	struct fleet *fleet;
	bool good = true;

	*words = NULL;
	if (!report->terms)
		return true;
	fleet = fleet_make(report->c, report->means, report->terms, why, sizeof(why));
	*words = cost_document(report->c, fleet, why);
	if (!fleet)
		return true;
	for (int form = 0; form < 3 && good; form++) {
		FILE *f = table_open_other(folder, "cost", suffixes[form]);

		good = f != NULL;
		if (!f)
			break;
		if (form == 0)
			cost_tex_write(report->c, fleet, paper_width_pt(sheet->column_in), f);
		else if (form == 1)
			cost_csv_write(report->c, fleet, f);
		else
			markdown_write(*words, f);
		good = table_close_other(folder, "cost", suffixes[form], f);
	}
	fleet_free(fleet);
	return good;
}

/* A paper's caption needs no number of ours, nor the name of another paper's file. */
static void write_caption(const char *kind, const char *title, const char *text, FILE *f)
{
	const char *words = strstr(title, ". ");

	fprintf(f, "\\makeatletter\\def\\@captype{%s}\\makeatother\\caption{", kind);
	tex_text(words ? words + 2 : title, f);
	if (text && *text) {
		fputs(". ", f);
		tex_text(text, f);
	}
	fputs("}\n", f);
}

/* Pages of the size, and columns of the widths, of common two-column classes. */
static const char preamble[] =
	"\\documentclass[10pt,twocolumn,letterpaper]{article}\n"
	"\\usepackage{graphicx,color,booktabs}\n"
	"\\setlength{\\textwidth}{7in}\\setlength{\\columnsep}{0.33in}\n"
	"\\setlength{\\oddsidemargin}{-0.25in}\\setlength{\\topmargin}{-0.5in}\n"
	"\\setlength{\\headheight}{0pt}\\setlength{\\headsep}{0pt}\\setlength{\\textheight}{9."
	"25in}\n"
	"\\renewcommand{\\topfraction}{0.95}\\renewcommand{\\dbltopfraction}{0.95}\n"
	"\\renewcommand{\\textfraction}{0.04}\\renewcommand{\\floatpagefraction}{0.6}\n"
	"\\renewcommand{\\dblfloatpagefraction}{0.6}\n"
	"\\setcounter{totalnumber}{8}\\setcounter{topnumber}{6}\\setcounter{dbltopnumber}{6}\n";

static void write_figures(const struct figures *figures, const struct sheet *sheet, bool wide,
			  FILE *f)
{
	for (size_t i = 0; i < figures->count; i++) {
		const struct figure *figure = &figures->list[i];

		if (!figure->drawn)
			continue;
		fprintf(f, "\n\\begin{figure%s}[tp]\\centering\n", wide ? "*" : "");
		if (sheet->latex)
			fprintf(f, "\\input{%s-latex}\n", figure->name);
		else
			fprintf(f, "\\includegraphics{%s}\n", figure->name);
		write_caption("figure", figure->title, figure->caption, f);
		fprintf(f, "\\end{figure%s}\n", wide ? "*" : "");
	}
}

/* Tables stand in the text and not in floats: one may be longer than a page.  Behind a caption
 * that is a box by itself there is no place where a page may end. */
static void write_table_input(const char *caption, const char *name, FILE *f)
{
	fputs("\n{\\small\\noindent\\begin{minipage}{\\linewidth}", f);
	write_caption("table", caption, NULL, f);
	fprintf(f,
		"\\end{minipage}\\par}\n\\nopagebreak\\vspace{3pt}\n\\nopagebreak"
		"\\input{tables/%s}\n\\bigskip\n",
		name);
}

static void write_tables(const struct paper_tables *tables, FILE *f)
{
	for (size_t i = 0; i < tables->count; i++)
		write_table_input(tables->list[i].caption, tables->list[i].name, f);
}

static void write_spans(const struct block *block, const char *before, FILE *f)
{
	for (size_t i = 0; i < block->nspans; i++) {
		fputs(before, f);
		tex_text(block->span[i].text, f);
	}
	fputc('\n', f);
}

/* A section of paragraphs, lists and a table, which lies as a file of its own. */
static void write_cost_words(const struct section *section, FILE *f)
{
	fputs("\n\\section*{", f);
	tex_text(section->title, f);
	fputs("}\n", f);
	for (size_t i = 0; i < section->nblocks; i++) {
		const struct block *block = &section->block[i];

		if (block->kind == BLOCK_PARAGRAPH) {
			fputc('\n', f);
			write_spans(block, "", f);
		} else if (block->kind == BLOCK_LIST) {
			fputs("\\begin{itemize}", f);
			write_spans(block, "\n\\item ", f);
			fputs("\\end{itemize}\n", f);
		} else if (block->kind == BLOCK_TABLE) {
			write_table_input(block->caption, "cost", f);
		}
	}
}

static bool write_main(const struct report *report, const struct figures *figures,
		       const struct paper_tables *tables, const struct document *cost,
		       const struct sheet *sheet, const char *folder)
{
	const bool wide = sheet->column_in > 4;
	FILE *f = table_open_other(folder, "main", ".tex");
	char *name;

	if (!f)
		return false;
	name = file_folder_name(report->set->dir);
	fputs("% An example that holds all figures and tables: pdflatex main.\n", f);
	fputs(preamble, f);
	fputs("\\title{Figures and tables of ", f);
	tex_text(name, f);
	free(name);
	fputs("}\n\\author{}\\date{}\n\\begin{document}\n\\maketitle\n"
	      "\\sloppy\n",
	      f);
	fputs("\\section*{Methods}\\input{methods}\n", f);
	write_figures(figures, sheet, wide, f);
	/* Floats of figures above a table could leave it less room than it is high. */
	fprintf(f, "\n\\clearpage%s\n", wide ? "\\onecolumn" : "\n\\section*{Tables}");
	write_tables(tables, f);
	if (cost)
		write_cost_words(&cost->section[0], f);
	fputs("\n\\clearpage\n"
	      "\\appendix\\input{checklist}\n"
	      "\\bibliographystyle{plain}\\bibliography{references}\n"
	      "\\end{document}\n",
	      f);
	return table_close_other(folder, "main", ".tex", f);
}

int paper_write(struct report *report, const struct sheet *sheet, bool quiet)
{
	char *folder = text_format("%s/paper", report->set->dir);
	char *tables_folder = text_format("%s/tables", folder);
	struct figures figures = {0};
	struct paper_tables *tables = NULL;
	struct document *cost = NULL;
	int status = STATUS_INCOMPLETE;

	if (file_make_folder(tables_folder)) {
		complain("%s: %s", tables_folder, strerror(errno));
		goto done;
	}
	status = report_draw(report, sheet, quiet, folder, &figures);
	tables = paper_tables_make(report);
	for (size_t i = 0; i < tables->count; i++)
		if (!write_table(&tables->list[i], sheet, tables_folder)) {
			status = STATUS_INCOMPLETE;
			goto done;
		}
	if (!write_cost(report, sheet, tables_folder, &cost) ||
	    methods_write(report, folder) != STATUS_OK ||
	    !write_main(report, &figures, tables, cost, sheet, folder))
		status = STATUS_INCOMPLETE;
	else if (status == STATUS_OK)
		printf("paper: %s/main.tex\n", folder);
done:
	figures_free(&figures);
	if (tables)
		paper_tables_free(tables);
	if (cost)
		document_free(cost);
	free(tables_folder);
	free(folder);
	return status;
}
