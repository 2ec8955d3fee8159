#include "harness/analysis/node_effect.h"

#include <math.h>
#include <stdlib.h>

/* Log ratios to the reference, of the reference its values' logs around their median. */
static size_t logs_of(const struct comparison *c, size_t cell, size_t contender,
		      enum metric metric, double *out, size_t *nodes)
{
	double *values, median;
	size_t n = 0;

	if (contender != c->reference)
		return comparison_log_ratios(c, cell, contender, metric, out, nodes);
	values = malloc((c->nblocks + 1) * sizeof(*values));
	if (!values)
		abort();
	comparison_values(c, cell, contender, metric, values);
	for (size_t b = 0; b < c->nblocks; b++)
		if (values[b] > 0) {
			nodes[n] = comparison_node(c, cell, b);
			out[n++] = log(values[b]);
		}
	median = stat_median(out, n);
	for (size_t i = 0; i < n; i++)
		out[i] -= median;
	free(values);
	return n;
}

struct stat_one_way node_effect(const struct comparison *c, size_t cell, size_t contender,
				enum metric metric)
{
	double *logs = malloc((c->nblocks + 1) * sizeof(*logs));
	size_t *nodes = malloc((c->nblocks + 1) * sizeof(*nodes));
	struct stat_one_way effect;

	if (!logs || !nodes)
		abort();
	effect = stat_one_way(logs, nodes, logs_of(c, cell, contender, metric, logs, nodes));
	free(nodes);
	free(logs);
	return effect;
}

bool node_effect_common(const struct comparison *c, size_t cell)
{
	bool *has = calloc(c->set->nnodes + 1, sizeof(*has)),
	     *any = calloc(c->set->nnodes + 1, sizeof(*any));
	bool all = results_is_mode(&c->set->cells[cell], "throughput");

	if (!has || !any)
		abort();
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->contender != c->reference || !s->ok)
			continue;
		has[s->node] |= s->cell == cell;
		any[s->node] |= results_is_mode(&c->set->cells[s->cell], "throughput");
	}
	for (size_t node = 0; node < c->set->nnodes; node++)
		all &= has[node] || !any[node];
	free(has);
	free(any);
	return all;
}

struct interval node_effect_mean(const struct comparison *c, size_t node, size_t contender,
				 enum metric metric)
{
	size_t all = c->set->ncells, n = 0, kept;
	struct stat_group *groups = calloc(all + 1, sizeof(*groups));
	double *logs = malloc((all * c->nblocks + 1) * sizeof(*logs)), *at = logs;
	size_t *nodes = malloc((c->nblocks + 1) * sizeof(*nodes));
	struct interval mean;

	if (!groups || !logs || !nodes)
		abort();
	for (size_t i = 0; i < all; i++) {
		size_t values;

		if (!node_effect_common(c, i))
			continue;
		values = logs_of(c, i, contender, metric, at, nodes);
		kept = 0;
		for (size_t k = 0; k < values; k++)
			if (nodes[k] == node)
				at[kept++] = at[k];
		if (!kept)
			continue;
		groups[n] = (struct stat_group){.x = at, .n = kept, .weight = 1};
		at += kept;
		n++;
	}
	mean = stat_geomean_interval(groups, n);
	free(groups);
	free(logs);
	free(nodes);
	return mean;
}
