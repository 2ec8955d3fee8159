/* What a set of results says about each contender beside the reference: paired
 * ratios per cell and their geometric means. */
#ifndef HARNESS_REPORT_COMPARE_H
#define HARNESS_REPORT_COMPARE_H

#include "harness/analysis/result_set.h"
#include "harness/stats/statistics.h"

/* One number of a sample. */
enum metric {
	METRIC_CPU,          /* CPU time in ns per operation */
	METRIC_RSS,          /* peak RSS in bytes, less the driver's own tables */
	METRIC_SPEED,        /* operations per second of wall time */
	METRIC_FAULTS,       /* minor faults per operation */
	METRIC_SYS,          /* system time in ns per operation */
	METRIC_INSTRUCTIONS, /* of the process under callgrind, per operation */
	METRICS
};

/* Over which cells a geometric mean goes. */
enum scope { SCOPE_ALL, SCOPE_WORKLOADS, SCOPE_PROGRAMS, SCOPES };

struct comparison {
	struct result_set *set;
	size_t reference; /* index of a contender */
	size_t nblocks;   /* length of the arrays indexed by block */
	bool *ranked;     /* per contender: is part of the geometric means */
	bool *common;     /* per cell: is part of the geometric means */
	/* [cell * ncontenders + contender], of cells in mode throughput */
	struct interval *ratio[2]; /* METRIC_CPU, METRIC_RSS */
	/* [contender * SCOPES + scope]; n = 0 where there is none */
	struct interval *geomean[2];
};

/* Compares all with the contender `reference` (index).  Free with comparison_free;
 * the set stays the caller's.
 *
 * Ratios are paired: within each block the contender's value over the reference's;
 * the cell's ratio is their median.  A geometric mean counts each workload once (its
 * cells share its weight), over the cells in which every ranked contender has a
 * ratio from at least two blocks (one, where no cell has two).  Ranked is who has a ratio in at
 * least half of the cells in which anyone has, and is not `null`, which never reuses memory and
 * so bounds nothing. */
struct comparison *comparison_make(struct result_set *set, size_t reference);
void comparison_free(struct comparison *c);

bool cell_is(const struct result_cell *cell, const char *mode);
bool cell_is_program(const struct result_cell *cell);
bool contender_is_null(const struct result_contender *contender);

/* The metric's value of one sample, NaN if it has none. */
double sample_metric(const struct result_sample *sample, enum metric metric);

/* The values of a cell and contender by block, NaN where there is no good sample;
 * out has room for c->nblocks.  Returns the number of values that are not NaN. */
size_t comparison_values(const struct comparison *c, size_t cell, size_t contender,
			 enum metric metric, double *out);
/* Their median with interval. */
struct interval comparison_median(const struct comparison *c, size_t cell, size_t contender,
				  enum metric metric);
struct interval comparison_ratio(const struct comparison *c, size_t cell, size_t contender,
				 enum metric metric);

/* Counts of the samples of a cell and contender, and the reason of the last that is
 * not ok ("" if none), with its status. */
struct outcome {
	size_t ok, failed, timeout, skipped;
	const char *status, *reason;
};
struct outcome comparison_outcome(const struct comparison *c, size_t cell, size_t contender);

/* Did the sample wait more than 1 % of its CPU time for a CPU, or lose more than
 * 0.5 % of its wall time to other guests of the host? */
bool sample_disturbed(const struct result_sample *sample);

#endif
