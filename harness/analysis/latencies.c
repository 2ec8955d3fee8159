#include "harness/analysis/latencies.h"

#include <math.h>
#include <stdlib.h>

struct saturation latencies_saturation(const struct comparison *c, size_t cell,
				       size_t contender)
{
	struct saturation found = {.least_share = 1};

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender)
			continue;
		found.of++;
		found.samples += s->saturated;
		if (s->achieved_share < found.least_share)
			found.least_share = s->achieved_share;
	}
	return found;
}

void latencies_collect(const struct comparison *c, size_t cell, size_t contender,
		       const char *kind, struct distribution *d)
{
	if (latencies_saturation(c, cell, contender).samples)
		return;
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->ok && !s->superseded && s->cell == cell && s->contender == contender)
			results_add_latency(c->set, s, kind, d);
	}
}

void latencies_values(const struct comparison *c, size_t cell, size_t contender,
		      const char *kind, double percentile, double *out)
{
	for (size_t b = 0; b < c->nblocks; b++)
		out[b] = NAN;
	if (latencies_saturation(c, cell, contender).samples)
		return;
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];
		struct distribution d = {0};

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender ||
		    s->block < 0 || (size_t)s->block >= c->nblocks)
			continue;
		results_add_latency(c->set, s, kind, &d);
		if (d.count)
			out[s->block] = distribution_percentile(&d, percentile);
		distribution_free(&d);
	}
}

struct clock_limits latencies_clock(const struct comparison *c, size_t cell)
{
	json_t *environment = json_object_get(c->set->manifest, "environment");
	double step = json_field_number(environment, "clock_step_ns"), cost = NAN;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->ok && s->cell == cell)
			cost = fmax(cost,
				    json_field_number(results_value(s->json, FIELD_latency),
						      "clock_cost_ns"));
	}
	if (isnan(cost))
		cost = json_field_number(environment, "clock_cost_ns");
	return (struct clock_limits){cost, isnan(step) ? cost : step};
}

/* The median of those of `values` whose block has a value in `other` too. */
static double paired_median(const double *values, const double *other, size_t n)
{
	double *both = calloc(n + 1, sizeof(*both)), median;
	size_t kept = 0;

	if (!both)
		abort();
	for (size_t b = 0; b < n; b++)
		if (!isnan(values[b]) && !isnan(other[b]))
			both[kept++] = values[b];
	median = stat_median(both, kept);
	free(both);
	return median;
}

struct interval latencies_ratio(const struct comparison *c, size_t cell, size_t contender,
				const char *kind, double percentile, struct doubts *doubts)
{
	struct clock_limits clock = latencies_clock(c, cell);
	size_t n = c->nblocks;
	double *own = calloc(2 * n + 1, sizeof(*own)), *reference = own + n;
	struct interval ratio;

	if (!own)
		abort();
	latencies_values(c, cell, contender, kind, percentile, own);
	latencies_values(c, cell, c->reference, kind, percentile, reference);
	ratio = comparison_ratio_of(c, cell, own, reference);
	*doubts = doubts_of_duration_ratio(&ratio, paired_median(own, reference, n),
					   paired_median(reference, own, n), &clock);
	free(own);
	return ratio;
}
