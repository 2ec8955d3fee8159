#include "harness/figures/latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"
#include "harness/figures/table.h"

/* A curve of one contender: x = -log10(1 - p) in steps, as far as enough values lie
 * beyond. */
static size_t curve(FILE *f, size_t panel, const char *label, const char *contender,
		    const struct clock_limits *clock, const struct distribution *d)
{
	size_t rows = 0;

	for (double x = 0.05; x < 9; x += 0.05) {
		double ns = distribution_percentile(d, 1 - pow(10, -x));
		struct doubts doubts = doubts_of_duration(ns, clock);

		if (isnan(ns))
			break;
		fprintf(f, "%zu\t%s\t%s\t%.2f\t%.1f", panel, label, contender, x, ns);
		table_number(f, clock->cost_ns);
		table_doubts(f, &doubts);
		rows++;
	}
	return rows;
}

/* Who did not keep up, as words for the panel: no curve of theirs would mean anything. */
static size_t saturated(FILE *f, const struct comparison *c, size_t cell, size_t panel,
			const char *label)
{
	size_t rows = 0;

	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (latencies_saturation(c, cell, c->shown[j]).samples) {
			fprintf(f, "%zu\t%s\t%s\tnan\tnan\tnan\t-\n", panel, label,
				c->set->contenders[c->shown[j]].name);
			rows++;
		}
	return rows;
}

static bool write_latency(const struct study *study, struct figure *figure,
			  const char *const *kinds, size_t nkinds)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "latency percentiles, x = -log10(1 - p)",
			     "panel\tlabel\tallocator\tx\tns\tclock_cost_ns\tdoubt");
	size_t panels = 0, rows = 0;

	if (!f)
		return false;
	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t kind = 0; kind < nkinds; kind++) {
			struct clock_limits clock = latencies_clock(c, i);
			size_t before = rows;
			char label[128];

			if (!results_is_mode(&c->set->cells[i], "latency"))
				continue;
			snprintf(label, sizeof(label), "%s, %s", c->set->cells[i].name,
				 kinds[kind]);
			for (size_t j = 0; j + c->nulls < c->nshown; j++) {
				struct distribution d = {0};

				latencies_collect(c, i, c->shown[j], kinds[kind], &d);
				rows += curve(f, panels + 1, label,
					      c->set->contenders[c->shown[j]].name, &clock, &d);
				distribution_free(&d);
			}
			if (!strcmp(kinds[kind], "request"))
				rows += saturated(f, c, i, panels + 1, label);
			panels += rows > before;
		}
	if (!rows)
		text_set(&figure->absent,
			 "no histogram of this kind with enough values is in the set");
	return table_close(study, figure->name, f);
}

bool latency_write_calls(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	static const char *const kinds[] = {"alloc", "free"};

	text_set(
		&figure->caption,
		"Time of single calls by percentile, measured in separate runs on a random "
		"sample of the calls; histograms of all blocks are added up. The grey band "
		"is up to three times what timing nothing costs, which is not subtracted: what "
		"lies in it is grey, as it tells of the clock. A curve ends where fewer "
		"than %d values lie beyond.%s",
		DISTRIBUTION_MIN_BEYOND, c->nulls ? " null is left out." : "");
	return write_latency(study, figure, kinds, 2);
}

bool latency_write_requests(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	static const char *const kinds[] = {"request"};

	text_set(
		&figure->caption,
		"Time of requests from their intended start (open loop: a late request makes "
		"the next ones late too) by percentile, at shares of the rate that the "
		"reference can answer in this mode, the same for all. A curve ends where fewer "
		"than %d values lie beyond. Named as saturated, without a curve, is who "
		"answered less than 98 %% of the rate.%s",
		DISTRIBUTION_MIN_BEYOND, c->nulls ? " null is left out." : "");
	return write_latency(study, figure, kinds, 1);
}
