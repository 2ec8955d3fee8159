/* What a set of results says about each contender beside the reference: paired
 * ratios per cell.  Their means over cells: means.h. */
#ifndef HARNESS_COMPARISON_H
#define HARNESS_COMPARISON_H

#include "harness/analysis/result_set.h"
#include "harness/stats/statistics.h"

/* One number of a sample. */
enum metric {
	METRIC_CPU,          /* CPU time in ns per operation */
	METRIC_RSS,          /* peak RSS in bytes, less the driver's own tables */
	METRIC_MEAN_RSS,     /* the same averaged over the run's time, of its timeline */
	METRIC_SPEED,        /* operations per second of wall time */
	METRIC_FAULTS,       /* minor faults per operation */
	METRIC_SYS,          /* system time in ns per operation */
	METRIC_INSTRUCTIONS, /* under callgrind, per operation; of what: counted.h */
	METRIC_ALLOCATOR,    /* the part of these within the allocator and what it calls */
	METRIC_LINES,        /* of 64 bytes touched per 1000 operations, in mode locality */
	METRICS
};

struct comparison {
	struct result_set *set;
	size_t reference; /* index of a contender */
	size_t nblocks;   /* length of the arrays indexed by block */
	/* [cell * nblocks + block]: the machine of a cluster that measured it; null where all
	 * are of one. */
	size_t *node;
	bool nodes_drawn; /* the machines stand for others like them (a pool), see statistics.h
			   */
	/* [cell * ncontenders + contender], of cells in mode throughput */
	struct interval *ratio[2]; /* METRIC_CPU, METRIC_RSS */
	/* The contenders that are shown, in order: those with a good sample, `null` after all
	 * others; the last `nulls` of the `nshown` are `null`. */
	size_t *shown, nshown, nulls;
};

/* Compares all with the contender `reference` (index).  Free with comparison_free;
 * the set stays the caller's.  Ratios are paired: within each block the contender's value over
 * the reference's; the cell's ratio is their median. */
struct comparison *comparison_make(struct result_set *set, size_t reference);
/* The same without the ratios (null), which take most of the time. */
struct comparison *comparison_open(struct result_set *set, size_t reference);
void comparison_free(struct comparison *c);

/* The values of a cell and contender by block, NaN where there is no good sample; out has room
 * for c->nblocks. */
void comparison_values(const struct comparison *c, size_t cell, size_t contender,
		       enum metric metric, double *out);

/* The ratio of one contender's values to another's, paired by block. */
struct interval comparison_pair(const struct comparison *c, size_t cell, size_t contender,
				size_t other, enum metric metric);

/* The same of values by block (c->nblocks of both, NaN where there is none) of a cell. */
struct interval comparison_ratio_of(const struct comparison *c, size_t cell, const double *own,
				    const double *others);

/* The median of a metric over the blocks of a cell and contender, with its interval; the same
 * of values by block (c->nblocks, NaN where there is none). */
struct interval comparison_median(const struct comparison *c, size_t cell, size_t contender,
				  enum metric metric);
struct interval comparison_median_of(const struct comparison *c, size_t cell,
				     const double *values);

/* The paired log ratios of a cell and contender against the reference, of the blocks in which
 * both have a value, into out (room for c->nblocks), and unless it is null into `nodes` the
 * machines of these blocks.  Returns their number. */
size_t comparison_log_ratios(const struct comparison *c, size_t cell, size_t contender,
			     enum metric metric, double *out, size_t *nodes);

/* The machine that measured a block of a cell: 0 in sets of one. */
size_t comparison_node(const struct comparison *c, size_t cell, size_t block);

/* What an interval is to know of machines, `nodes` being those of its values. */
struct stat_strata comparison_strata(const struct comparison *c, const size_t *nodes);

/* The log ratios of second runs to first runs of the same contender, of the blocks of a cell in
 * which both have a value, into out (room for c->nblocks), in the order of blocks; their
 * numbers into `blocks` unless it is null.  Returns how many there are. */
size_t comparison_again(const struct comparison *c, size_t cell, enum metric metric,
			double *out, size_t *blocks);

/* Counts of the samples of a cell and contender, and the reason of the last that is
 * not ok ("" if none), with its status. */
struct outcome {
	size_t ok, failed, timeout, skipped;
	const char *status, *reason;
};
struct outcome comparison_outcome(const struct comparison *c, size_t cell, size_t contender);

/* Has the contender no sample, or none but skipped ones because it is not there?  It then has
 * no column in the tables of ratios, and one gap, not one per cell. */
bool comparison_never_ran(const struct comparison *c, size_t contender);

/* Has none but the reference ever run?  Then there are no ratios, and numbers are absolute. */
bool comparison_alone(const struct comparison *c);

#endif
