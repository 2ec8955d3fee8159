#include "harness/analysis/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS 100000 /* a block number beyond it is nonsense, not a block */

/* Of the whole timeline, less the driver's tables. */
static double average_resident(struct result_set *set, const struct result_sample *s)
{
	double tables = s->table_bytes > 0 ? s->table_bytes : 0, area = 0, ms = 0;
	struct timeline_row *rows;
	size_t n = results_timeline(set, s, &rows);

	for (size_t i = 1; i < n; i++) {
		double step = rows[i].ms - rows[i - 1].ms;

		area += step * ((rows[i - 1].rss_bytes + rows[i].rss_bytes) / 2 - tables);
		ms += step;
	}
	free(rows);
	return ms > 0 && area > 0 ? area / ms : NAN;
}

/* The metric's value of one sample, NaN if it has none. */
static double metric_of(struct result_set *set, const struct result_sample *s,
			enum metric metric)
{
	switch (metric) {
	case METRIC_CPU:
		return s->ops > 0 ? s->cpu_ns / s->ops : NAN;
	case METRIC_RSS:
		return s->peak_rss_bytes - (s->table_bytes > 0 ? s->table_bytes : 0);
	case METRIC_MEAN_RSS:
		return average_resident(set, s);
	case METRIC_SPEED:
		return s->wall_ns > 0 ? s->ops / s->wall_ns * 1e9 : NAN;
	case METRIC_FAULTS:
		return s->ops > 0 ? s->minor_faults / s->ops : NAN;
	case METRIC_SYS:
		return s->ops > 0 ? s->sys_ns / s->ops : NAN;
	case METRIC_INSTRUCTIONS:
		return s->ops > 0 ? s->instructions / s->ops : NAN;
	case METRIC_ALLOCATOR:
		return s->ops > 0 ? s->allocator_instructions / s->ops : NAN;
	case METRIC_LINES:
		return json_field_number(results_value(s->json, FIELD_locality),
					 "lines_per_1000");
	case METRICS:
		break;
	}
	return NAN;
}

static bool counts(const struct comparison *c, const struct result_sample *s, size_t cell,
		   size_t contender)
{
	return s->cell == cell && s->contender == contender && s->ok && !s->superseded &&
	       s->block >= 0 && s->block < (int64_t)c->nblocks;
}

void comparison_values(const struct comparison *c, size_t cell, size_t contender,
		       enum metric metric, double *out)
{
	for (size_t b = 0; b < c->nblocks; b++)
		out[b] = NAN;
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (counts(c, s, cell, contender))
			out[s->block] = metric_of(c->set, s, metric);
	}
}

static double *block_array(const struct comparison *c)
{
	double *array = malloc((c->nblocks ? c->nblocks : 1) * sizeof(*array));

	if (!array)
		abort();
	return array;
}

static size_t *node_array(const struct comparison *c)
{
	size_t *array = malloc((c->nblocks + 1) * sizeof(*array));

	if (!array)
		abort();
	return array;
}

size_t comparison_node(const struct comparison *c, size_t cell, size_t block)
{
	return c->node ? c->node[cell * c->nblocks + block] : 0;
}

struct stat_strata comparison_strata(const struct comparison *c, const size_t *nodes)
{
	return (struct stat_strata){c->node ? nodes : NULL, c->nodes_drawn};
}

struct interval comparison_median_of(const struct comparison *c, size_t cell,
				     const double *values)
{
	double *known = block_array(c);
	size_t n = 0, *nodes = node_array(c);
	struct interval result;

	for (size_t b = 0; b < c->nblocks; b++)
		if (!isnan(values[b])) {
			nodes[n] = comparison_node(c, cell, b);
			known[n++] = values[b];
		}
	result = stat_median_interval_of(known, n, comparison_strata(c, nodes));
	free(nodes);
	free(known);
	return result;
}

struct interval comparison_median(const struct comparison *c, size_t cell, size_t contender,
				  enum metric metric)
{
	double *values = block_array(c);
	struct interval result;

	comparison_values(c, cell, contender, metric, values);
	result = comparison_median_of(c, cell, values);
	free(values);
	return result;
}

/* Paired log ratios, with the machines of their blocks; returns their number. */
static size_t log_ratios(const struct comparison *c, size_t cell, const double *own,
			 const double *others, double *out, size_t *nodes)
{
	size_t n = 0;

	for (size_t b = 0; b < c->nblocks; b++) {
		if (stat_log_ratios(&own[b], &others[b], 1, &out[n]) == 0)
			continue;
		if (nodes)
			nodes[n] = comparison_node(c, cell, b);
		n++;
	}
	return n;
}

struct interval comparison_ratio_of(const struct comparison *c, size_t cell, const double *own,
				    const double *others)
{
	double *logs = block_array(c);
	size_t *nodes = node_array(c), n = log_ratios(c, cell, own, others, logs, nodes);
	struct interval result = stat_ratio_interval_of(logs, n, comparison_strata(c, nodes));

	free(nodes);
	free(logs);
	return result;
}

size_t comparison_log_ratios(const struct comparison *c, size_t cell, size_t contender,
			     enum metric metric, double *out, size_t *nodes)
{
	double *own = block_array(c), *others = block_array(c);
	size_t n;

	comparison_values(c, cell, contender, metric, own);
	comparison_values(c, cell, c->reference, metric, others);
	n = log_ratios(c, cell, own, others, out, nodes);
	free(own);
	free(others);
	return n;
}

size_t comparison_again(const struct comparison *c, size_t cell, enum metric metric,
			double *out, size_t *blocks)
{
	double *again = block_array(c), *first = block_array(c);
	size_t n = 0, who = SIZE_MAX;

	for (size_t b = 0; b < c->nblocks; b++)
		again[b] = NAN;
	for (size_t i = 0; i < c->set->nagain; i++) {
		const struct result_sample *s = &c->set->again[i];

		if (who == SIZE_MAX && s->cell == cell)
			who = s->contender; /* one contender of a set runs again */
		if (counts(c, s, cell, who))
			again[s->block] = metric_of(c->set, s, metric);
	}
	comparison_values(c, cell, who, metric, first);
	for (size_t b = 0; b < c->nblocks; b++)
		if (stat_log_ratios(&again[b], &first[b], 1, &out[n]) == 1) {
			if (blocks)
				blocks[n] = b;
			n++;
		}
	free(again);
	free(first);
	return n;
}

struct interval comparison_pair(const struct comparison *c, size_t cell, size_t contender,
				size_t other, enum metric metric)
{
	double *own = block_array(c), *others = block_array(c);
	struct interval result;

	comparison_values(c, cell, contender, metric, own);
	comparison_values(c, cell, other, metric, others);
	result = comparison_ratio_of(c, cell, own, others);
	free(own);
	free(others);
	return result;
}

struct outcome comparison_outcome(const struct comparison *c, size_t cell, size_t contender)
{
	struct outcome o = {.status = "", .reason = ""};

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->cell != cell || s->contender != contender || s->superseded)
			continue;
		if (s->ok) {
			o.ok++;
			continue;
		}
		if (!strcmp(s->status, "timeout"))
			o.timeout++;
		else if (!strcmp(s->status, "skipped"))
			o.skipped++;
		else
			o.failed++;
		o.status = s->status;
		o.reason = s->reason;
	}
	return o;
}

bool comparison_never_ran(const struct comparison *c, size_t contender)
{
	bool sampled = false;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		if (c->set->samples[i].contender != contender)
			continue;
		if (strcmp(c->set->samples[i].status, "skipped"))
			return false;
		sampled = true;
	}
	return !sampled || strcmp(c->set->contenders[contender].status, "ok");
}

bool comparison_alone(const struct comparison *c)
{
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (k != c->reference && !comparison_never_ran(c, k))
			return false;
	return true;
}

/* Fills shown, see the header. */
static void choose_shown(struct comparison *c)
{
	const struct result_set *set = c->set;

	c->shown = calloc(set->ncontenders + 1, sizeof(*c->shown));
	if (!c->shown)
		abort();
	for (int null = 0; null < 2; null++)
		for (size_t i = 0; i < set->ncontenders; i++) {
			if (results_is_null(&set->contenders[i]) != null ||
			    !results_has_good(set, i))
				continue;
			c->shown[c->nshown++] = i;
			c->nulls += (size_t)null;
		}
}

/* All samples of a block are of one machine. */
static void note_nodes(struct comparison *c)
{
	const struct result_set *set = c->set;
	json_t *merged = json_object_get(set->manifest, "merged");

	if (set->nnodes < 2)
		return;
	c->nodes_drawn = json_is_true(json_object_get(merged, "pool"));
	c->node = calloc(set->ncells * c->nblocks + 1, sizeof(*c->node));
	if (!c->node)
		abort();
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		if (s->block >= 0 && s->block < (int64_t)c->nblocks)
			c->node[s->cell * c->nblocks + (size_t)s->block] = s->node;
	}
}

struct comparison *comparison_open(struct result_set *set, size_t reference)
{
	struct comparison *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->set = set;
	c->reference = reference;
	for (size_t i = 0; i < set->nsamples; i++) {
		int64_t block = set->samples[i].block;

		if (block >= 0 && block < MAX_BLOCKS && (size_t)block >= c->nblocks)
			c->nblocks = (size_t)block + 1;
	}
	note_nodes(c);
	choose_shown(c);
	return c;
}

struct comparison *comparison_make(struct result_set *set, size_t reference)
{
	struct comparison *c = comparison_open(set, reference);
	size_t all = set->ncontenders, n = set->ncells * all + 1;

	for (int m = METRIC_CPU; m <= METRIC_RSS; m++) {
		c->ratio[m] = calloc(n, sizeof(*c->ratio[m]));
		if (!c->ratio[m])
			abort();
		for (size_t i = 0; i < set->ncells; i++)
			for (size_t k = 0;
			     k < all && results_is_mode(&set->cells[i], "throughput"); k++)
				c->ratio[m][i * all + k] =
					comparison_pair(c, i, k, reference, (enum metric)m);
	}
	return c;
}

void comparison_free(struct comparison *c)
{
	for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
		free(c->ratio[m]);
	free(c->shown);
	free(c->node);
	free(c);
}
