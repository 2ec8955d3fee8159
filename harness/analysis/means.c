#include "harness/analysis/means.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/influence.h"

bool means_in_scope(const struct comparison *c, size_t cell, enum scope scope)
{
	return results_is_mode(&c->set->cells[cell], "throughput") &&
	       results_is_program(&c->set->cells[cell]) == (scope == SCOPE_PROGRAMS);
}

/* The largest number of live bytes that a sample tells of; NaN if none. */
static double sample_live(struct result_set *set, const struct result_sample *s)
{
	double live =
		json_field_number(results_value(s->json, FIELD_replay), "peak_live_bytes");
	struct timeline_row *rows;
	json_t *mark;
	size_t i, n;

	if (live > 0)
		return live;
	live = NAN;
	json_array_foreach(results_value(s->json, FIELD_phases), i, mark)
		live = fmax(live, json_field_number(mark, "live_bytes"));
	if (live >= MEANS_LEAST_LIVE || !*results_text(s->json, FIELD_timeline))
		return live; /* enough to know, and reading timelines takes long */
	n = results_timeline(set, s, &rows);
	if (n == 0)
		return NAN; /* marks alone may lie where nothing lives any more */
	for (i = 0; i < n; i++)
		live = fmax(live, rows[i].live_bytes);
	free(rows);
	return live;
}

/* Median over the good samples of the reference. */
static double cell_live(const struct comparison *c, size_t cell)
{
	double *live = malloc((c->set->nsamples + 1) * sizeof(*live)), median;
	size_t n = 0;

	if (!live)
		abort();
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->cell != cell || s->contender != c->reference || !s->ok || s->superseded)
			continue;
		live[n] = sample_live(c->set, s);
		n += !isnan(live[n]);
	}
	median = stat_median(live, n);
	free(live);
	return median;
}

static void choose_small(struct means *m, const struct comparison *c)
{
	for (size_t i = 0; i < c->set->ncells; i++) {
		double most;

		m->live_bytes[i] = NAN;
		if (!results_is_mode(&c->set->cells[i], "throughput"))
			continue;
		if (!results_is_program(&c->set->cells[i]))
			m->live_bytes[i] = cell_live(c, i);
		most = m->live_bytes[i];
		if (isnan(most))
			most = comparison_median(c, i, c->reference, METRIC_RSS).point;
		m->small[i] = most < MEANS_LEAST_LIVE;
	}
}

static size_t blocks_of(const struct comparison *c, size_t cell, size_t contender, int metric)
{
	return c->ratio[metric][cell * c->set->ncontenders + contender].n;
}

static void choose_ranked(struct means *m, const struct comparison *c, enum scope scope)
{
	size_t all = c->set->ncontenders, with_any = 0, *has = calloc(all + 1, sizeof(*has));

	if (!has)
		abort();
	for (size_t i = 0; i < c->set->ncells; i++) {
		bool any = false;

		for (size_t k = 0; k < all && means_in_scope(c, i, scope); k++)
			if (blocks_of(c, i, k, METRIC_CPU)) {
				has[k]++;
				any |= k != c->reference;
			}
		with_any += any;
	}
	for (size_t k = 0; k < all; k++)
		m->ranked[k * SCOPES + (size_t)scope] =
			has[k] > 0 && 2 * has[k] >= with_any &&
			!results_is_null(&c->set->contenders[k]);
	free(has);
}

/* Has every ranked contender ratios from `least` blocks? */
static bool is_common(const struct means *m, const struct comparison *c, size_t cell,
		      enum scope scope, size_t least)
{
	if (blocks_of(c, cell, c->reference, METRIC_CPU) < least)
		return false;
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (m->ranked[k * SCOPES + (size_t)scope] &&
		    (blocks_of(c, cell, k, METRIC_CPU) < least ||
		     blocks_of(c, cell, k, METRIC_RSS) < least))
			return false;
	return true;
}

/* A cell with one block would leave the whole mean without an interval: it is left out,
 * unless no cell has more. */
static void choose_common(struct means *m, const struct comparison *c, enum scope scope)
{
	bool any = false;

	for (size_t least = 2; least > 0 && !any; least--)
		for (size_t i = 0; i < c->set->ncells; i++) {
			if (!means_in_scope(c, i, scope))
				continue;
			m->common[METRIC_CPU][i] = is_common(m, c, i, scope, least);
			m->common[METRIC_RSS][i] = m->common[METRIC_CPU][i] && !m->small[i];
			any |= m->common[METRIC_CPU][i];
		}
}

/* The number of the first cell of the same workload. */
static size_t kin_of(const struct comparison *c, size_t cell)
{
	size_t i = 0;

	while (strcmp(c->set->cells[i].workload, c->set->cells[cell].workload))
		i++;
	return i;
}

static struct left_out left_out(const struct comparison *c, const struct stat_left_out *out,
				const size_t *cells)
{
	const struct result_cell *cell;

	/* There may be no cell at all. */
	if (isnan(out->mean))
		return (struct left_out){NAN, NULL};
	cell = &c->set->cells[cells[out->index]];
	return (struct left_out){exp(out->mean), out->kin ? cell->workload : cell->name};
}

static struct left_out turned_by(const struct mean *mean)
{
	if (mean->ratio.point < 1 && mean->most.ratio > 1)
		return mean->most;
	if (mean->ratio.point > 1 && mean->least.ratio < 1)
		return mean->least;
	return (struct left_out){NAN, NULL};
}

static struct mean one_mean(const struct means *m, const struct comparison *c, size_t contender,
			    enum scope scope, enum metric metric)
{
	size_t all = c->set->ncells, n = 0;
	struct stat_group *groups = malloc((all + 1) * sizeof(*groups));
	double *logs = malloc((all * c->nblocks + 1) * sizeof(*logs)), *at = logs;
	double *centre = malloc((all + 1) * sizeof(*centre));
	size_t *nodes = malloc((all * c->nblocks + 1) * sizeof(*nodes));
	size_t *kin = malloc((all + 1) * sizeof(*kin)),
	       *cells = malloc((all + 1) * sizeof(*cells));
	struct stat_influence influence;
	struct mean mean;

	if (!groups || !logs || !nodes || !centre || !kin || !cells)
		abort();
	for (size_t i = 0; i < all; i++) {
		double same = 0;

		if (!m->common[metric][i] || !means_in_scope(c, i, scope))
			continue;
		for (size_t k = 0; k < all; k++)
			same += m->common[metric][k] && means_in_scope(c, k, scope) &&
				kin_of(c, k) == kin_of(c, i);
		groups[n].x = at;
		groups[n].n =
			comparison_log_ratios(c, i, contender, metric, at, nodes + (at - logs));
		groups[n].weight = 1 / same;
		groups[n].strata = comparison_strata(c, nodes + (at - logs));
		centre[n] = stat_median(at, groups[n].n);
		kin[n] = kin_of(c, i);
		cells[n] = i;
		at += groups[n++].n;
	}
	influence = stat_influence(centre, kin, n);
	mean.ratio = stat_geomean_interval(groups, n);
	mean.cells = n;
	mean.median = exp(influence.median);
	mean.least = left_out(c, &influence.least, cells);
	mean.most = left_out(c, &influence.most, cells);
	mean.turned = turned_by(&mean);
	free(groups);
	free(logs);
	free(nodes);
	free(centre);
	free(kin);
	free(cells);
	return mean;
}

static struct mean *place(const struct means *m, const struct comparison *c, size_t contender,
			  enum scope scope, enum metric metric)
{
	size_t row = (size_t)metric * SCOPES + (size_t)scope;

	return &m->mean[row * c->set->ncontenders + contender];
}

const struct mean *means_of(const struct means *m, const struct comparison *c, size_t contender,
			    enum scope scope, enum metric metric)
{
	return place(m, c, contender, scope, metric);
}

bool means_any(const struct means *m, const struct comparison *c, enum scope scope)
{
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (k != c->reference && means_of(m, c, k, scope, METRIC_CPU)->ratio.n)
			return true;
	return false;
}

struct means *means_make(const struct comparison *c)
{
	size_t all = c->set->ncontenders, ncells = c->set->ncells;
	struct means *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->mean = calloc(all * SCOPES * 2 + 1, sizeof(*m->mean));
	m->ranked = calloc(all * SCOPES + 1, sizeof(*m->ranked));
	m->small = calloc(ncells + 1, sizeof(*m->small));
	m->live_bytes = calloc(ncells + 1, sizeof(*m->live_bytes));
	for (int metric = METRIC_CPU; metric <= METRIC_RSS; metric++) {
		m->common[metric] = calloc(ncells + 1, sizeof(*m->common[metric]));
		if (!m->common[metric])
			abort();
	}
	if (!m->mean || !m->ranked || !m->small || !m->live_bytes)
		abort();
	choose_small(m, c);
	for (enum scope scope = 0; scope < SCOPES; scope++) {
		choose_ranked(m, c, scope);
		choose_common(m, c, scope);
		for (int metric = METRIC_CPU; metric <= METRIC_RSS; metric++)
			for (size_t k = 0; k < all; k++)
				if (m->ranked[k * SCOPES + (size_t)scope])
					*place(m, c, k, scope, (enum metric)metric) =
						one_mean(m, c, k, scope, (enum metric)metric);
	}
	return m;
}

void means_free(struct means *m)
{
	free(m->common[METRIC_CPU]);
	free(m->common[METRIC_RSS]);
	free(m->mean);
	free(m->ranked);
	free(m->small);
	free(m->live_bytes);
	free(m);
}
