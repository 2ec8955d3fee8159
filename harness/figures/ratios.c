#include "harness/figures/ratios.h"

#include <math.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"

/* Beyond this the axis is cut and the value is written beside the mark, so that one
 * allocator does not flatten all others. */
#define CUT 8.0

static double cut(double ratio)
{
	if (isnan(ratio))
		return NAN;
	return fmin(fmax(ratio, 1 / CUT), CUT);
}

static void ratio_row(FILE *f, double x, const char *label, const char *contender,
		      const struct interval *i, const char *state)
{
	fprintf(f, "%g\t%s\t%s", x, label, contender);
	table_number(f, i->point);
	table_number(f, i->low);
	table_number(f, i->high);
	table_number(f, cut(i->point));
	table_number(f, cut(i->low));
	table_number(f, cut(i->high));
	fprintf(f, "\t%zu\t%s\n", i->n,
		isnan(i->point) || cut(i->point) == i->point ? state : "cut");
}

#define RATIO_HEADER \
	"x\tlabel\tallocator\tratio\tlow\thigh\tshown\tshown_low\tshown_high\tn\tstate"

static const char *const scope_label[SCOPES] = {
	"geomean, all",
	"geomean, workloads",
	"geomean, programs",
};

/* Is there a geometric mean of this scope for anyone but the reference? */
static bool scope_used(const struct comparison *c, enum scope scope)
{
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (k != c->reference && c->geomean[METRIC_CPU][k * SCOPES + scope].n)
			return true;
	return false;
}

/* The labels of the axis, as rows of a contender "-": cells at 1, 2, …; after a gap the
 * geometric means. */
static void axis_rows(const struct comparison *c, FILE *f)
{
	const struct interval none = {0, NAN, NAN, NAN};
	size_t x = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		if (results_is_mode(&c->set->cells[i], "throughput"))
			ratio_row(f, (double)++x, c->set->cells[i].name, "-", &none, "axis");
	x += 2;
	for (int scope = 0; scope < SCOPES; scope++)
		if (scope_used(c, (enum scope)scope))
			ratio_row(f, (double)x++, scope_label[scope], "-", &none, "axis");
}

/* Rows of contender k, at the same places. */
static size_t ratio_rows(const struct comparison *c, FILE *f, enum metric metric, size_t k)
{
	const struct result_set *set = c->set;
	const struct interval none = {0, NAN, NAN, NAN};
	const char *name = set->contenders[k].name;
	size_t rows = 0, x = 0;

	for (size_t i = 0; i < set->ncells; i++) {
		const struct interval *ratio = &c->ratio[metric][i * set->ncontenders + k];
		struct outcome o;

		if (!results_is_mode(&set->cells[i], "throughput"))
			continue;
		x++;
		o = comparison_outcome(c, i, k);
		if (ratio->n) {
			ratio_row(f, (double)x, set->cells[i].name, name, ratio, "ok");
			rows++;
		} else {
			ratio_row(f, (double)x, set->cells[i].name, name, &none,
				  o.failed || o.timeout ? "failed" : "none");
		}
	}
	x += 2;
	for (int scope = 0; scope < SCOPES; scope++) {
		const struct interval *mean = &c->geomean[metric][k * SCOPES + (size_t)scope];

		if (!scope_used(c, (enum scope)scope))
			continue;
		if (mean->n)
			ratio_row(f, (double)x, scope_label[scope], name, mean, "geomean");
		x++;
	}
	return rows;
}

static void caption_left_out(const struct comparison *c, char **caption)
{
	const struct result_set *set = c->set;
	const char *before =
		" Not in the geometric means, as not every contender has two blocks there: ";

	if (c->nulls)
		text_append(caption,
			    " null is left out: it never reuses memory and is no lower bound "
			    "of time; its numbers are in the tables.");
	for (size_t i = 0; i < set->ncells; i++)
		if (results_is_mode(&set->cells[i], "throughput") && !c->common[i]) {
			text_append(caption, "%s%s", before, set->cells[i].name);
			before = ", ";
		}
	if (*before == ',')
		text_append(caption, ".");
	before = " Without geometric mean, as more than half of the cells are missing: ";
	for (size_t k = 0; k < set->ncontenders; k++)
		if (!c->ranked[k] && !results_is_null(&set->contenders[k])) {
			text_append(caption, "%s%s", before, set->contenders[k].name);
			before = ", ";
		}
	if (*before == ',')
		text_append(caption, ".");
}

static bool write_ratios(const struct study *study, struct figure *figure, enum metric metric,
			 const char *what)
{
	const struct comparison *c = study->c;
	const char *reference = c->set->contenders[c->reference].name;
	FILE *f = table_open(study, figure->name, what, RATIO_HEADER);
	size_t rows = 0;

	if (!f)
		return false;
	axis_rows(c, f);
	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (c->shown[j] != c->reference)
			rows += ratio_rows(c, f, metric, c->shown[j]);
	if (!rows)
		text_set(&figure->absent,
			 "no cell has a block in which %s and another contender both succeeded",
			 reference);
	text_set(&figure->caption,
		 "%s relative to %s, per cell: the median over blocks of the ratio within a "
		 "block, with its 95 %% interval; 1 is %s, below 1 is less. On the right the "
		 "geometric means, in which each workload counts once. Values beyond %g or "
		 "1/%g are drawn at the edge and written beside it; a cross at the lower edge "
		 "is a contender that failed there.",
		 what, reference, reference, CUT, CUT);
	caption_left_out(c, &figure->caption);
	return table_close(study, figure->name, f);
}

bool ratios_write_time(const struct study *study, struct figure *figure)
{
	return write_ratios(study, figure, METRIC_CPU,
			    "CPU time (user + system) per operation");
}

bool ratios_write_memory(const struct study *study, struct figure *figure)
{
	return write_ratios(study, figure, METRIC_RSS,
			    "Peak resident memory, less the driver's own tables,");
}

bool ratios_write_forest(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	const char *reference = c->set->contenders[c->reference].name;

	if (!write_ratios(study, figure, METRIC_CPU, "CPU time (user + system) per operation"))
		return false;
	text_set(&figure->caption,
		 "CPU time per operation relative to %s, one panel per allocator: the same "
		 "ratios and 95 %% intervals as in the first figure. The grey band is 1 ± 2 "
		 "%%, within which a whole interval would say that there is no difference "
		 "worth speaking of.",
		 reference);
	caption_left_out(c, &figure->caption);
	return true;
}

/* One row per ranked contender.  `place` orders them by memory from the top, for
 * labels at the margin that do not meet. */
bool ratios_write_trade_off(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(
		study, figure->name, "geometric means over all cells",
		"allocator\ttime\ttime_low\ttime_high\trss\trss_low\trss_high\tplace");
	size_t rows = 0;

	if (!f)
		return false;
	for (size_t j = 0; j < c->nshown; j++) {
		size_t k = c->shown[j], place = 0;
		const struct interval *time = &c->geomean[METRIC_CPU][k * SCOPES];
		const struct interval *rss = &c->geomean[METRIC_RSS][k * SCOPES];

		if (!time->n || !rss->n)
			continue;
		for (size_t other = 0; other < c->nshown; other++) {
			const struct interval *o =
				&c->geomean[METRIC_RSS][c->shown[other] * SCOPES];

			place += o->n && (o->point > rss->point ||
					  (o->point == rss->point && other < j));
		}
		fprintf(f, "%s", c->set->contenders[k].name);
		table_number(f, time->point);
		table_number(f, time->low);
		table_number(f, time->high);
		table_number(f, rss->point);
		table_number(f, rss->low);
		table_number(f, rss->high);
		fprintf(f, "\t%zu\n", place);
		rows++;
	}
	if (rows < 2)
		text_set(&figure->absent, "fewer than two contenders have a geometric mean");
	text_set(&figure->caption,
		 "Time against memory: the geometric mean ratios to %s of CPU time per "
		 "operation and of peak resident memory, with 95 %% intervals as crosses. "
		 "Towards the lower left is less of both.",
		 c->set->contenders[c->reference].name);
	caption_left_out(c, &figure->caption);
	return table_close(study, figure->name, f);
}
