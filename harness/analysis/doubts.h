/* Why a number is not certain.  One place decides it for all who print numbers: a number with a
 * doubt is printed grey (in Markdown italic), with the reason where it is not the plain one. */
#ifndef HARNESS_DOUBTS_H
#define HARNESS_DOUBTS_H

#include "harness/analysis/means.h"

enum doubt {
	DOUBT_HOLDS_ONE = 1 << 0,    /* a ratio whose interval contains 1 */
	DOUBT_NO_INTERVAL = 1 << 1,  /* one block */
	DOUBT_FEW_BLOCKS = 1 << 2,   /* from fewer than STAT_MIN_BLOCKS */
	DOUBT_TURNED = 1 << 3,       /* a mean that one cell turns round */
	DOUBT_ALONE = 1 << 4,        /* a mean of one cell */
	DOUBT_CLOCK = 1 << 5,        /* a duration under DOUBT_CLOCK_COSTS costs of the clock */
	DOUBT_TICK = 1 << 6,         /* a ratio of durations within one step of the clock */
	DOUBT_BUCKET = 1 << 7,       /* and within one bucket of the histograms */
	DOUBT_FEW_MACHINES = 1 << 8, /* an interval from fewer machines, where they are drawn */
};

/* What an interval cannot be made of. */
#define DOUBTS_FEW (DOUBT_NO_INTERVAL | DOUBT_FEW_BLOCKS | DOUBT_FEW_MACHINES)

/* All of a cell's own, that need no explanation where a table says it once. */
#define DOUBTS_PLAIN DOUBT_HOLDS_ONE

/* A duration is measured with the cost of reading the clock within it.  Below three of them
 * that cost is a third of the number and more, and what it is varies from call to call. */
#define DOUBT_CLOCK_COSTS 3

struct doubts {
	unsigned what;          /* of enum doubt */
	size_t blocks;          /* behind the number */
	size_t machines;        /* likewise, where they are drawn */
	struct left_out turned; /* with DOUBT_TURNED */
};

/* What a clock can tell, in ns: the cost of a reading, within each duration, and its step.  NaN
 * where not known: then nothing is doubted for it. */
struct clock_limits {
	double cost_ns, tick_ns;
};

/* Of an interval of anything, of a ratio, of a mean. */
struct doubts doubts_of_interval(const struct interval *i);
struct doubts doubts_of_ratio(const struct interval *ratio);
struct doubts doubts_of_mean(const struct mean *mean);
/* Of a percentile (or another duration), in ns; NaN has none. */
struct doubts doubts_of_duration(double ns, const struct clock_limits *clock);
/* Of a percentile of so many blocks' values together: it has no interval, and however many
 * values there are, runs that are fewer than STAT_MIN_BLOCKS do not tell what another would
 * give. */
struct doubts doubts_of_percentile(double ns, size_t blocks, const struct clock_limits *clock);
/* Of a ratio of two durations, medians of which are own_ns and reference_ns: besides what is
 * doubted of any ratio, that the smaller is under DOUBT_CLOCK_COSTS, and that the two are apart
 * by no more than one tick of the clock or one bucket of the histograms (DISTRIBUTION_BUCKET).
 * Apart they are by the end of the interval that is nearest to 1, or by the point where there
 * is no interval or it holds 1: a difference is told only when all of the interval is beyond
 * what the clock can tell. */
struct doubts doubts_of_duration_ratio(const struct interval *ratio, double own_ns,
				       double reference_ns, const struct clock_limits *clock);

/* The reasons among `which`, joined by "; ", or null; free() it. */
char *doubts_text(const struct doubts *doubts, unsigned which);

#endif
