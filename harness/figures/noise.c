#include "harness/figures/noise.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"

/* The rows of a cell's pairs; true where its interval excludes 1. */
static bool write_cell(FILE *f, size_t panel, const char *label, const double *log_ratios,
		       const size_t *blocks, size_t n)
{
	struct interval ratio = stat_ratio_interval(log_ratios, n);

	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%zu\t%s\t%zu", panel, label, blocks[i]);
		table_number(f, exp(log_ratios[i]));
		table_number(f, fabs(expm1(log_ratios[i])));
		table_number(f, ratio.point);
		table_number(f, ratio.low);
		table_number(f, ratio.high);
		fputc('\n', f);
	}
	return ratio.low > 1 || ratio.high < 1;
}

static void say(struct figure *figure, const char *who, size_t cells, size_t pairs,
		size_t intervals, size_t excluding, double percentile)
{
	text_set(&figure->caption,
		 "%s against itself (A/A): in every block of these cells it runs twice, at "
		 "places drawn like all others, and no contender is better or worse than "
		 "itself. On the left the ratio of the second run's CPU time to the first's, "
		 "a mark per block, with the 95 %% interval of their median; on the right how "
		 "far the ratios are from 1, in percent. %zu pairs of %zu cell%s; 95 %% of "
		 "them differ by less than %.1f %%. ",
		 who, pairs, cells, cells == 1 ? "" : "s", 100 * percentile);
	if (intervals)
		text_append(&figure->caption,
			    "%zu of %zu interval%s (%.0f %%) exclude%s 1, where 5 %% are to be "
			    "expected.",
			    excluding, intervals, intervals == 1 ? "" : "s",
			    100 * (double)excluding / (double)intervals,
			    intervals == 1 ? "s" : "");
	else
		text_append(&figure->caption,
			    "No cell has the %d blocks that an interval needs.",
			    STAT_MIN_BLOCKS);
}

bool noise_write(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name,
			     "CPU time of a second run in the block over the first's",
			     "panel\tlabel\tblock\tratio\tapart\tmedian\tlow\thigh");
	double *log_ratios = calloc(c->nblocks + 1, sizeof(*log_ratios)), *apart = NULL;
	size_t *blocks = calloc(c->nblocks + 1, sizeof(*blocks));
	size_t cells = 0, pairs = 0, intervals = 0, excluding = 0;

	if (!log_ratios || !blocks)
		abort();
	for (size_t i = 0; f && i < c->set->ncells; i++) {
		size_t n = comparison_again(c, i, METRIC_CPU, log_ratios, blocks);
		bool excludes;

		if (!n || !results_is_mode(&c->set->cells[i], "throughput"))
			continue;
		excludes = write_cell(f, ++cells, c->set->cells[i].name, log_ratios, blocks, n);
		/* An interval of fewer blocks covers less than it says. */
		intervals += n >= STAT_MIN_BLOCKS;
		excluding += n >= STAT_MIN_BLOCKS && excludes;
		for (size_t k = 0; k < n; k++) {
			apart = list_grown(apart, pairs, sizeof(*apart));
			apart[pairs++] = fabs(expm1(log_ratios[k]));
		}
	}
	if (pairs)
		say(figure, c->set->contenders[c->set->again[0].contender].name, cells, pairs,
		    intervals, excluding, stat_quantile(apart, pairs, 0.95));
	else
		text_set(
			&figure->absent, "%s",
			c->set->nagain
				? "no block has two good runs of the same contender"
				: "in this set no contender ran twice in a block (A/A): it has "
				  "none of the suite's cells for that, or is older than they "
				  "are");
	free(apart);
	free(blocks);
	free(log_ratios);
	return f && table_close(study, figure->name, f);
}
