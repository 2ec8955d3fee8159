#include "harness/analysis/findings.h"

#include <math.h>
#include <stdlib.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"

#define PERCENTILES(kind)                                                                    \
	{kind "_p50_ns", "latency", FINDING_NS, kind " p50", METRICS, kind, 0.5},            \
		{kind "_p99_ns", "latency", FINDING_NS, kind " p99", METRICS, kind, 0.99},   \
	{                                                                                    \
		kind "_p99_9_ns", "latency", FINDING_NS, kind " p99.9", METRICS, kind, 0.999 \
	}

const struct finding_metric finding_metrics[] = {
	{"cpu_ns", "throughput", FINDING_NS, "CPU time per operation", METRIC_CPU, NULL, 0},
	{"peak_rss_bytes", "throughput", FINDING_BYTES, "peak resident memory", METRIC_RSS,
	 NULL, 0},
	PERCENTILES("alloc"),
	PERCENTILES("free"),
	PERCENTILES("request"),
	{"instructions", "instructions", FINDING_COUNT, "instructions per operation",
	 METRIC_INSTRUCTIONS, NULL, 0},
	{"lines", "locality", FINDING_COUNT, "cache lines touched per 1000 operations",
	 METRIC_LINES, NULL, 0},
};
const size_t finding_nmetrics = sizeof(finding_metrics) / sizeof(*finding_metrics);

const char *const finding_units[FINDING_UNITS] = {
	[FINDING_NS] = "ns", [FINDING_BYTES] = "bytes", [FINDING_COUNT] = ""};

static struct interval merged_percentile(const struct comparison *c, size_t cell,
					 size_t contender, const struct finding_metric *metric)
{
	struct interval value = {0, NAN, NAN, NAN, 0};
	struct distribution all = {0};

	latencies_collect(c, cell, contender, metric->kind, &all);
	if (all.count) {
		value.n = comparison_outcome(c, cell, contender).ok;
		value.point = distribution_percentile(&all, metric->percentile);
	}
	distribution_free(&all);
	return value;
}

/* To the reference: the comparison has those of time and memory already. */
static struct interval ratio_of(const struct comparison *c, size_t cell, size_t contender,
				enum metric metric)
{
	if (metric == METRIC_CPU || metric == METRIC_RSS)
		return c->ratio[metric][cell * c->set->ncontenders + contender];
	return comparison_pair(c, cell, contender, c->reference, metric);
}

/* Adds the finding if it has a value. */
static void add(struct findings *f, size_t cell, size_t contender,
		const struct finding_metric *metric)
{
	const struct comparison *c = f->c;
	struct finding found = {.cell = cell, .contender = contender, .metric = metric};

	if (metric->kind) {
		struct clock_limits clock = latencies_clock(c, cell);

		found.value = merged_percentile(c, cell, contender, metric);
		if (isnan(found.value.point))
			return;
		found.value_doubts =
			doubts_of_percentile(found.value.point, found.value.n, &clock);
		found.ratio = latencies_ratio(c, cell, contender, metric->kind,
					      metric->percentile, &found.doubts);
	} else {
		found.value = comparison_median(c, cell, contender, metric->metric);
		if (isnan(found.value.point))
			return;
		found.ratio = ratio_of(c, cell, contender, metric->metric);
	}
	/* Counts repeat: one is enough. */
	if (!metric->kind && metric->unit != FINDING_COUNT) {
		found.doubts = doubts_of_ratio(&found.ratio);
		found.value_doubts = doubts_of_interval(&found.value);
	}
	if (contender == c->reference)
		found.doubts = (struct doubts){0};
	f->list = list_grown(f->list, f->count, sizeof(*f->list));
	f->list[f->count++] = found;
}

/* Of the findings from `first` on, which are those of one cell and metric. */
static void mark_best(struct findings *f, size_t first)
{
	struct finding *least = NULL;

	for (size_t i = first; i < f->count; i++)
		if (f->list[i].ratio.n &&
		    !results_is_null(&f->c->set->contenders[f->list[i].contender]) &&
		    (!least || f->list[i].ratio.point < least->ratio.point))
			least = &f->list[i];
	for (size_t i = first; least && i < f->count; i++) {
		struct finding *one = &f->list[i];
		struct interval beside;

		if (!one->ratio.n || results_is_null(&f->c->set->contenders[one->contender]))
			continue;
		beside = comparison_pair(f->c, one->cell, one->contender, least->contender,
					 one->metric->metric);
		one->best = one == least || (beside.n && !isnan(beside.low) && beside.low <= 1);
	}
}

struct findings *findings_make(const struct comparison *c)
{
	struct findings *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->c = c;
	for (size_t cell = 0; cell < c->set->ncells; cell++)
		for (size_t m = 0; m < finding_nmetrics; m++) {
			const struct finding_metric *metric = &finding_metrics[m];
			size_t first = f->count;

			if (!results_is_mode(&c->set->cells[cell], metric->mode))
				continue;
			for (size_t j = 0; j < c->nshown; j++)
				add(f, cell, c->shown[j], metric);
			if (!metric->kind)
				mark_best(f, first);
		}
	return f;
}

void findings_free(struct findings *f)
{
	free(f->list);
	free(f);
}

const struct finding *findings_find(const struct findings *f, size_t cell,
				    const struct finding_metric *metric, size_t contender)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].cell == cell && f->list[i].contender == contender &&
		    f->list[i].metric == metric)
			return &f->list[i];
	return NULL;
}
