#include "harness/figures/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"

#define POINTS 300 /* of a line; more cannot be seen */
/* Below this share of its maximum the live volume is start or end, and the quotient
 * says nothing. */
#define LIVE_SHARE 0.005

/* Thins rows in place: of each stretch the row with the largest RSS stays, so peaks
 * are not lost. */
static size_t thin(struct timeline_row *rows, size_t n)
{
	size_t kept = 0;

	if (n <= POINTS)
		return n;
	for (size_t k = 0; k < POINTS; k++) {
		size_t from = k * n / POINTS, to = (k + 1) * n / POINTS, top = from;

		for (size_t i = from; i < to; i++)
			if (rows[i].rss_bytes > rows[top].rss_bytes)
				top = i;
		rows[kept++] = rows[top];
	}
	return kept;
}

static double most_live(const struct timeline_row *rows, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, rows[i].live_bytes);
	return most;
}

/* `marked` is 1 where a line bears its contender's mark, for those to whom colours look alike.
 */
#define TIMELINE_HEADER "panel\tlabel\tallocator\tms\trss_bytes\tlive_bytes\tmarked"
#define MARKS 6

static size_t timeline_rows(const struct comparison *c, FILE *f, size_t panel,
			    const char *label, size_t cell, size_t contender)
{
	const struct result_sample *s = held_sample(c, cell, contender);
	struct timeline_row *rows;
	double live;
	size_t n;

	if (!s)
		return 0;
	n = held_rows(c, s, &rows);
	n = thin(rows, n);
	live = most_live(rows, n);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%zu\t%s\t%s\t%.0f\t%.0f", panel, label,
			c->set->contenders[contender].name, rows[i].ms, rows[i].rss_bytes);
		table_number(f, live > 0 ? rows[i].live_bytes : NAN); /* programs do not tell */
		/* Each contender's at other places, so that lines on top of each other show. */
		fprintf(f, "\t%d\n",
			i % (n / MARKS + 1) == (contender * 3 + 1) % (n / MARKS + 1));
	}
	free(rows);
	return n;
}

/* Where a name would stand on that of the phase before, they share one label. */
#define APART 0.04 /* of the longest run */

static double longest_run(const struct comparison *c, size_t cell)
{
	double longest = 0;

	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		const struct result_sample *s = held_sample(c, cell, c->shown[j]);
		json_t *mark;
		size_t i;

		if (s)
			json_array_foreach(results_value(s->json, FIELD_phases), i, mark)
				longest = fmax(longest, json_field_number(mark, "at_ns") / 1e6);
	}
	return longest;
}

/* A row per mark; the label of those that are close together is told with the first. */
static void phase_rows(FILE *f, size_t panel, const char *contender, json_t *phases,
		       double longest)
{
	size_t n = json_array_size(phases);

	for (size_t i = 0; i < n; i++) {
		double at = json_field_number(json_array_get(phases, i), "at_ns") / 1e6;
		double before =
			i ? json_field_number(json_array_get(phases, i - 1), "at_ns") / 1e6
			  : -INFINITY;
		char *label = text_format("%s", "");

		for (size_t k = i; at - before > APART * longest && k < n; k++) {
			json_t *mark = json_array_get(phases, k), *last;

			last = json_array_get(phases, k ? k - 1 : 0);
			if (k > i && json_field_number(mark, "at_ns") / 1e6 -
						     json_field_number(last, "at_ns") / 1e6 >
					     APART * longest)
				break;
			text_append(&label, "%s%s", k > i ? ", " : "",
				    json_field_text(mark, "name"));
		}
		fprintf(f, "%zu\t%s\t%s\t%.0f\t%s\n", panel, contender,
			json_field_text(json_array_get(phases, i), "name"), at,
			*label ? label : "-");
		free(label);
	}
}

/* NAME-phases.tsv: when each phase of the samples in the panels ended.  The row of contender
 * "-" keeps the table from being empty. */
static bool write_phases(const struct study *study, size_t cell)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, "fig07-phases", "ends of phases",
			     "panel\tallocator\tphase\tms\tlabel");
	double longest = longest_run(c, cell);
	size_t panel = 0;

	if (!f)
		return false;
	fputs("0\t-\t-\t0\t-\n", f);
	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		const struct result_sample *s = held_sample(c, cell, c->shown[j]);

		if (!s)
			continue;
		panel++;
		phase_rows(f, panel, c->set->contenders[c->shown[j]].name,
			   results_value(s->json, FIELD_phases), longest);
	}
	return table_close(study, "fig07-phases", f);
}

bool memory_write_drain(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	size_t cell = held_drain_cell(c), rows = 0, panel = 0;
	FILE *f = table_open(study, figure->name, "memory over time of one workload",
			     TIMELINE_HEADER);

	if (!f)
		return false;
	if (cell != SIZE_MAX && !write_phases(study, cell)) {
		fclose(f);
		return false;
	}
	for (size_t j = 0; j + c->nulls < c->nshown && cell != SIZE_MAX; j++) {
		size_t n = timeline_rows(c, f, panel + 1, c->set->contenders[c->shown[j]].name,
					 cell, c->shown[j]);

		panel += n > 0;
		rows += n;
	}
	if (!rows)
		text_set(&figure->absent, "no sample with memory over time of frag-drain, nor "
					  "of one workload alone");
	else
		text_set(&figure->caption,
			 "Resident memory over time (line) and the bytes the workload has "
			 "requested and not freed (grey area), %s, first good sample of each "
			 "contender, from its first allocation on; dotted lines end the "
			 "phases named at them. Resident memory is less the driver's tables; "
			 "it holds the "
			 "program and its libraries too.%s",
			 c->set->cells[cell].name, c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool memory_write_timelines(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "memory over time", TIMELINE_HEADER);
	size_t drain = held_drain_cell(c), rows = 0, panel = 0;
	const struct result_set *set = c->set;
	const char *before = " Not shown, other parameters of a workload that is: ";

	if (!f)
		return false;
	text_set(&figure->caption,
		 "Resident memory over time, all allocators in one panel per workload, first "
		 "good sample of each; the grey area is what the workload has requested and "
		 "not freed, in the run of the reference (programs do not tell). Own workloads "
		 "are shown from their first allocation on, less the driver's tables. An "
		 "allocator that is faster ends earlier.%s",
		 c->nulls ? " null is left out." : "");
	for (size_t i = 0; i < set->ncells; i++) {
		bool shown_before = false, again = false;
		size_t n = 0;

		if ((!results_is_mode(&set->cells[i], "throughput") &&
		     !results_is_mode(&set->cells[i], "memory")) ||
		    i == drain)
			continue;
		for (size_t k = 0; k < i; k++) {
			shown_before |= !strcmp(set->cells[k].mode, set->cells[i].mode) &&
					!strcmp(set->cells[k].workload, set->cells[i].workload);
			again |= strcmp(set->cells[k].mode, set->cells[i].mode) &&
				 held_in_cell(c, k) &&
				 !strcmp(set->cells[k].name, set->cells[i].name);
		}
		if (again)
			continue; /* mode memory of what does not idle is the same run */
		if (shown_before) {
			text_append(&figure->caption, "%s%s", before, set->cells[i].name);
			before = ", ";
			continue;
		}
		for (size_t j = 0; j + c->nulls < c->nshown; j++)
			n += timeline_rows(c, f, panel + 1, set->cells[i].name, i, c->shown[j]);
		panel += n > 0;
		rows += n;
	}
	if (*before == ',')
		text_append(&figure->caption, ".");
	if (!rows)
		text_set(&figure->absent,
			 "no sample in mode throughput or memory has a timeline");
	return table_close(study, figure->name, f);
}

bool memory_write_fragmentation(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "resident over live bytes",
			     "allocator\tms\trss_per_live\tmark");
	size_t cell = held_drain_cell(c), written = 0;

	if (!f)
		return false;
	for (size_t j = 0; j + c->nulls < c->nshown && cell != SIZE_MAX; j++) {
		const struct result_sample *s = held_sample(c, cell, c->shown[j]);
		struct timeline_row *rows;
		double live;
		size_t n;

		if (!s)
			continue;
		n = held_rows(c, s, &rows);
		n = thin(rows, n);
		live = most_live(rows, n);
		for (size_t i = 0; i < n; i++) {
			double rss = rows[i].rss_bytes;

			if (!(rows[i].live_bytes > LIVE_SHARE * live) || !(rss > 0))
				continue;
			fprintf(f, "%s\t%.0f", c->set->contenders[c->shown[j]].name,
				rows[i].ms);
			table_number(f, rss / rows[i].live_bytes);
			fputs("\tNaN\n", f);
			written++;
		}
		free(rows);
	}
	if (!written)
		text_set(
			&figure->absent,
			"no timeline with live bytes of frag-drain, nor of one workload alone");
	else
		text_set(&figure->caption,
			 "Resident memory (less the driver's tables) over live bytes as time "
			 "goes by, %s, first good sample of each contender. Left out: moments "
			 "with less than %g %% of the largest live volume. Program and "
			 "libraries are within it, some MiB.%s",
			 c->set->cells[cell].name, 100 * LIVE_SHARE,
			 c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool memory_write_return(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "memory after the drain",
			     "allocator\tms\trss_bytes\tlive_bytes\tmarked");
	size_t cell = held_drain_cell(c), written = 0;

	if (!f)
		return false;
	for (size_t j = 0; j + c->nulls < c->nshown && cell != SIZE_MAX; j++) {
		const struct result_sample *s = held_sample(c, cell, c->shown[j]);
		double from =
			json_field_number(s ? held_mark(s, "drained") : NULL, "at_ns") / 1e6;
		double to = json_field_number(s ? held_mark(s, "idle") : NULL, "at_ns") / 1e6;
		struct timeline_row *rows;
		size_t n, first = 0, last;

		if (!s || !(from >= 0) || !(to > from))
			continue;
		n = held_rows(c, s, &rows);
		/* The row before the mark, where there is one, is what was held until then. */
		while (first + 1 < n && rows[first + 1].ms <= from)
			first++;
		for (last = first; last < n && rows[last].ms <= to;)
			last++;
		memmove(rows, rows + first, (last - first) * sizeof(*rows));
		n = thin(rows, last - first);
		for (size_t i = 0; i < n; i++) {
			fprintf(f, "%s\t%.0f\t%.0f\t%.0f\t%d\n",
				c->set->contenders[c->shown[j]].name,
				fmax(rows[i].ms - from, 0), rows[i].rss_bytes,
				rows[i].live_bytes,
				i % (n / MARKS + 1) == (j * 3 + 1) % (n / MARKS + 1));
			written++;
		}
		free(rows);
	}
	if (!written)
		text_set(&figure->absent,
			 "no timeline of a workload that drains and then idles");
	else
		text_set(
			&figure->caption,
			"What goes back to the system by itself: resident memory (less the "
			"driver's tables) from the moment on at which %s has freed most of its "
			"objects and idles; grey are the bytes that still live. First good "
			"sample of each contender.%s",
			c->set->cells[cell].name, c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}
