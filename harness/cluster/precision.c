#include "harness/cluster/precision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/analysis/comparison.h"
#include "harness/base/message.h"
#include "harness/stats/one_way.h"

/* The 20 % point of the normal distribution. */
#define NORMAL_20 (-0.8416212)

int precision_blocks(double variance, size_t n, size_t groups, double precision)
{
	double df, part, upper, half = log1p(precision);
	int blocks = STAT_MIN_BLOCKS;

	if (n <= groups || isnan(variance))
		return 0;
	df = (double)(n - groups);
	part = 2 / (9 * df);
	upper = sqrt(variance / pow(fmax(1 - part + NORMAL_20 * sqrt(part), 0.05), 3));
	while (blocks <= PRECISION_MOST &&
	       stat_student_quantile((1 + STAT_LEVEL) / 2, (size_t)blocks - 1) * sqrt(M_PI_2) *
			       upper / sqrt((double)blocks) >
		       half)
		blocks++;
	return blocks;
}

/* What one contender's ratios need in a cell of the pilot.  The scatter is that of values which
 * would have the interval that the pilot has, as the bootstrap finds it: a single block that is
 * far off moves that little, as it will in the intervals to come. */
static int blocks_of(const struct comparison *c, size_t cell, size_t contender,
		     double precision, double *deviation)
{
	double *logs = malloc((c->nblocks + 1) * sizeof(*logs));
	size_t *nodes = malloc((c->nblocks + 1) * sizeof(*nodes)), n, groups;
	struct interval ratio = comparison_pair(c, cell, contender, c->reference, METRIC_CPU);

	if (!logs || !nodes)
		abort();
	n = comparison_log_ratios(c, cell, contender, METRIC_CPU, logs, nodes);
	groups = stat_one_way(logs, nodes, n).groups;
	free(nodes);
	free(logs);
	if (n <= groups)
		return 0;
	*deviation = log(ratio.high / ratio.low) / 2 * sqrt((double)n) /
		     (stat_student_quantile((1 + STAT_LEVEL) / 2, n - groups) * sqrt(M_PI_2));
	return precision_blocks(*deviation * *deviation, n, groups, precision);
}

static size_t find_cell(const struct result_set *pilot, const struct cell *cell)
{
	for (size_t i = 0; i < pilot->ncells; i++)
		if (strcmp(pilot->cells[i].name, cell->name) == 0 &&
		    results_is_mode(&pilot->cells[i], cell_modes[cell->mode]))
			return i;
	return SIZE_MAX;
}

/* The most that any contender of the set needs; 0 where the pilot does not say. */
static int cell_needs(const struct manifest *set, const struct comparison *c, size_t cell,
		      double precision, const char **who, double *deviation)
{
	int most = 0;

	for (int k = 0; k < set->ncontenders; k++) {
		size_t at = results_find_contender(c->set, set->contenders[k].name);
		double own;
		int n;

		if (at == SIZE_MAX || at == c->reference || !set->contenders[k].reuses)
			continue;
		n = blocks_of(c, cell, at, precision, &own);
		if (n > most) {
			most = n;
			*who = set->contenders[k].name;
			*deviation = own;
		}
	}
	return most;
}

int precision_apply(struct manifest *set, struct result_set *pilot, double precision,
		    bool raise, bool *changed)
{
	int reference = manifest_reference(set), known = 0;
	size_t at = set->ncontenders
			    ? results_find_contender(pilot, set->contenders[reference].name)
			    : SIZE_MAX;
	struct comparison *c;

	*changed = false;
	if (at == SIZE_MAX)
		return complain_usage("--pilot: it lacks %s, which ratios are formed with",
				      set->ncontenders ? set->contenders[reference].name
						       : "the allocator");
	c = comparison_open(pilot, at);
	if (c->nodes_drawn) {
		comparison_free(c);
		return complain_usage("--pilot: %s is a pool: its intervals are as wide as its "
				      "machines differ, which more blocks do not change; a set "
				      "of one class of machines tells",
				      pilot->dir);
	}
	for (int i = 0; i < set->ncells; i++) {
		struct cell *cell = &set->cells[i];
		size_t there = find_cell(pilot, cell);
		double deviation = 0;
		const char *who = "";
		int n;

		if (cell->mode != MODE_THROUGHPUT)
			continue;
		n = there == SIZE_MAX ? 0
				      : cell_needs(set, c, there, precision, &who, &deviation);
		if (!n) {
			printf("%-32s %4d blocks, as planned: the pilot does not tell\n",
			       cell->name, cell->blocks);
			continue;
		}
		known++;
		printf("%-32s %4d blocks%s, most for %s, whose ratio scatters by %.1f %%\n",
		       cell->name, n > PRECISION_MOST ? PRECISION_MOST : n,
		       n > PRECISION_MOST ? " and is not narrow enough then" : "", who,
		       100 * expm1(deviation));
		if (n > PRECISION_MOST)
			n = PRECISION_MOST;
		if (n == cell->blocks || (raise && n < cell->blocks))
			continue;
		cell->blocks = n;
		*changed = true;
	}
	comparison_free(c);
	set->blocks = 0;
	for (int i = 0; i < set->ncells; i++)
		if (set->cells[i].blocks > set->blocks)
			set->blocks = set->cells[i].blocks;
	if (!known)
		return complain_usage("--precision: the pilot %s has no throughput cell of the "
				      "plan with two contenders in two blocks",
				      pilot->dir);
	return STATUS_OK;
}
