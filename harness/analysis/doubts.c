#include "harness/analysis/doubts.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/stats/distribution.h"

struct doubts doubts_of_interval(const struct interval *i)
{
	struct doubts doubts = {.blocks = i->n};

	if (i->n && isnan(i->low))
		doubts.what |= DOUBT_NO_INTERVAL;
	else if (i->n && i->n < STAT_MIN_BLOCKS)
		doubts.what |= DOUBT_FEW_BLOCKS;
	if (i->n && i->machines && i->machines < STAT_MIN_BLOCKS)
		doubts.what |= DOUBT_FEW_MACHINES;
	doubts.machines = i->machines;
	return doubts;
}

struct doubts doubts_of_ratio(const struct interval *ratio)
{
	struct doubts doubts = doubts_of_interval(ratio);

	if (ratio->n && ratio->low <= 1 && 1 <= ratio->high)
		doubts.what |= DOUBT_HOLDS_ONE;
	return doubts;
}

struct doubts doubts_of_mean(const struct mean *mean)
{
	struct doubts doubts = doubts_of_ratio(&mean->ratio);

	if (!mean->ratio.n)
		return doubts;
	if (mean->turned.name)
		doubts.what |= DOUBT_TURNED;
	if (mean->cells == 1)
		doubts.what |= DOUBT_ALONE;
	doubts.turned = mean->turned;
	return doubts;
}

struct doubts doubts_of_duration(double ns, const struct clock_limits *clock)
{
	struct doubts doubts = {0};

	if (ns < DOUBT_CLOCK_COSTS * clock->cost_ns)
		doubts.what |= DOUBT_CLOCK;
	return doubts;
}

struct doubts doubts_of_percentile(double ns, size_t blocks, const struct clock_limits *clock)
{
	struct doubts doubts = doubts_of_duration(ns, clock);

	if (!isnan(ns) && blocks < STAT_MIN_BLOCKS)
		doubts.what |= DOUBT_FEW_BLOCKS;
	doubts.blocks = blocks;
	return doubts;
}

struct doubts doubts_of_duration_ratio(const struct interval *ratio, double own_ns,
				       double reference_ns, const struct clock_limits *clock)
{
	struct doubts doubts = doubts_of_ratio(ratio);
	double nearest = ratio->point;

	if (!ratio->n)
		return doubts;
	if (ratio->low > 1)
		nearest = ratio->low;
	else if (ratio->high < 1)
		nearest = ratio->high;
	doubts.what |= doubts_of_duration(fmin(own_ns, reference_ns), clock).what;
	/* A quotient of two whole ticks is off by a rounding. */
	if (fabs(nearest - 1) * reference_ns <= clock->tick_ns * (1 + 1e-9))
		doubts.what |= DOUBT_TICK;
	if (fabs(nearest - 1) <= DISTRIBUTION_BUCKET)
		doubts.what |= DOUBT_BUCKET;
	return doubts;
}

static void add(char **text, const char *reason)
{
	text_append(text, "%s%s", **text ? "; " : "", reason);
}

char *doubts_text(const struct doubts *doubts, unsigned which)
{
	unsigned what = doubts->what & which;
	char *text = NULL, *turned;

	if (!what)
		return NULL;
	text_set(&text, "%s", "");
	if (what & DOUBT_HOLDS_ONE)
		add(&text, "contains 1");
	if (what & (DOUBT_NO_INTERVAL | DOUBT_FEW_BLOCKS))
		text_append(&text, "%sn = %zu%s", *text ? "; " : "", doubts->blocks,
			    what & DOUBT_NO_INTERVAL ? ", no interval" : "");
	if (what & DOUBT_FEW_MACHINES)
		text_append(&text, "%s%zu machine%s drawn", *text ? "; " : "", doubts->machines,
			    doubts->machines == 1 ? "" : "s");
	if (what & DOUBT_ALONE)
		add(&text, "one cell alone");
	if (what & DOUBT_TURNED) {
		turned = text_format("%s turns it round: %.3f without", doubts->turned.name,
				     doubts->turned.ratio);
		add(&text, turned);
		free(turned);
	}
	if (what & DOUBT_CLOCK)
		add(&text, "under 3 clock costs");
	if (what & DOUBT_TICK)
		add(&text, "within a clock tick");
	else if (what & DOUBT_BUCKET)
		add(&text, "within a bucket");
	return text;
}
