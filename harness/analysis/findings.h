/* All numbers of a set of results in one list: what each contender came to in each cell, as it
 * is and beside the reference.  The tables on the terminal and the files summary.* are made of
 * it. */
#ifndef HARNESS_FINDINGS_H
#define HARNESS_FINDINGS_H

#include "harness/analysis/comparison.h"
#include "harness/analysis/doubts.h"

/* Name and version of what summary.json and summary.csv hold; see results/README.md. */
#define FINDINGS_SCHEMA "ashlar-summary 1"

/* Counts repeat from run to run; events are counted, too, and do not. */
enum finding_unit { FINDING_NS, FINDING_BYTES, FINDING_COUNT, FINDING_EVENTS, FINDING_UNITS };
/* As files name it; "" of a count. */
extern const char *const finding_units[FINDING_UNITS];

/* A kind of number. */
struct finding_metric {
	const char *name; /* in files: cpu_ns, peak_rss_bytes, request_p99_ns, ... */
	const char *mode; /* of the cells that have it */
	enum finding_unit unit;
	const char *what;   /* in words */
	enum metric metric; /* METRICS: a percentile of `kind` */
	const char *kind;
	double percentile;
	/* In the files alone.  What is compared, followed over time and shown first stays few:
	 * each further number is a further chance that one differs by accident. */
	bool detail;
};
extern const struct finding_metric finding_metrics[];
extern const size_t finding_nmetrics;

struct finding {
	size_t cell, contender;
	const struct finding_metric *metric;
	/* Median over blocks with its interval; a percentile is that of all blocks' values
	 * together, n the blocks, without an interval. */
	struct interval value;
	/* To the reference, paired by block; n = 0 where there is no pair. */
	struct interval ratio;
	struct doubts doubts, value_doubts; /* of the ratio, and of the value as it is */
	/* No other contender but `null` is certainly less: it has the least ratio, or the
	 * interval of its ratio to that one holds 1.  Not said of percentiles. */
	bool best;
};

struct findings {
	const struct comparison *c;
	struct finding *list; /* by cell, then metric, then contender as shown */
	size_t count;
};

/* Every finding that has a value; free with findings_free. */
struct findings *findings_make(const struct comparison *c);
void findings_free(struct findings *f);

/* That of a cell, metric and contender, or null. */
const struct finding *findings_find(const struct findings *f, size_t cell,
				    const struct finding_metric *metric, size_t contender);

#endif
