/* Tables of the page: memory over time, and at phase marks. */
#include "harness/export/html_page.h"

#include <math.h>

#include "harness/export/html.h"

static void begin(struct report *r, FILE *f, const char *const *titles)
{
	fputs("<div class=\"wide\"><table><thead><tr>", f);
	for (; *titles; titles++) {
		fputs("<th>", f);
		html_text(f, *titles);
		fputs("</th>", f);
	}
	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		fputs("<th>", f);
		html_text(f, r->set->contenders[r->shown[j]].name);
		fputs("</th>", f);
	}
	fputs("</tr></thead><tbody>\n", f);
}

static void number(FILE *f, double value)
{
	fprintf(f, "%.*f", value < 10 ? 3 : value < 100 ? 1 : 0, value);
}

static void held_field(FILE *f, const struct interval *i)
{
	fputs("<td class=\"ratio\">", f);
	if (i->n)
		number(f, i->point);
	else
		fputs("–", f);
	if (i->n && !isnan(i->low)) {
		fputs(" <small>[", f);
		number(f, i->low);
		fputs(", ", f);
		number(f, i->high);
		fputs("]</small>", f);
	}
	fputs("</td>", f);
}

/* Of the contenders' mean live bytes the largest; 0 where nothing is known. */
static double alive(const struct report *r, size_t cell)
{
	double most = 0;

	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		const struct held *held = held_of(r, cell, r->shown[j]);

		if (held->ratio.n)
			most = fmax(most, held->live_bytes);
	}
	return most;
}

void page_held(struct report *r, FILE *f)
{
	static const char *const titles[] = {"cell", "mode", "live, on average", NULL};
	size_t rows = 0;

	fputs("<h3>Resident memory over live bytes, averaged over time</h3>\n<p>Mean resident "
	      "memory, less the driver's tables, over the mean of the bytes requested and not "
	      "freed, while anything lives; median over blocks with 95 % interval. Programs do "
	      "not tell what lives. The program, its libraries and stacks are within it, some "
	      "MiB: workloads with less than 1 MiB alive are left out (they are in "
	      "<code>report/held.tsv</code>), as is null, which holds all it ever gave "
	      "out.</p>\n",
	      f);
	begin(r, f, titles);
	for (size_t i = 0; i < r->set->ncells; i++) {
		if (alive(r, i) < HELD_LEAST)
			continue;
		fputs("<tr>", f);
		html_cell(f, r->set->cells[i].name);
		html_cell(f, r->set->cells[i].mode);
		fprintf(f, "<td class=\"num\">%.1f MiB</td>", alive(r, i) / 0x1p20);
		for (size_t j = 0; j + r->nulls < r->nshown; j++)
			held_field(f, &held_of(r, i, r->shown[j])->ratio);
		fputs("</tr>\n", f);
		rows++;
	}
	html_table_end(f);
	if (!rows)
		fputs("<p>No sample holds memory over time and live bytes.</p>\n", f);
}

/* One row; returns false, and writes nothing, where nobody has much alive. */
static bool mark_row(struct report *r, FILE *f, size_t cell, size_t phase, const char *name)
{
	struct phase_memory m;
	double most = 0;

	for (size_t j = 0; j + r->nulls < r->nshown; j++)
		if (phase_memory(r, cell, r->shown[j], phase, &m))
			most = fmax(most, m.live_bytes);
	if (most < HELD_LEAST)
		return false;
	fputs("<tr>", f);
	html_cell(f, r->set->cells[cell].name);
	html_cell(f, name);
	fprintf(f, "<td class=\"num\">%.1f MiB</td>", most / 0x1p20);
	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		fputs("<td class=\"ratio\">", f);
		if (phase_memory(r, cell, r->shown[j], phase, &m)) {
			number(f, m.rss_per_floor);
			fputs(" | ", f);
			number(f, m.rss_per_live);
		} else {
			fputs("–", f);
		}
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
	return true;
}

void page_marks(struct report *r, FILE *f)
{
	static const char *const titles[] = {"cell", "mark", "live", NULL};
	size_t rows = 0;

	fputs("<h3>At phase marks: over the page floor, and over live bytes</h3>\n<p>Resident "
	      "memory, less the driver's tables, over the OS pages that hold a touched byte of "
	      "a live object (1 is the least that an allocator can hold that moves nothing), "
	      "and, behind the stroke, over live bytes (below 1 where objects are not touched "
	      "in "
	      "full); medians over blocks. Marks with less "
	      "than 1 MiB alive are left out.</p>\n",
	      f);
	begin(r, f, titles);
	for (size_t i = 0; i < r->set->ncells; i++) {
		json_t *mark;
		size_t phase;

		if (!cell_has_memory(r, i))
			continue;
		json_array_foreach(cell_phases(r, i), phase, mark)
			rows += mark_row(r, f, i, phase, json_field_text(mark, "name"));
	}
	html_table_end(f);
	if (!rows)
		fputs("<p>No phase mark has a page floor.</p>\n", f);
}
