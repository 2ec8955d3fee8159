/* Tables of the page: memory over time, and at phase marks. */
#include "harness/html_page.h"

#include <math.h>

#include "harness/html.h"

static void begin(struct report *r, FILE *f, const char *first, const char *second)
{
	fputs("<div class=\"wide\"><table><thead><tr><th>", f);
	html_text(f, first);
	fputs("</th><th>", f);
	html_text(f, second);
	fputs("</th>", f);
	for (size_t j = 0; j < r->nshown; j++) {
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

void page_held(struct report *r, FILE *f)
{
	size_t rows = 0;

	fputs("<h3>Resident memory over live bytes, averaged over time</h3>\n<p>Mean resident "
	      "memory, less the driver's tables, over the mean of the bytes requested and not "
	      "freed, while anything lives; median over blocks with 95 % interval. Programs do "
	      "not tell what lives. The program, its libraries and stacks are within it, some "
	      "MiB, which is much where little lives.</p>\n",
	      f);
	begin(r, f, "cell", "mode");
	for (size_t i = 0; i < r->set->ncells; i++) {
		bool any = false;

		for (size_t j = 0; j < r->nshown && !any && cell_has_memory(r, i); j++)
			any = held_over_live(r, i, r->shown[j]).n > 0;
		if (!any)
			continue;
		fputs("<tr>", f);
		html_cell(f, r->set->cells[i].name);
		html_cell(f, r->set->cells[i].mode);
		for (size_t j = 0; j < r->nshown; j++) {
			struct interval held = held_over_live(r, i, r->shown[j]);

			fputs("<td class=\"ratio\">", f);
			if (held.n)
				number(f, held.point);
			else
				fputs("–", f);
			if (held.n && !isnan(held.low)) {
				fputs(" <small>[", f);
				number(f, held.low);
				fputs(", ", f);
				number(f, held.high);
				fputs("]</small>", f);
			}
			fputs("</td>", f);
		}
		fputs("</tr>\n", f);
		rows++;
	}
	html_table_end(f);
	if (!rows)
		fputs("<p>No sample holds memory over time and live bytes.</p>\n", f);
}

void page_marks(struct report *r, FILE *f)
{
	size_t rows = 0;

	fputs("<h3>At phase marks: over the page floor, and over live bytes</h3>\n<p>Resident "
	      "memory, less the driver's tables, over the OS pages that hold a touched byte of "
	      "a live object (1 is the least that an allocator can hold that moves nothing), "
	      "and, behind the stroke, over live bytes; medians over blocks.</p>\n",
	      f);
	begin(r, f, "cell", "mark");
	for (size_t i = 0; i < r->set->ncells; i++) {
		json_t *mark;
		size_t phase;

		if (!cell_has_memory(r, i))
			continue;
		json_array_foreach(cell_phases(r, i), phase, mark) {
			if (!phase_has_floor(r, i, phase))
				continue;
			fputs("<tr>", f);
			html_cell(f, r->set->cells[i].name);
			html_cell(f, json_field_text(mark, "name"));
			for (size_t j = 0; j < r->nshown; j++) {
				struct phase_memory m;

				fputs("<td class=\"ratio\">", f);
				if (phase_memory(r, i, r->shown[j], phase, &m)) {
					number(f, m.rss_per_floor);
					fputs(" | ", f);
					number(f, m.rss_per_live);
				} else {
					fputs("–", f);
				}
				fputs("</td>", f);
			}
			fputs("</tr>\n", f);
			rows++;
		}
	}
	html_table_end(f);
	if (!rows)
		fputs("<p>No phase mark has a page floor.</p>\n", f);
}
