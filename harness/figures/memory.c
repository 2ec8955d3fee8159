/* Figures 7, 7b and 8: memory over time. */
#include "harness/figures/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 300 /* of a line; more cannot be seen */
/* Below this share of its maximum the live volume is start or end, and the quotient
 * says nothing. */
#define LIVE_SHARE 0.005

/* The first good sample of a cell and contender that has a timeline. */
static const struct result_sample *timeline_sample(const struct report *r, size_t cell,
						   size_t contender)
{
	const struct result_sample *best = NULL;

	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];

		if (s->ok && !s->superseded && s->cell == cell && s->contender == contender &&
		    *json_field_text(s->json, "timeline") && (!best || s->block < best->block))
			best = s;
	}
	return best;
}

size_t held_rows(const struct report *r, const struct result_sample *s,
		 struct timeline_row **rows)
{
	double tables = s->table_bytes > 0 ? s->table_bytes : 0, begin;
	size_t n = results_timeline(r->set, s, rows), first = 0;

	while (first < n && !((*rows)[first].live_bytes > 0))
		first++;
	if (first == n)
		return n;
	begin = (*rows)[first].ms;
	for (size_t i = first; i < n; i++) {
		(*rows)[i - first] = (*rows)[i];
		(*rows)[i - first].ms -= begin;
		(*rows)[i - first].rss_bytes = fmax(0, (*rows)[i].rss_bytes - tables);
	}
	return n - first;
}

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

/* The only own workload, or SIZE_MAX. */
static size_t only_workload(const struct report *r)
{
	size_t only = SIZE_MAX;

	for (size_t i = 0; i < r->set->ncells; i++) {
		if (!cell_is(&r->set->cells[i], "throughput") ||
		    cell_is_program(&r->set->cells[i]))
			continue;
		if (only != SIZE_MAX &&
		    strcmp(r->set->cells[only].workload, r->set->cells[i].workload))
			return SIZE_MAX;
		if (only == SIZE_MAX)
			only = i;
	}
	return only;
}

size_t drain_cell(const struct report *r)
{
	static const char *const modes[] = {"memory", "throughput"};
	size_t other = SIZE_MAX;

	for (int mode = 0; mode < 2; mode++)
		for (size_t i = 0; i < r->set->ncells; i++) {
			bool has = false;

			if (!cell_is(&r->set->cells[i], modes[mode]))
				continue;
			for (size_t j = 0; j < r->nshown && !has; j++)
				has = timeline_sample(r, i, r->shown[j]);
			if (!has)
				continue;
			if (!strcmp(r->set->cells[i].workload, "frag-drain"))
				return i;
			if (other == SIZE_MAX && mode == 0)
				other = i;
		}
	return other == SIZE_MAX ? only_workload(r) : other;
}

#define TIMELINE_HEADER "panel\tlabel\tallocator\tms\trss_bytes\tlive_bytes"

static size_t timeline_rows(struct report *r, FILE *f, size_t panel, const char *label,
			    size_t cell, size_t contender)
{
	const struct result_sample *s = timeline_sample(r, cell, contender);
	struct timeline_row *rows;
	double live;
	size_t n;

	if (!s)
		return 0;
	n = held_rows(r, s, &rows);
	n = thin(rows, n);
	live = most_live(rows, n);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%zu\t%s\t%s\t%.0f\t%.0f", panel, label,
			r->set->contenders[contender].name, rows[i].ms, rows[i].rss_bytes);
		table_number(f, live > 0 ? rows[i].live_bytes : NAN); /* programs do not tell */
		fputc('\n', f);
	}
	free(rows);
	return n;
}

/* NAME-phases.tsv: when each phase of the samples in the panels ended.  The row of contender
 * "-" keeps the table from being empty. */
static bool write_phases(struct report *r, size_t cell)
{
	FILE *f =
		table_open(r, "fig07-phases", "ends of phases", "panel\tallocator\tphase\tms");
	size_t panel = 0;

	if (!f)
		return false;
	fputs("0\t-\t-\t0\n", f);
	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		const struct result_sample *s = timeline_sample(r, cell, r->shown[j]);
		json_t *mark;
		size_t i;

		if (!s)
			continue;
		panel++;
		json_array_foreach(json_object_get(s->json, "phases"), i, mark)
			fprintf(f, "%zu\t%s\t%s\t%.0f\n", panel,
				r->set->contenders[r->shown[j]].name,
				json_field_text(mark, "name"),
				json_field_number(mark, "at_ns") / 1e6);
	}
	return table_close(r, "fig07-phases", f);
}

bool write_drain_timeline(struct report *r, struct figure *figure)
{
	size_t cell = drain_cell(r), rows = 0, panel = 0;
	FILE *f = table_open(r, figure->name, "memory over time of one workload",
			     TIMELINE_HEADER);

	if (!f)
		return false;
	if (cell != SIZE_MAX && !write_phases(r, cell)) {
		fclose(f);
		return false;
	}
	for (size_t j = 0; j + r->nulls < r->nshown && cell != SIZE_MAX; j++) {
		size_t n = timeline_rows(r, f, panel + 1, r->set->contenders[r->shown[j]].name,
					 cell, r->shown[j]);

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
			 "phases. Resident memory is less the driver's tables; it holds the "
			 "program and its libraries too.%s",
			 r->set->cells[cell].name, r->nulls ? " null is left out." : "");
	return table_close(r, figure->name, f);
}

bool write_timelines(struct report *r, struct figure *figure)
{
	FILE *f = table_open(r, figure->name, "memory over time", TIMELINE_HEADER);
	size_t drain = drain_cell(r), rows = 0, panel = 0;
	const struct result_set *set = r->set;
	const char *before = " Not shown, other parameters of a workload that is: ";

	if (!f)
		return false;
	text_set(&figure->caption,
		 "Resident memory over time, all allocators in one panel per workload, first "
		 "good sample of each; the grey area is what the workload has requested and "
		 "not freed, in the run of the reference (programs do not tell). Own workloads "
		 "are shown from their first allocation on, less the driver's tables. An "
		 "allocator that is faster ends earlier.%s",
		 r->nulls ? " null is left out." : "");
	for (size_t i = 0; i < set->ncells; i++) {
		bool shown_before = false, again = false;
		size_t n = 0;

		if ((!cell_is(&set->cells[i], "throughput") &&
		     !cell_is(&set->cells[i], "memory")) ||
		    i == drain)
			continue;
		for (size_t k = 0; k < i; k++) {
			shown_before |= !strcmp(set->cells[k].mode, set->cells[i].mode) &&
					!strcmp(set->cells[k].workload, set->cells[i].workload);
			again |= strcmp(set->cells[k].mode, set->cells[i].mode) &&
				 cell_has_memory(r, k) &&
				 !strcmp(set->cells[k].name, set->cells[i].name);
		}
		if (again)
			continue; /* mode memory of what does not idle is the same run */
		if (shown_before) {
			text_append(&figure->caption, "%s%s", before, set->cells[i].name);
			before = ", ";
			continue;
		}
		for (size_t j = 0; j + r->nulls < r->nshown; j++)
			n += timeline_rows(r, f, panel + 1, set->cells[i].name, i, r->shown[j]);
		panel += n > 0;
		rows += n;
	}
	if (*before == ',')
		text_append(&figure->caption, ".");
	if (!rows)
		text_set(&figure->absent,
			 "no sample in mode throughput or memory has a timeline");
	return table_close(r, figure->name, f);
}

bool write_fragmentation(struct report *r, struct figure *figure)
{
	FILE *f = table_open(r, figure->name, "resident over live bytes",
			     "allocator\tms\trss_per_live\tmark");
	size_t cell = drain_cell(r), written = 0;

	if (!f)
		return false;
	for (size_t j = 0; j + r->nulls < r->nshown && cell != SIZE_MAX; j++) {
		const struct result_sample *s = timeline_sample(r, cell, r->shown[j]);
		struct timeline_row *rows;
		double live;
		size_t n;

		if (!s)
			continue;
		n = held_rows(r, s, &rows);
		n = thin(rows, n);
		live = most_live(rows, n);
		for (size_t i = 0; i < n; i++) {
			double rss = rows[i].rss_bytes;

			if (!(rows[i].live_bytes > LIVE_SHARE * live) || !(rss > 0))
				continue;
			fprintf(f, "%s\t%.0f", r->set->contenders[r->shown[j]].name,
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
			 r->set->cells[cell].name, 100 * LIVE_SHARE,
			 r->nulls ? " null is left out." : "");
	return table_close(r, figure->name, f);
}
