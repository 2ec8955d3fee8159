#include "harness/analysis/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS 100000 /* a block number beyond it is nonsense, not a block */

/* The metric's value of one sample, NaN if it has none. */
static double metric_of(const struct result_sample *s, enum metric metric)
{
	switch (metric) {
	case METRIC_CPU:
		return s->ops > 0 ? s->cpu_ns / s->ops : NAN;
	case METRIC_RSS:
		return s->peak_rss_bytes - (s->table_bytes > 0 ? s->table_bytes : 0);
	case METRIC_SPEED:
		return s->wall_ns > 0 ? s->ops / s->wall_ns * 1e9 : NAN;
	case METRIC_FAULTS:
		return s->ops > 0 ? s->minor_faults / s->ops : NAN;
	case METRIC_SYS:
		return s->ops > 0 ? s->sys_ns / s->ops : NAN;
	case METRIC_INSTRUCTIONS:
		return s->ops > 0 ? s->instructions / s->ops : NAN;
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
			out[s->block] = metric_of(s, metric);
	}
}

static double *block_array(const struct comparison *c)
{
	double *array = malloc((c->nblocks ? c->nblocks : 1) * sizeof(*array));

	if (!array)
		abort();
	return array;
}

struct interval comparison_median(const struct comparison *c, size_t cell, size_t contender,
				  enum metric metric)
{
	double *values = block_array(c);
	struct interval result;
	size_t n = 0;

	comparison_values(c, cell, contender, metric, values);
	for (size_t b = 0; b < c->nblocks; b++)
		if (!isnan(values[b]))
			values[n++] = values[b];
	result = stat_median_interval(values, n);
	free(values);
	return result;
}

/* Paired log ratios of one contender to another, into out; returns their number. */
static size_t log_ratios(const struct comparison *c, size_t cell, size_t contender,
			 size_t other, enum metric metric, double *out)
{
	double *own = block_array(c), *others = block_array(c);
	size_t n;

	comparison_values(c, cell, contender, metric, own);
	comparison_values(c, cell, other, metric, others);
	n = stat_log_ratios(own, others, c->nblocks, out);
	free(own);
	free(others);
	return n;
}

size_t comparison_log_ratios(const struct comparison *c, size_t cell, size_t contender,
			     enum metric metric, double *out)
{
	return log_ratios(c, cell, contender, c->reference, metric, out);
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
			again[s->block] = metric_of(s, metric);
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
	double *logs = block_array(c);
	struct interval result =
		stat_ratio_interval(logs, log_ratios(c, cell, contender, other, metric, logs));

	free(logs);
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
	free(c);
}
