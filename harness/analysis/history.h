/* Many sets of results as series over time: of each cell, contender and metric what it came to
 * in one set after the other, and where that changed its level.
 *
 * A series is of one class of machine, one suite version and one C library: numbers of others
 * are of other work.  Times are ratios to the reference, formed within each set, so that a
 * machine's day cancels; memory, instructions and cache lines are taken as they are.
 * Percentiles of latency are not looked at. */
#ifndef HARNESS_HISTORY_H
#define HARNESS_HISTORY_H

#include "harness/analysis/findings.h"
#include "harness/stats/change.h"

struct history_point {
	size_t set; /* index */
	double value;
	size_t segment; /* 0 up to the first change, and so on */
};

struct history_change {
	size_t at;            /* index of the first point behind it */
	double p;             /* of the permutation test */
	double before, after; /* medians of the segments on its sides */
	/* Of after to before, by verdict_unpaired: of a change that was looked for, so that it
	 * tells more than it knows. */
	struct interval ratio;
};

struct history_series {
	const struct finding_metric *metric;
	const char *cell, *mode, *contender,
		*reference; /* reference: null where it is no ratio */
	size_t group;
	struct history_point *point;
	size_t npoints;
	struct history_change *change;
	size_t nchanges;
	/* The step that would be seen, as a ratio; NaN where none is known to be: in too few
	 * sets, and at a level below 0.01. */
	double smallest;
};

struct history {
	struct result_set **set; /* in order */
	char **revision;         /* of each, or its date where it has none */
	size_t *group_of;        /* of each */
	size_t nsets;
	char **group; /* what is common to its sets, in words */
	size_t ngroups;
	struct history_series *series; /* by group, metric, cell, contender */
	size_t nseries;
	double level, least;
	const char
		*reference; /* of the ratios of times; null where they are taken as they are */
};

struct history_how {
	const char *reference; /* glibc where null */
	bool as_given; /* sets stay in the order that they are in, not that of their start */
	bool absolute; /* times too are taken as they are */
	double level;  /* of the test of a cut */
	double least;  /* changes of less than this ratio, above 1, are not told */
};

/* Takes the sets, which it frees with history_free. */
struct history *history_make(struct result_set **sets, size_t nsets,
			     const struct history_how *how);
void history_free(struct history *h);

/* The median of the points of a segment. */
double history_level(const struct history_series *s, size_t segment);

#endif
