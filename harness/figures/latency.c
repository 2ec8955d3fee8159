/* Figure 10: latency over percentiles, from merged histograms. */
#include "harness/figures/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void latency_collect(const struct report *r, size_t cell, size_t contender, const char *kind,
		     struct distribution *d)
{
	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];

		if (s->ok && !s->superseded && s->cell == cell && s->contender == contender)
			results_add_latency(r->set, s, kind, d);
	}
}

/* Per block; NaN where there is none. */
static void percentiles(const struct report *r, size_t cell, size_t contender, const char *kind,
			double percentile, double *out)
{
	for (size_t b = 0; b < r->c->nblocks; b++)
		out[b] = NAN;
	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];
		struct distribution d = {0};

		if (!s->ok || s->superseded || s->cell != cell || s->contender != contender ||
		    s->block < 0 || (size_t)s->block >= r->c->nblocks)
			continue;
		results_add_latency(r->set, s, kind, &d);
		if (d.count)
			out[s->block] = distribution_percentile(&d, percentile);
		distribution_free(&d);
	}
}

struct interval latency_ratio(const struct report *r, size_t cell, size_t contender,
			      const char *kind, double percentile)
{
	size_t n = r->c->nblocks;
	double *own = calloc(3 * n + 1, sizeof(*own)), *reference = own + n,
	       *logs = own + 2 * n;
	struct interval ratio;

	if (!own)
		abort();
	percentiles(r, cell, contender, kind, percentile, own);
	percentiles(r, cell, r->c->reference, kind, percentile, reference);
	ratio = stat_ratio_interval(logs, stat_log_ratios(own, reference, n, logs));
	free(own);
	return ratio;
}

/* The dearest clock of the cell's samples, in ns; NaN if none says. */
static double clock_cost(const struct report *r, size_t cell)
{
	double cost = NAN;

	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];

		if (s->ok && s->cell == cell)
			cost = fmax(cost, json_field_number(json_object_get(s->json, "latency"),
							    "clock_cost_ns"));
	}
	return cost;
}

/* A curve of one contender: x = -log10(1 - p) in steps, as far as enough values lie
 * beyond. */
static size_t curve(FILE *f, size_t panel, const char *label, const char *contender,
		    double clock, const struct distribution *d)
{
	size_t rows = 0;

	for (double x = 0.05; x < 9; x += 0.05) {
		double ns = distribution_percentile(d, 1 - pow(10, -x));

		if (isnan(ns))
			break;
		fprintf(f, "%zu\t%s\t%s\t%.2f\t%.1f", panel, label, contender, x, ns);
		table_number(f, clock);
		fputc('\n', f);
		rows++;
	}
	return rows;
}

static bool write_latency(struct report *r, struct figure *figure, const char *const *kinds,
			  size_t nkinds)
{
	FILE *f = table_open(r, figure->name, "latency percentiles, x = -log10(1 - p)",
			     "panel\tlabel\tallocator\tx\tns\tclock_cost_ns");
	size_t panels = 0, rows = 0;

	if (!f)
		return false;
	for (size_t i = 0; i < r->set->ncells; i++)
		for (size_t kind = 0; kind < nkinds; kind++) {
			size_t before = rows;
			char label[128];

			if (!cell_is(&r->set->cells[i], "latency"))
				continue;
			snprintf(label, sizeof(label), "%s, %s", r->set->cells[i].name,
				 kinds[kind]);
			for (size_t j = 0; j + r->nulls < r->nshown; j++) {
				struct distribution d = {0};

				latency_collect(r, i, r->shown[j], kinds[kind], &d);
				rows += curve(f, panels + 1, label,
					      r->set->contenders[r->shown[j]].name,
					      clock_cost(r, i), &d);
				distribution_free(&d);
			}
			panels += rows > before;
		}
	if (!rows)
		text_set(&figure->absent,
			 "no histogram of this kind with enough values is in the set");
	return table_close(r, figure->name, f);
}

bool write_call_latency(struct report *r, struct figure *figure)
{
	static const char *const kinds[] = {"alloc", "free"};

	text_set(&figure->caption,
		 "Time of single calls by percentile, measured in separate runs on a random "
		 "sample of the calls; histograms of all blocks are added up. The grey band is "
		 "what timing nothing costs, which is not subtracted. A curve ends where fewer "
		 "than %d values lie beyond.%s",
		 DISTRIBUTION_MIN_BEYOND, r->nulls ? " null is left out." : "");
	return write_latency(r, figure, kinds, 2);
}

bool write_request_latency(struct report *r, struct figure *figure)
{
	static const char *const kinds[] = {"request"};

	text_set(&figure->caption,
		 "Time of requests from their intended start (open loop: a late request makes "
		 "the next ones late too) by percentile, at shares of the rate that the "
		 "reference reached once, the same for all. A curve ends where fewer than %d "
		 "values lie beyond.%s",
		 DISTRIBUTION_MIN_BEYOND, r->nulls ? " null is left out." : "");
	return write_latency(r, figure, kinds, 1);
}
