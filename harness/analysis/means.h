/* Geometric means of the ratios of cells, of programs and of own workloads apart, and how much
 * each hangs on one cell. */
#ifndef HARNESS_MEANS_H
#define HARNESS_MEANS_H

#include "harness/analysis/comparison.h"

/* Over which cells a mean goes.  There is none over both: a driver of nothing but allocation
 * and a program that allocates among other things are not one population. */
enum scope { SCOPE_PROGRAMS, SCOPE_WORKLOADS, SCOPES };

/* A mean without one cell, or without all cells of a workload that has several. */
struct left_out {
	double ratio;
	const char *name; /* of the cell or workload; belongs to the set */
};

struct mean {
	/* The geometric mean; n is the smallest number of blocks of a cell, 0: no mean.  The
	 * interval is that of repeating the same cells (see stat_geomean_interval). */
	struct interval ratio;
	size_t cells;
	double median; /* of the cells' ratios, each workload counted once */
	/* The range when one is left out; NaN with one cell (or workload) alone. */
	struct left_out least, most;
	/* The one without which a mean from below 1 lies above, or the reverse; the farther
	 * of two; its name is null where there is none. */
	struct left_out turned;
};

/* Less than this alive, a peak of resident memory is mostly the program's own: such cells are
 * in no mean of memory. */
#define MEANS_LEAST_LIVE 0x1p23

struct means {
	struct mean *mean;  /* means_of */
	bool *ranked;       /* [contender * SCOPES + scope]: takes part there */
	bool *common[2];    /* [metric][cell]: is part of the means of METRIC_CPU, METRIC_RSS */
	bool *small;        /* [cell]: less than MEANS_LEAST_LIVE lives at its peak */
	double *live_bytes; /* [cell]: at the peak; NaN where nothing tells */
};

/* A mean counts each workload once (its cells share its weight), over the cells of its scope in
 * which every ranked contender has a ratio from at least two blocks (one, where no cell has
 * two). Ranked is who has a ratio in at least half of the cells of the scope in which anyone
 * has, and is not `null`, which never reuses memory and so bounds nothing.  Means of memory
 * leave out cells with less than MEANS_LEAST_LIVE alive: by the reference's samples, or, of
 * programs, which do not tell what lives, by its peak of resident memory, which holds all that
 * lives. */
struct means *means_make(const struct comparison *c);
void means_free(struct means *m);

/* Metric is METRIC_CPU or METRIC_RSS; ratio.n = 0 where there is none. */
const struct mean *means_of(const struct means *m, const struct comparison *c, size_t contender,
			    enum scope scope, enum metric metric);

/* Is it a cell that a scope's means could go over: of that kind, in mode throughput? */
bool means_in_scope(const struct comparison *c, size_t cell, enum scope scope);
/* Has the scope a mean of anyone but the reference? */
bool means_any(const struct means *m, const struct comparison *c, enum scope scope);

#endif
