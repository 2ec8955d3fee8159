/* Tier 3 at work: what its files have in common. */
#ifndef HARNESS_GATE_TIER_TIME_H
#define HARNESS_GATE_TIER_TIME_H

#include "harness/analysis/comparison.h"
#include "harness/gate/noise.h"
#include "harness/gate/timing.h"
#include "harness/matrix/cell.h"

/* A/A pairs of each cell: as many are measured, with so many kept ones none, and with fewer
 * than the least nothing can be said. */
#define TIER_NOISE_WANTED 12
#define TIER_NOISE_PLENTY 30
#define TIER_NOISE_LEAST 5
#define TIER_LOOKS 4

#define TIER_METRICS 2
struct tier_metric {
	enum metric metric;
	const char *name;
	enum gate_unit unit;
};
extern const struct tier_metric tier_metrics[TIER_METRICS];

/* What is judged: a metric of a cell. */
struct judged {
	int cell;
	size_t metric; /* of tier_metrics */
	double *log_ratios;
	double base, head; /* medians; NaN: not measured */
	bool spoilt;       /* its cell failed: there is nothing more to find out of it */
	double smallest_effect;
};

struct tier {
	const struct gate_timing *t;
	struct gate_outcome *o;
	struct cell *cells;
	int ncells;
	struct noise noise;
	struct judged *list;
	struct gate_cell *verdicts; /* of `list` */
	bool *decided;              /* nothing more is measured for it */
	size_t count;
	int planned; /* pairs of each cell */
	uint64_t deadline_ns, noise_ns;
};

/* A line on stderr unless the user wants none. */
void tier_say(const struct tier *tier, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Base against itself, unless enough of that is known.  Cells that fail there become lines and
 * are dropped.  Returns 0, or -1 with `why`. */
int tier_measure_noise(struct tier *tier, char *why, size_t why_size);

/* Makes the list of what is judged, with delta and the smallest effect of each, and how many
 * pairs the rest of the budget has room for. */
void tier_plan(struct tier *tier);
/* Says all that, before anything is compared. */
void tier_announce(const struct tier *tier);

/* What delta is at least, by the user's limits or our own. */
double tier_least_delta(const struct tier *tier, int cell, size_t metric);

/* A line of the outcome for a cell's metric, with the command that measures it again; its limit
 * is the least until it is judged by another. */
struct gate_line *tier_line(struct tier *tier, int cell, size_t metric);
/* Whether a cell failed, or cannot run here, under one of the two; what one of many runs fails
 * by is a failure, too. */
bool tier_is_spoilt(const struct comparison *comparison, int cell);
/* Adds the lines of those and marks them in `spoilt`. */
void tier_add_spoilt(struct tier *tier, const struct comparison *comparison, bool *spoilt);
/* Adds the lines of all others, as they were judged, with their pairs; comparison NULL: nothing
 * was measured. */
void tier_add_lines(struct tier *tier, const struct comparison *comparison, const bool *spoilt);
/* Half of the width of an interval at 1 - 2 alpha, as a share; NaN where there is none. */
double tier_half_width(const struct gate_cell *cell);

#endif
