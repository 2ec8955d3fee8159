/* Memory at phase marks, beside the page floor (figure 8b), and its mean over time beside
 * what was live. */
#include "harness/figures/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool phase_memory(const struct report *r, size_t cell, size_t contender, size_t phase,
		  struct phase_memory *m)
{
	double *given = calloc(r->set->nsamples + 1, sizeof(*given));
	double *placed = calloc(r->set->nsamples + 1, sizeof(*placed));
	double *held = calloc(r->set->nsamples + 1, sizeof(*held));
	double *alive = calloc(r->set->nsamples + 1, sizeof(*alive));

	if (!given || !placed || !held || !alive)
		abort();
	m->n = 0;
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
		given[m->n] = rss / floor;
		placed[m->n] = floor / live;
		alive[m->n] = live;
		held[m->n++] = rss / live;
	}
	m->rss_per_floor = stat_median(given, m->n);
	m->floor_per_live = stat_median(placed, m->n);
	m->rss_per_live = stat_median(held, m->n);
	free(given);
	free(placed);
	m->live_bytes = stat_median(alive, m->n);
	free(held);
	free(alive);
	return m->n > 0;
}

json_t *cell_phases(const struct report *r, size_t cell)
{
	for (size_t i = 0; i < r->set->nsamples; i++) {
		json_t *phases = json_object_get(r->set->samples[i].json, "phases");

		if (r->set->samples[i].cell == cell && r->set->samples[i].ok &&
		    json_array_size(phases))
			return phases;
	}
	return NULL;
}

bool phase_has_floor(const struct report *r, size_t cell, size_t phase)
{
	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		struct phase_memory m;

		if (phase_memory(r, cell, r->shown[j], phase, &m))
			return true;
	}
	return false;
}

static size_t phase_rows(const struct report *r, FILE *f, size_t cell, size_t phase, size_t x,
			 const char *label)
{
	size_t rows = 0;

	for (size_t j = 0; j + r->nulls < r->nshown; j++) {
		struct phase_memory m;

		if (!phase_memory(r, cell, r->shown[j], phase, &m))
			continue;
		fprintf(f, "%zu\t%s\t%s", x, label, r->set->contenders[r->shown[j]].name);
		table_number(f, m.rss_per_floor);
		table_number(f, m.floor_per_live);
		fprintf(f, "\t%zu\n", m.n);
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

/* Areas under resident memory and live bytes, while anything lives; their quotient, and the
 * mean of what lives. */
static double sample_held(const struct report *r, const struct result_sample *s,
			  double *live_bytes)
{
	double resident = 0, live = 0, ms = 0;
	struct timeline_row *rows;
	size_t n = held_rows(r, s, &rows);

	for (size_t i = 1; i < n; i++) {
		const struct timeline_row *a = &rows[i - 1], *b = &rows[i];

		if (!(a->live_bytes > 0) || !(b->live_bytes > 0))
			continue;
		ms += b->ms - a->ms;
		resident += (b->ms - a->ms) * (a->rss_bytes + b->rss_bytes) / 2;
		live += (b->ms - a->ms) * (a->live_bytes + b->live_bytes) / 2;
	}
	free(rows);
	*live_bytes = live / ms;
	return live > 0 && resident > 0 ? resident / live : NAN;
}

static struct held one_held(const struct report *r, size_t cell, size_t contender)
{
	double *values = calloc(r->set->nsamples + 1, sizeof(*values));
	double *live = calloc(r->set->nsamples + 1, sizeof(*live));
	struct held held;
	size_t n = 0;

	if (!values || !live)
		abort();
	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender ||
		    !*json_field_text(s->json, "timeline"))
			continue;
		values[n] = sample_held(r, s, &live[n]);
		n += !isnan(values[n]);
	}
	held.ratio = stat_median_interval(values, n);
	held.live_bytes = stat_median(live, n);
	free(values);
	free(live);
	return held;
}

struct held *held_make(const struct report *r)
{
	size_t all = r->set->ncontenders;
	struct held *held = calloc(r->set->ncells * all + 1, sizeof(*held));

	if (!held)
		abort();
	for (size_t i = 0; i < r->set->ncells; i++)
		for (size_t j = 0; j < r->nshown && cell_has_memory(r, i); j++)
			held[i * all + r->shown[j]] = one_held(r, i, r->shown[j]);
	return held;
}

const struct held *held_of(const struct report *r, size_t cell, size_t contender)
{
	return &r->held[cell * r->set->ncontenders + contender];
}

bool cell_has_memory(const struct report *r, size_t cell)
{
	const struct result_cell *c = &r->set->cells[cell];

	return (cell_is(c, "throughput") || cell_is(c, "memory")) && !cell_is_program(c);
}

bool held_write(struct report *r)
{
	FILE *f = table_open(
		r, "held",
		"mean resident memory, less the driver's tables, over mean live "
		"bytes; medians over blocks",
		"label\tmode\tallocator\tmean_rss_per_live\tlow\thigh\tn\tmean_live_bytes");

	if (!f)
		return false;
	for (size_t i = 0; i < r->set->ncells; i++)
		for (size_t j = 0; j < r->nshown && cell_has_memory(r, i); j++) {
			const struct held *held = held_of(r, i, r->shown[j]);

			if (!held->ratio.n)
				continue;
			fprintf(f, "%s\t%s\t%s", r->set->cells[i].name, r->set->cells[i].mode,
				r->set->contenders[r->shown[j]].name);
			table_number(f, held->ratio.point);
			table_number(f, held->ratio.low);
			table_number(f, held->ratio.high);
			fprintf(f, "\t%zu\t%.0f\n", held->ratio.n, held->live_bytes);
		}
	return table_close(r, "held", f);
}
