#include "harness/export/paper.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/export/methods.h"
#include "harness/export/paper_table.h"
#include "harness/export/tex.h"
#include "harness/figures/figures.h"
#include "harness/figures/table.h"

double paper_column(const char *name)
{
	return !strcmp(name, "single") ? 3.33 : !strcmp(name, "double") ? 7 : NAN;
}

static double width_pt(const struct sheet *sheet)
{
	return sheet->column_in * 72.27;
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
			paper_table_tex(table, width_pt(sheet), f);
		else if (form == 1)
			paper_table_csv(table, f);
		else
			paper_table_markdown(table, f);
		if (!table_close_other(folder, table->name, suffix, f))
			return false;
	}
	return true;
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

/* Tables stand in the text and not in floats: one may be longer than a page. */
static void write_tables(const struct paper_tables *tables, FILE *f)
{
	for (size_t i = 0; i < tables->count; i++) {
		fputs("\n{\\small", f);
		write_caption("table", tables->list[i].caption, NULL, f);
		fprintf(f, "}\n\\nopagebreak\\input{tables/%s}\n\\bigskip\n",
			tables->list[i].name);
	}
}

static bool write_main(const struct report *report, const struct figures *figures,
		       const struct paper_tables *tables, const struct sheet *sheet,
		       const char *folder)
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
	fprintf(f, "\n%s\n", wide ? "\\clearpage\\onecolumn" : "\\section*{Tables}");
	write_tables(tables, f);
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
	if (methods_write(report, folder) != STATUS_OK ||
	    !write_main(report, &figures, tables, sheet, folder))
		status = STATUS_INCOMPLETE;
	else if (status == STATUS_OK)
		printf("paper: %s/main.tex\n", folder);
done:
	figures_free(&figures);
	if (tables)
		paper_tables_free(tables);
	free(tables_folder);
	free(folder);
	return status;
}
