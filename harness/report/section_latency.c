/* Latency: percentiles of each cell, kind and contender. */
#include "harness/report/section.h"

#include <math.h>

#include "harness/analysis/latencies.h"

/* That there are few blocks is said once, in the row's column of them. */
static void duration(struct document *d, double ns, size_t blocks,
		     const struct clock_limits *clock)
{
	struct doubts doubts = doubts_of_percentile(ns, blocks, clock);
	struct field *field = document_number(d, UNIT_NS, ns);

	if (doubts.what)
		field->mark = MARK_UNSURE;
	field->note = doubts_text(&doubts, DOUBT_CLOCK);
}

/* Adds a row where there are values; returns whether there are. */
static bool latency_row(struct document *d, const struct comparison *c, size_t cell,
			size_t contender, const char *kind, const struct clock_limits *clock)
{
	static const double points[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
	struct interval ratio = {0, NAN, NAN, NAN, 0};
	struct distribution values = {0};
	struct doubts doubts = {0};
	size_t blocks = comparison_outcome(c, cell, contender).ok;
	bool any;

	latencies_collect(c, cell, contender, kind, &values);
	any = values.count > 0;
	if (any) {
		document_row(d);
		document_words(d, "%s", c->set->cells[cell].name);
		document_words(d, "%s", kind);
		document_words(d, "%s", c->set->contenders[contender].name);
		document_number(d, UNIT_COUNT, (double)values.count);
		document_number(d, UNIT_COUNT, (double)blocks);
		for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
			duration(d, distribution_percentile(&values, points[i]), blocks, clock);
		duration(d, values.max_ns > 0 ? values.max_ns : NAN, blocks, clock);
		if (contender != c->reference)
			ratio = latencies_ratio(c, cell, contender, kind, 0.999, &doubts);
		if (!comparison_alone(c))
			section_interval(d, &ratio, &doubts);
	}
	distribution_free(&values);
	return any;
}

/* A row for who did not keep up: named, and without a percentile. */
static bool saturated_row(struct document *d, const struct comparison *c, size_t cell,
			  size_t contender)
{
	struct saturation found = latencies_saturation(c, cell, contender);

	if (!found.samples)
		return false;
	document_row(d);
	document_words(d, "%s", c->set->cells[cell].name);
	document_words(d, "request");
	document_words(d, "%s", c->set->contenders[contender].name);
	document_words(d, "saturated in %zu of %zu: at least %.0f %% of the rate",
		       found.samples, found.of, 100 * found.least_share);
	document_number(d, UNIT_COUNT, (double)found.of);
	for (int i = 0; i < (comparison_alone(c) ? 6 : 7); i++)
		document_number(d, UNIT_NS, NAN);
	return true;
}

/* What the clocks of all cells can tell at worst. */
static struct clock_limits worst_clock(const struct comparison *c)
{
	struct clock_limits worst = {NAN, NAN};

	for (size_t i = 0; i < c->set->ncells; i++) {
		struct clock_limits clock = latencies_clock(c, i);

		if (!results_is_mode(&c->set->cells[i], "latency"))
			continue;
		worst.cost_ns = fmax(worst.cost_ns, clock.cost_ns);
		worst.tick_ns = fmax(worst.tick_ns, clock.tick_ns);
	}
	return worst;
}

void section_latency(struct document *d, const struct comparison *c)
{
	static const char *const kinds[] = {"alloc", "free", "request"};
	static const char *const titles[] = {"cell",   "of",     "contender", "values",
					     "blocks", "p50",    "p90",       "p99",
					     "p99.9",  "p99.99", "max",       NULL};
	struct clock_limits clock = worst_clock(c);
	size_t rows = 0;

	document_section(d, "latency", "Latency", "Latency");
	document_paragraph(d);
	document_say(d, "Of all blocks together; – where fewer than 100 values lie beyond. The "
			"cost of reading the clock is within the values; one under three times "
			"that cost is mostly clock, and a ratio of such ones, or of two within "
			"one tick of the clock or one bucket (1/128) of the histogram, says "
			"nothing. They are grey, in Markdown italic, with the reason, as are "
			"percentiles and ratios from fewer than five blocks. Saturated is who "
			"answered less "
			"than 98 % of the requests per second that were offered in any block: "
			"what its clients wait for grows with the length of the run, and there "
			"is no percentile. ");
	if (!isnan(clock.cost_ns))
		document_format(d,
				"Timing nothing costs up to %.0f ns here, a tick is %.0f ns "
				"or less.",
				clock.cost_ns, clock.tick_ns);
	document_table(d, titles);
	if (!comparison_alone(c))
		document_column(d, "p99.9 to reference");
	document_caption(d, "Time of calls and requests by percentile");
	for (size_t i = 0; i < c->set->ncells; i++) {
		struct clock_limits limits = latencies_clock(c, i);

		for (int kind = 0; kind < 3 && results_is_mode(&c->set->cells[i], "latency");
		     kind++)
			for (size_t j = 0; j < c->nshown; j++)
				rows += latency_row(d, c, i, c->shown[j], kinds[kind],
						    &limits) ||
					(kind == 2 && saturated_row(d, c, i, c->shown[j]));
	}
	if (!rows) {
		document_paragraph(d);
		document_say(d, "No latency was measured in this set.");
	}
}
