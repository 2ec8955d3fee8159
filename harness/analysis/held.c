#include "harness/analysis/held.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct result_sample *held_sample(const struct comparison *c, size_t cell,
					size_t contender)
{
	const struct result_sample *best = NULL;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->ok && !s->superseded && s->cell == cell && s->contender == contender &&
		    *results_text(s->json, FIELD_timeline) && (!best || s->block < best->block))
			best = s;
	}
	return best;
}

size_t held_rows(const struct comparison *c, const struct result_sample *s,
		 struct timeline_row **rows)
{
	double tables = s->table_bytes > 0 ? s->table_bytes : 0, begin;
	size_t n = results_timeline(c->set, s, rows), first = 0;

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

/* Areas under resident memory and live bytes, while anything lives; their quotient, and the
 * mean of what lives. */
static double sample_held(const struct comparison *c, const struct result_sample *s,
			  double *live_bytes)
{
	double resident = 0, live = 0, ms = 0;
	struct timeline_row *rows;
	size_t n = held_rows(c, s, &rows);

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

static struct held one_held(const struct comparison *c, size_t cell, size_t contender)
{
	double *values = calloc(c->set->nsamples + 1, sizeof(*values));
	double *live = calloc(c->set->nsamples + 1, sizeof(*live));
	struct held held;
	size_t n = 0;

	if (!values || !live)
		abort();
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender ||
		    !*results_text(s->json, FIELD_timeline))
			continue;
		values[n] = sample_held(c, s, &live[n]);
		n += !isnan(values[n]);
	}
	held.ratio = stat_median_interval(values, n);
	held.live_bytes = stat_median(live, n);
	free(values);
	free(live);
	return held;
}

struct held *held_make(const struct comparison *c)
{
	size_t all = c->set->ncontenders;
	struct held *held = calloc(c->set->ncells * all + 1, sizeof(*held));

	if (!held)
		abort();
	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < c->nshown && held_in_cell(c, i); j++)
			held[i * all + c->shown[j]] = one_held(c, i, c->shown[j]);
	return held;
}

const struct held *held_of(const struct held *all, const struct comparison *c, size_t cell,
			   size_t contender)
{
	return &all[cell * c->set->ncontenders + contender];
}

bool held_in_cell(const struct comparison *c, size_t cell)
{
	const struct result_cell *at = &c->set->cells[cell];

	return (results_is_mode(at, "throughput") || results_is_mode(at, "memory")) &&
	       !results_is_program(at);
}

bool held_at_phase(const struct comparison *c, size_t cell, size_t contender, size_t phase,
		   struct held_phase *m)
{
	double *given = calloc(c->set->nsamples + 1, sizeof(*given));
	double *placed = calloc(c->set->nsamples + 1, sizeof(*placed));
	double *held = calloc(c->set->nsamples + 1, sizeof(*held));
	double *alive = calloc(c->set->nsamples + 1, sizeof(*alive));

	if (!given || !placed || !held || !alive)
		abort();
	m->n = 0;
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		json_t *mark = json_array_get(results_value(s->json, FIELD_phases), phase);
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
	m->live_bytes = stat_median(alive, m->n);
	free(given);
	free(placed);
	free(held);
	free(alive);
	return m->n > 0;
}

json_t *held_mark(const struct result_sample *s, const char *phase)
{
	json_t *mark;
	size_t i;

	json_array_foreach(results_value(s->json, FIELD_phases), i, mark)
		if (!strcmp(json_field_text(mark, "name"), phase))
			return mark;
	return NULL;
}

struct interval held_rss_at(const struct comparison *c, size_t cell, size_t contender,
			    const char *phase)
{
	double *rss = calloc(c->set->nsamples + 1, sizeof(*rss));
	struct interval median = {0, NAN, NAN, NAN, 0};
	size_t n = 0;

	if (!rss)
		abort();
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		json_t *mark =
			s->cell == cell && s->contender == contender && s->ok && !s->superseded
				? held_mark(s, phase)
				: NULL;
		double tables = json_field_number(mark, "table_bytes");

		rss[n] = json_field_number(mark, "rss_bytes") - (tables > 0 ? tables : 0);
		n += rss[n] > 0;
	}
	if (n)
		median = stat_median_interval(rss, n);
	free(rss);
	return median;
}

json_t *held_phases(const struct comparison *c, size_t cell)
{
	for (size_t i = 0; i < c->set->nsamples; i++) {
		json_t *phases = results_value(c->set->samples[i].json, FIELD_phases);

		if (c->set->samples[i].cell == cell && c->set->samples[i].ok &&
		    json_array_size(phases))
			return phases;
	}
	return NULL;
}

bool held_phase_has_floor(const struct comparison *c, size_t cell, size_t phase)
{
	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		struct held_phase m;

		if (held_at_phase(c, cell, c->shown[j], phase, &m))
			return true;
	}
	return false;
}

/* The only own workload, or SIZE_MAX. */
static size_t only_workload(const struct comparison *c)
{
	size_t only = SIZE_MAX;

	for (size_t i = 0; i < c->set->ncells; i++) {
		if (!results_is_mode(&c->set->cells[i], "throughput") ||
		    results_is_program(&c->set->cells[i]))
			continue;
		if (only != SIZE_MAX &&
		    strcmp(c->set->cells[only].workload, c->set->cells[i].workload))
			return SIZE_MAX;
		if (only == SIZE_MAX)
			only = i;
	}
	return only;
}

size_t held_drain_cell(const struct comparison *c)
{
	static const char *const modes[] = {"memory", "throughput"};
	size_t other = SIZE_MAX;

	for (int mode = 0; mode < 2; mode++)
		for (size_t i = 0; i < c->set->ncells; i++) {
			bool has = false;

			if (!results_is_mode(&c->set->cells[i], modes[mode]))
				continue;
			for (size_t j = 0; j < c->nshown && !has; j++)
				has = held_sample(c, i, c->shown[j]);
			if (!has)
				continue;
			if (!strcmp(c->set->cells[i].workload, "frag-drain"))
				return i;
			if (other == SIZE_MAX && mode == 0)
				other = i;
		}
	return other == SIZE_MAX ? only_workload(c) : other;
}
