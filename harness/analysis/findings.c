#include "harness/analysis/findings.h"

#include <math.h>
#include <stdlib.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"

#define PERCENTILES(kind)                                                                     \
	{kind "_p50_ns", "latency", FINDING_NS, kind " p50", METRICS, kind, 0.5, false},      \
		{kind "_p99_ns", "latency", FINDING_NS, kind " p99",                          \
		 METRICS,        kind,      0.99,       false},                               \
	{                                                                                     \
		kind "_p99_9_ns", "latency", FINDING_NS, kind " p99.9", METRICS, kind, 0.999, \
			false                                                                 \
	}

const struct finding_metric finding_metrics[] = {
	{"cpu_ns", "throughput", FINDING_NS, "CPU time per operation", METRIC_CPU, NULL, 0,
	 false},
	{"peak_rss_bytes", "throughput", FINDING_BYTES, "peak resident memory", METRIC_RSS,
	 NULL, 0, false},
	{"sys_ns", "throughput", FINDING_NS, "system time per operation", METRIC_SYS, NULL, 0,
	 true},
	{"minor_faults", "throughput", FINDING_EVENTS, "minor page faults per operation",
	 METRIC_FAULTS, NULL, 0, true},
	{"mean_rss_bytes", "throughput", FINDING_BYTES, "resident memory on average over time",
	 METRIC_MEAN_RSS, NULL, 0, true},
	PERCENTILES("alloc"),
	PERCENTILES("free"),
	PERCENTILES("request"),
	{"instructions", "instructions", FINDING_COUNT, "instructions per operation",
	 METRIC_INSTRUCTIONS, NULL, 0, false},
	{"allocator_instructions", "instructions", FINDING_COUNT,
	 "instructions within the allocator per operation", METRIC_ALLOCATOR, NULL, 0, true},
	{"lines", "locality", FINDING_COUNT, "cache lines touched per 1000 operations",
	 METRIC_LINES, NULL, 0, false},
};
const size_t finding_nmetrics = sizeof(finding_metrics) / sizeof(*finding_metrics);

const char *const finding_units[FINDING_UNITS] = {[FINDING_NS] = "ns",
						  [FINDING_BYTES] = "bytes",
						  [FINDING_COUNT] = "",
						  [FINDING_EVENTS] = "events"};

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

/* Values by block of those who are shown, in their order, and the reference's: what a metric
 * is of may be read from files, and is asked for several times. */
struct values {
	double *of, *reference;
};

static const double *values_of(const struct values *v, const struct comparison *c,
			       size_t contender)
{
	for (size_t j = 0; j < c->nshown; j++)
		if (c->shown[j] == contender)
			return v->of + j * c->nblocks;
	return v->reference;
}

static struct values values_make(const struct comparison *c, size_t cell, enum metric metric)
{
	struct values v = {.of = malloc((c->nshown + 1) * (c->nblocks + 1) * sizeof(*v.of))};

	if (!v.of)
		abort();
	v.reference = v.of + c->nshown * c->nblocks;
	for (size_t j = 0; j < c->nshown; j++)
		comparison_values(c, cell, c->shown[j], metric, v.of + j * c->nblocks);
	/* It is not shown where it has no good sample at all: then it has no values. */
	for (size_t b = 0; b < c->nblocks; b++)
		v.reference[b] = NAN;
	return v;
}

/* Adds the finding if it has a value. */
static void add(struct findings *f, size_t cell, size_t contender,
		const struct finding_metric *metric, const struct values *values)
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
		const double *own = values_of(values, c, contender);

		found.value = comparison_median_of(c, cell, own);
		if (isnan(found.value.point))
			return;
		found.ratio =
			comparison_ratio_of(c, cell, own, values_of(values, c, c->reference));
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
static void mark_best(struct findings *f, size_t first, const struct values *values)
{
	const struct comparison *c = f->c;
	struct finding *least = NULL;

	for (size_t i = first; i < f->count; i++)
		if (f->list[i].ratio.n &&
		    !results_is_null(&c->set->contenders[f->list[i].contender]) &&
		    (!least || f->list[i].ratio.point < least->ratio.point))
			least = &f->list[i];
	for (size_t i = first; least && i < f->count; i++) {
		struct finding *one = &f->list[i];
		struct interval beside;

		if (!one->ratio.n || results_is_null(&c->set->contenders[one->contender]))
			continue;
		beside = comparison_ratio_of(c, one->cell, values_of(values, c, one->contender),
					     values_of(values, c, least->contender));
		one->best = one == least || (beside.n && !isnan(beside.low) && beside.low <= 1);
	}
}

static void add_all(struct findings *f, size_t cell, const struct finding_metric *metric)
{
	const struct comparison *c = f->c;
	struct values values = {0};
	size_t first = f->count;

	if (!metric->kind)
		values = values_make(c, cell, metric->metric);
	for (size_t j = 0; j < c->nshown; j++)
		add(f, cell, c->shown[j], metric, &values);
	if (!metric->kind)
		mark_best(f, first, &values);
	free(values.of);
}

struct findings *findings_make(const struct comparison *c)
{
	struct findings *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->c = c;
	for (size_t cell = 0; cell < c->set->ncells; cell++)
		for (size_t m = 0; m < finding_nmetrics; m++)
			if (results_is_mode(&c->set->cells[cell], finding_metrics[m].mode))
				add_all(f, cell, &finding_metrics[m]);
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
