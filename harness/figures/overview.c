#include "harness/figures/overview.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"

static const char *const metric_name[] = {"CPU time", "peak resident memory"};

/* The paired ratio of a cell; 1 of the reference, NaN of none. */
static double ratio_of(const struct comparison *c, enum metric metric, size_t cell,
		       size_t contender)
{
	const struct interval *ratio =
		&c->ratio[metric][cell * c->set->ncontenders + contender];

	if (contender == c->reference)
		return comparison_median(c, cell, contender, metric).n ? 1 : NAN;
	return ratio->n ? ratio->point : NAN;
}

bool overview_write_spread(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name,
			     "CPU time of each block over the reference's median",
			     "panel\tlabel\tallocator\tx\tblock\tratio\tmedian");
	size_t panels = 0, rows = 0;

	if (!f)
		return false;
	for (size_t i = 0; i < c->set->ncells; i++) {
		double middle = comparison_median(c, i, c->reference, METRIC_CPU).point;
		size_t before = rows;

		if (!results_is_mode(&c->set->cells[i], "throughput") || !(middle > 0))
			continue;
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			struct interval own = comparison_median(c, i, c->shown[j], METRIC_CPU);

			for (size_t s = 0; s < c->set->nsamples; s++) {
				const struct result_sample *at = &c->set->samples[s];

				if (!at->ok || at->superseded || at->cell != i ||
				    at->contender != c->shown[j] || !(at->cpu_ns > 0) ||
				    !(at->ops > 0))
					continue;
				fprintf(f, "%zu\t%s\t%s\t%zu\t%lld", panels + 1,
					c->set->cells[i].name,
					c->set->contenders[c->shown[j]].name, j + 1,
					(long long)at->block);
				table_number(f, at->cpu_ns / at->ops / middle);
				table_number(f, own.point / middle);
				fputc('\n', f);
				rows++;
			}
		}
		panels += rows > before;
	}
	if (!rows)
		text_set(&figure->absent, "no cell in mode throughput has a good sample of %s",
			 c->set->contenders[c->reference].name);
	text_set(&figure->caption,
		 "CPU time per operation in every block, a mark each, over the median of %s in "
		 "the cell; the stroke is the contender's own median. Blocks are not paired "
		 "here: what moves all contenders of a block together shows as spread, which "
		 "the ratios of the other figures do not have.%s",
		 c->set->contenders[c->reference].name, c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool overview_write_map(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "ratios of all cells and contenders",
			     "panel\ttitle\tx\tallocator\ty\tlabel\tratio\ttext\tunsure");
	size_t rows = 0;

	if (!f)
		return false;
	for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
		for (size_t i = 0, y = 0; i < c->set->ncells; i++) {
			if (!results_is_mode(&c->set->cells[i], "throughput"))
				continue;
			y++;
			for (size_t j = 0, x = 0; j + c->nulls < c->nshown; j++) {
				size_t k = c->shown[j];
				const struct interval *ratio =
					&c->ratio[m][i * c->set->ncontenders + k];
				struct outcome o = comparison_outcome(c, i, k);
				bool unsure = isnan(ratio->low) ||
					      (ratio->low <= 1 && 1 <= ratio->high);

				if (k == c->reference)
					continue;
				fprintf(f, "%d\t%s\t%zu\t%s\t%zu\t%s", m + 1, metric_name[m],
					++x, c->set->contenders[k].name, y,
					c->set->cells[i].name);
				if (ratio->n)
					fprintf(f, "\t%.6g\t%.*f\t%d\n", ratio->point,
						ratio->point < 10 ? 2 : 0, ratio->point,
						unsure);
				else
					fprintf(f, "\tNaN\t%s\t0\n",
						o.failed || o.timeout ? "×" : "-");
				rows += ratio->n > 0;
			}
		}
	if (!rows)
		text_set(&figure->absent,
			 "no cell has a block in which %s and another contender both succeeded",
			 c->set->contenders[c->reference].name);
	text_set(&figure->caption,
		 "All paired ratios to %s as a map: blue is less than the reference, orange "
		 "more, white the same; colours end at 1/2 and 2, the numbers do not. In "
		 "brackets where the 95 %% interval contains 1; × failed, - not there.%s",
		 c->set->contenders[c->reference].name, c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

/* Of each cell of a scope the contender's ratio over the least of all; infinite where it has
 * none.  Sorted; returns the number of cells. */
static size_t distances(const struct comparison *c, enum scope scope, enum metric metric,
			size_t contender, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->ncells; i++) {
		double least = NAN, own = ratio_of(c, metric, i, contender);

		if (!means_in_scope(c, i, scope))
			continue;
		for (size_t j = 0; j + c->nulls < c->nshown; j++)
			least = fmin(least, ratio_of(c, metric, i, c->shown[j]));
		if (least > 0)
			out[n++] = isnan(own) ? INFINITY : own / least;
	}
	qsort(out, n, sizeof(*out), stat_ascending);
	return n;
}

/* Of programs or of own workloads: where one is the best says nothing of the other. */
static bool write_profile(const struct study *study, struct figure *figure, enum scope scope,
			  const char *what)
{
	const struct comparison *c = study->c;
	char *title = text_format("%s, performance profile", what);
	FILE *f = table_open(study, figure->name, title,
			     "panel\ttitle\tallocator\tfactor\tshare\tmarked");
	double *factor = calloc(c->set->ncells + 1, sizeof(*factor));
	size_t cells = 0;

	free(title);
	if (!factor)
		abort();
	if (!f) {
		free(factor);
		return false;
	}
	for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			size_t n = distances(c, scope, (enum metric)m, c->shown[j], factor);
			const char *name = c->set->contenders[c->shown[j]].name;

			cells = n;
			/* From the left edge, even of who is never the best. */
			fprintf(f, "%d\t%s\t%s\t1\t0\t0\n", m + 1, metric_name[m], name);
			for (size_t i = 0; i < n && isfinite(factor[i]); i++)
				fprintf(f, "%d\t%s\t%s\t%.6g\t%.6g\t%d\n", m + 1,
					metric_name[m], name, factor[i],
					(double)(i + 1) / (double)n,
					i % 4 == j % 4 || i + 1 == n);
		}
	free(factor);
	if (cells < 2 || c->nshown - c->nulls < 2)
		text_set(
			&figure->absent,
			"a profile needs two contenders and two cells of %s in mode throughput",
			what);
	text_set(&figure->caption,
		 "Performance profile (Dolan and Moré, 2002) of %s: the share of the %zu cells "
		 "in which a contender needs at most so many times what the best one needs "
		 "there. Higher is better; at 1 stands how often it is the best, and who "
		 "reaches the top far left has no bad cell. A cell without a value counts as "
		 "never reached. Each cell counts once.%s",
		 what, cells, c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool overview_write_profile_programs(const struct study *study, struct figure *figure)
{
	return write_profile(study, figure, SCOPE_PROGRAMS, "programs");
}

bool overview_write_profile_workloads(const struct study *study, struct figure *figure)
{
	return write_profile(study, figure, SCOPE_WORKLOADS, "own workloads");
}
