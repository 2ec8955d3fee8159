/* Tables of a paper as LaTeX. */
#include "harness/export/paper_table.h"

#include <math.h>
#include <string.h>

#include "harness/export/tex.h"

/* Widths in points of text of 8 pt in Computer Modern, rather more than less: a figure, one of
 * an interval's end, and what is between columns. */
#define DIGIT 4.3
#define SMALL_DIGIT 3.4
#define BETWEEN 7.5
/* Rows of a tabular; of more there are several. */
#define ROWS 40
/* Shares of the width for names of rows and of columns.  What is longer is cut in the middle;
 * CSV and Markdown have all of it. */
#define ROW_SHARE 0.36
#define COLUMN_SHARE 0.24

static size_t number_length(double value, int decimals)
{
	char text[64];

	return isnan(value) ? 0 : (size_t)snprintf(text, sizeof(text), "%.*f", decimals, value);
}

/* Of a contender in a table of the width `all`. */
static double column_width(const struct paper_table *t, size_t j, double all)
{
	size_t number = 3, end = 0;
	double width;

	for (size_t i = 0; i < t->nrows; i++) {
		const struct entry *entry = &t->row[i].entry[j];
		size_t length;

		if (entry->state != ENTRY_NUMBER)
			continue;
		length = number_length(entry->number.point, t->decimals);
		number = length > number ? length : number;
		length = number_length(entry->number.high, t->decimals);
		end = length > end ? length : end;
	}
	width = DIGIT * (double)number + SMALL_DIGIT * (double)end;
	return BETWEEN + fmax(width, fmin(tex_width_pt(t->column[j]), COLUMN_SHARE * all));
}

static bool is_reference(const struct paper_table *t, size_t j)
{
	return t->absolutes && !strcmp(t->column[j], t->reference);
}

/* The contender after the last that fits beside the names of the rows, from `first` on.  The
 * reference's own values stand beside the first ones alone. */
static size_t fit_columns(const struct paper_table *t, size_t first, double width)
{
	double label = tex_width_pt("geomean, workloads"), used;
	size_t j;

	for (size_t i = 0; i < t->nrows; i++)
		if (!t->row[i].mean)
			label = fmax(label, tex_width_pt(t->row[i].label));
	used = fmin(label, ROW_SHARE * width) + BETWEEN;
	if (t->absolutes && !first)
		used += BETWEEN +
			fmax(9 * DIGIT, fmin(tex_width_pt(t->reference), COLUMN_SHARE * width));
	for (j = first; j < t->ncolumns; j++) {
		used += is_reference(t, j) ? 0 : column_width(t, j, width);
		if (used > width && j > first)
			break;
	}
	return j;
}

/* Two columns of LaTeX. */
static void write_entry(const struct paper_table *t, const struct entry *entry, FILE *f)
{
	static const char *const holes[ENTRY_STATES] = {[ENTRY_FAILED] = "$\\times$",
							[ENTRY_TIMEOUT] = "$>$",
							[ENTRY_SATURATED] = "sat.",
							[ENTRY_MISSING] = "--"};

	if (entry->state != ENTRY_NUMBER) {
		fprintf(f, " & \\multicolumn{2}{c}{%s}", holes[entry->state]);
		return;
	}
	fprintf(f,
		entry->best       ? " & \\textbf{%.*f} & "
		: entry->doubtful ? " & \\textit{%.*f} & "
				  : " & %.*f & ",
		t->decimals, entry->number.point);
	if (!isnan(entry->number.low) && entry->number.low < entry->number.high)
		fprintf(f, "$_{%.*f}^{%.*f}$", t->decimals, entry->number.low, t->decimals,
			entry->number.high);
	fputs(entry->partly ? "\\rlap{$^\\dagger$}" : "", f);
}

/* The reference's own value: its number and its unit, aligned apart. */
static void write_absolute(const struct paper_table *t, const struct paper_row *row, FILE *f)
{
	const char *value = row->absolute ? row->absolute : "", *unit = strchr(value, ' ');
	bool best = false;

	for (size_t j = 0; j < t->ncolumns; j++)
		best |= is_reference(t, j) && row->entry[j].best && !row->mean;
	fputs(best ? " & \\textbf{" : row->doubtful ? " & \\textit{" : " & ", f);
	fprintf(f, "%.*s", unit ? (int)(unit - value) : (int)strlen(value), value);
	fputs(best || row->doubtful ? "} & " : " & ", f);
	if (unit)
		tex_text(unit + 1, f);
}

static void write_row(const struct paper_table *t, const struct paper_row *row, size_t first,
		      size_t end, double width, FILE *f)
{
	if (row->mean) {
		const char *of = strchr(row->label, ',');

		fputs("geomean", f);
		tex_text(of ? of : "", f);
	} else {
		tex_cut(row->label, ROW_SHARE * width, f);
	}
	if (t->absolutes && !first)
		write_absolute(t, row, f);
	for (size_t j = first; j < end; j++)
		if (!is_reference(t, j))
			write_entry(t, &row->entry[j], f);
	fputs(" \\\\\n", f);
}

static void write_tabular(const struct paper_table *t, size_t first, size_t end, size_t row,
			  size_t end_row, double width, FILE *f)
{
	fputs("\\begin{tabular}{@{}l", f);
	if (t->absolutes && !first)
		fputs("r@{\\,}l", f);
	for (size_t j = first; j < end; j++)
		fputs(is_reference(t, j) ? "" : "r@{\\,}l", f);
	fputs("@{}}\n\\toprule\n", f);
	if (t->absolutes && !first) {
		fputs(" & \\multicolumn{2}{c}{", f);
		tex_cut(t->reference, COLUMN_SHARE * width, f);
		fputc('}', f);
	}
	for (size_t j = first; j < end; j++) {
		if (is_reference(t, j))
			continue;
		fputs(" & \\multicolumn{2}{c}{", f);
		tex_cut(t->column[j], COLUMN_SHARE * width, f);
		fputc('}', f);
	}
	fputs(" \\\\\n\\midrule\n", f);
	for (size_t i = row; i < end_row; i++) {
		if (i > row && t->row[i].mean != t->row[i - 1].mean)
			fputs("\\midrule\n", f);
		write_row(t, &t->row[i], first, end, width, f);
	}
	fputs("\\bottomrule\n\\end{tabular}\\par\n", f);
}

void paper_table_tex(const struct paper_table *table, double width_pt, FILE *f)
{
	fputs("% Ends of 95 % intervals below and above; bold: the best, where its interval "
	      "excludes all others;\n% italic: not certain; x failed, > time-out, sat. did not "
	      "keep up, -- nothing to compare.  Needs booktabs.\n"
	      "\\begingroup\\fontsize{8}{10}\\selectfont\\setlength{\\tabcolsep}{3pt}"
	      "\\centering\n",
	      f);
	for (size_t first = 0, end; first < table->ncolumns; first = end) {
		end = fit_columns(table, first, width_pt);
		for (size_t row = 0; row < table->nrows; row += ROWS) {
			size_t last = row + ROWS < table->nrows ? row + ROWS : table->nrows;

			if (first || row)
				fputs("\\medskip\n", f);
			write_tabular(table, first, end, row, last, width_pt, f);
		}
	}
	fputs("\\endgroup\n", f);
}
