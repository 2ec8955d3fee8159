/* Tables of a paper as CSV and as Markdown. */
#include "harness/export/paper_table.h"

#include <math.h>
#include <string.h>

#include "harness/export/markdown.h"
#include "harness/export/numbers.h"

static const char *const states[ENTRY_STATES] = {[ENTRY_NUMBER] = "ok",
						 [ENTRY_FAILED] = "failed",
						 [ENTRY_TIMEOUT] = "timeout",
						 [ENTRY_SATURATED] = "saturated",
						 [ENTRY_MISSING] = "missing"};

void paper_table_csv(const struct paper_table *table, FILE *f)
{
	fputs("row,contender,reference,reference_value,state,value,low,high,n,best,note\n", f);
	for (size_t i = 0; i < table->nrows; i++)
		for (size_t j = 0; j < table->ncolumns; j++) {
			const struct paper_row *row = &table->row[i];
			const struct entry *entry = &row->entry[j];
			const char *const words[] = {row->label, table->column[j],
						     table->absolutes ? table->reference : "",
						     row->absolute ? row->absolute : "",
						     states[entry->state]};

			csv_row_words(f, words, sizeof(words) / sizeof(*words));
			csv_number(f, entry->number.point);
			csv_number(f, entry->number.low);
			csv_number(f, entry->number.high);
			fprintf(f, "%zu,%d,", entry->number.n, entry->best);
			csv_words(f, entry->note ? entry->note : "");
			fputc('\n', f);
		}
}

static void markdown_entry(FILE *f, const struct paper_table *t, const struct entry *entry)
{
	const char *mark = entry->best ? "**" : entry->doubtful ? "*" : "";

	if (entry->state != ENTRY_NUMBER) {
		fputs(entry->state == ENTRY_MISSING ? "–" : states[entry->state], f);
		return;
	}
	fprintf(f, "%s%.*f%s", mark, t->decimals, entry->number.point, mark);
	if (!isnan(entry->number.low) && entry->number.low < entry->number.high)
		fprintf(f, " \\[%.*f, %.*f\\]", t->decimals, entry->number.low, t->decimals,
			entry->number.high);
	fputs(entry->partly ? " †" : "", f);
}

void paper_table_markdown(const struct paper_table *table, FILE *f)
{
	markdown_text(table->caption, f);
	fputs("\n\n| |", f);
	if (table->absolutes) {
		fputc(' ', f);
		markdown_text(table->reference, f);
		fputs(", value |", f);
	}
	for (size_t j = 0; j < table->ncolumns; j++) {
		fputc(' ', f);
		markdown_text(table->column[j], f);
		fputs(" |", f);
	}
	fputs("\n| --- |", f);
	for (size_t j = 0; j < table->ncolumns + table->absolutes; j++)
		fputs(" ---: |", f);
	for (size_t i = 0; i < table->nrows; i++) {
		const struct paper_row *row = &table->row[i];

		fputs("\n| ", f);
		markdown_text(row->label, f);
		fputs(" |", f);
		if (table->absolutes)
			fprintf(f, " %s%s%s |", row->doubtful ? "*" : "",
				row->absolute ? row->absolute : "", row->doubtful ? "*" : "");
		for (size_t j = 0; j < table->ncolumns; j++) {
			fputc(' ', f);
			markdown_entry(f, table, &row->entry[j]);
			fputs(" |", f);
		}
	}
	fputc('\n', f);
	for (size_t i = 0; i < table->nrows; i++)
		for (size_t j = 0; j < table->ncolumns; j++)
			if (table->row[i].entry[j].partly) {
				fputs("\n† some of its samples failed or timed out.\n", f);
				return;
			}
}
