/* Figures 7 and 8: memory over time, and how it compares with what is live. */
#include "harness/report_figures.h"

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

/* The cell whose memory over time is shown for itself: frag-drain with its idle phase
 * if it ran, else any cell made for it, else none (SIZE_MAX). */
static size_t drain_cell(const struct report *r)
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
	return other;
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
	n = thin(rows, results_timeline(r->set, s, &rows));
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
		text_set(&figure->absent, "no sample with memory over time of frag-drain");
	else
		text_set(&figure->caption,
			 "Resident memory over time (line) and the bytes the workload has "
			 "requested and not freed (grey area), %s, first good sample of each "
			 "contender; dotted lines end the phases. Resident memory holds the "
			 "program, its libraries and the driver's tables too.%s",
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
		 "not freed, in the run of the reference (programs do not tell). An allocator "
		 "that is faster ends earlier.%s",
		 r->nulls ? " null is left out." : "");
	for (size_t i = 0; i < set->ncells; i++) {
		bool shown_before = false;
		size_t n = 0;

		if (!cell_is(&set->cells[i], "throughput") || i == drain)
			continue;
		for (size_t k = 0; k < i; k++)
			shown_before |= cell_is(&set->cells[k], "throughput") &&
					!strcmp(set->cells[k].workload, set->cells[i].workload);
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
		text_set(&figure->absent, "no sample in mode throughput has a timeline");
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
		n = thin(rows, results_timeline(r->set, s, &rows));
		live = most_live(rows, n);
		for (size_t i = 0; i < n; i++) {
			double rss =
				rows[i].rss_bytes - (s->table_bytes > 0 ? s->table_bytes : 0);

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
		text_set(&figure->absent, "no timeline with live bytes of frag-drain");
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

/* Medians over the samples of a cell and contender, at phase number `phase`. */
static bool phase_ratios(const struct report *r, size_t cell, size_t contender, size_t phase,
			 double *rss_per_floor, double *floor_per_live, size_t *n)
{
	double *given = calloc(r->set->nsamples + 1, sizeof(*given));
	double *placed = calloc(r->set->nsamples + 1, sizeof(*placed));

	if (!given || !placed)
		abort();
	*n = 0;
	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];
		json_t *mark = json_array_get(json_object_get(s->json, "phases"), phase);
		double floor = json_field_number(mark, "floor_bytes");
		double live = json_field_number(mark, "live_bytes");
		double tables = json_field_number(mark, "table_bytes");
		double rss = json_field_number(mark, "rss_bytes") - (tables > 0 ? tables : 0);

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender ||
		    !(floor > 0) || !(live > 0) || !(rss > 0))
			continue;
		given[*n] = rss / floor;
		placed[(*n)++] = floor / live;
	}
	*rss_per_floor = stat_median(given, *n);
	*floor_per_live = stat_median(placed, *n);
	free(given);
	free(placed);
	return *n > 0;
}

/* Name and number of the phases of a cell, of its first sample that has any. */
static json_t *cell_phases(const struct report *r, size_t cell)
{
	for (size_t i = 0; i < r->set->nsamples; i++) {
		json_t *phases = json_object_get(r->set->samples[i].json, "phases");

		if (r->set->samples[i].cell == cell && r->set->samples[i].ok &&
		    json_array_size(phases))
			return phases;
	}
	return NULL;
}

/* Does any shown contender have a floor at this phase? */
static bool phase_has_floor(const struct report *r, size_t cell, size_t phase)
{
	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		double given, placed;
		size_t n;

		if (phase_ratios(r, cell, r->shown[j], phase, &given, &placed, &n))
			return true;
	}
	return false;
}

static size_t phase_rows(const struct report *r, FILE *f, size_t cell, size_t phase, size_t x,
			 const char *label)
{
	size_t rows = 0;

	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		double given, placed;
		size_t n;

		if (!phase_ratios(r, cell, r->shown[j], phase, &given, &placed, &n))
			continue;
		fprintf(f, "%zu\t%s\t%s", x, label, r->set->contenders[r->shown[j]].name);
		table_number(f, given);
		table_number(f, placed);
		fprintf(f, "\t%zu\n", n);
		rows++;
	}
	return rows;
}

bool write_page_floor(struct report *r, struct figure *figure)
{
	FILE *f = table_open(r, figure->name, "page floor at phase marks",
			     "x\tlabel\tallocator\trss_per_floor\tfloor_per_live\tn");
	size_t drain = drain_cell(r), rows = 0;

	if (!f)
		return false;
	/* First the labels of the axis, as rows of a contender "-", then the values. */
	for (int values = 0; values < 2; values++) {
		size_t x = 0;

		for (size_t i = 0; i < r->set->ncells; i++) {
			json_t *mark;
			size_t phase;

			if (!cell_is(&r->set->cells[i], "memory") && i != drain)
				continue;
			json_array_foreach(cell_phases(r, i), phase, mark) {
				const char *name = json_field_text(mark, "name");
				char label[128];

				if (!phase_has_floor(r, i, phase))
					continue;
				snprintf(label, sizeof(label), "%s: %s",
					 r->set->cells[i].workload, name);
				x++;
				if (values)
					rows += phase_rows(r, f, i, phase, x, label);
				else
					fprintf(f, "%zu\t%s\t-\tNaN\tNaN\t0\n", x, label);
			}
		}
	}
	if (!rows)
		text_set(&figure->absent, "no phase mark with a page floor in mode memory");
	text_set(&figure->caption,
		 "At phase marks, medians over blocks. Above: resident memory (less the "
		 "driver's tables) over the page floor, which is the OS pages that hold a "
		 "touched byte of a live object: an allocator that moves nothing cannot go "
		 "below 1, and above it is what could be given back. Below: page floor over "
		 "live bytes, how densely objects were placed.%s",
		 r->nulls ? " null is left out." : "");
	return table_close(r, figure->name, f);
}
