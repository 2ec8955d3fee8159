#include "harness/figures/ratios.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/doubts.h"
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
		      const struct interval *i, const struct doubts *doubts, const char *state)
{
	fprintf(f, "%g\t%s\t%s", x, label, contender);
	table_number(f, i->point);
	table_number(f, i->low);
	table_number(f, i->high);
	table_number(f, cut(i->point));
	table_number(f, cut(i->low));
	table_number(f, cut(i->high));
	fprintf(f, "\t%zu\t%s", i->n,
		isnan(i->point) || cut(i->point) == i->point ? state : "cut");
	table_doubts(f, doubts);
}

#define RATIO_HEADER \
	"x\tlabel\tallocator\tratio\tlow\thigh\tshown\tshown_low\tshown_high\tn\tstate\tdoubt"

static const char *const scope_label[SCOPES] = {
	"geomean, programs",
	"geomean, workloads",
};

static const struct interval none = {0, NAN, NAN, NAN, 0};
static const struct doubts no_doubts;

/* The labels of the axis, as rows of a contender "-": cells at 1, 2, …; after a gap the
 * geometric means. */
static void axis_rows(const struct study *study, FILE *f)
{
	const struct comparison *c = study->c;
	size_t x = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		if (results_is_mode(&c->set->cells[i], "throughput"))
			ratio_row(f, (double)++x, c->set->cells[i].name, "-", &none, &no_doubts,
				  "axis");
	x += 2;
	for (int scope = 0; scope < SCOPES; scope++)
		if (means_any(study->means, c, (enum scope)scope))
			ratio_row(f, (double)x++, scope_label[scope], "-", &none, &no_doubts,
				  "axis");
}

/* Rows of contender k, at the same places. */
static size_t ratio_rows(const struct study *study, FILE *f, enum metric metric, size_t k)
{
	const struct comparison *c = study->c;
	const struct result_set *set = c->set;
	const char *name = set->contenders[k].name;
	size_t rows = 0, x = 0;

	for (size_t i = 0; i < set->ncells; i++) {
		const struct interval *ratio = &c->ratio[metric][i * set->ncontenders + k];
		struct doubts doubts = doubts_of_ratio(ratio);
		struct outcome o;

		if (!results_is_mode(&set->cells[i], "throughput"))
			continue;
		x++;
		o = comparison_outcome(c, i, k);
		if (ratio->n) {
			ratio_row(f, (double)x, set->cells[i].name, name, ratio, &doubts, "ok");
			rows++;
		} else {
			ratio_row(f, (double)x, set->cells[i].name, name, &none, &no_doubts,
				  o.failed || o.timeout ? "failed" : "none");
		}
	}
	x += 2;
	for (int scope = 0; scope < SCOPES; scope++) {
		const struct mean *mean =
			means_of(study->means, c, k, (enum scope)scope, metric);
		struct doubts doubts = doubts_of_mean(mean);

		if (!means_any(study->means, c, (enum scope)scope))
			continue;
		if (mean->ratio.n)
			ratio_row(f, (double)x, scope_label[scope], name, &mean->ratio, &doubts,
				  "geomean");
		x++;
	}
	return rows;
}

/* Does a figure of one scope, or of all (SCOPES), hold the cell? */
static bool is_shown(const struct comparison *c, size_t cell, enum scope scope)
{
	return scope == SCOPES ? results_is_mode(&c->set->cells[cell], "throughput")
			       : means_in_scope(c, cell, scope);
}

static void caption_cells(const struct study *study, char **caption, enum scope scope,
			  const char *before, const bool *wanted, bool value)
{
	const struct result_set *set = study->c->set;
	const char *between = before;

	for (size_t i = 0; i < set->ncells; i++)
		if (is_shown(study->c, i, scope) && wanted[i] == value) {
			text_append(caption, "%s%s", between, set->cells[i].name);
			between = ", ";
		}
	text_append(caption, "%s", between == before ? "" : ".");
}

static void caption_left_out(const struct study *study, char **caption, enum scope scope,
			     bool memory)
{
	static const char *const scopes[SCOPES] = {"programs", "own workloads"};
	const struct comparison *c = study->c;
	const char *between;

	if (c->nulls)
		text_append(caption,
			    " null is left out: it never reuses memory and is no lower bound "
			    "of time; its numbers are in the tables.");
	caption_cells(study, caption, scope,
		      " Not in the geometric means, as not every contender has two blocks "
		      "there: ",
		      study->means->common[METRIC_CPU], false);
	if (memory)
		caption_cells(study, caption, scope,
			      " Not in the means of memory, as less than 8 MiB lives there: ",
			      study->means->small, true);
	for (int s = 0; s < SCOPES; s++) {
		between = " Without geometric mean over";
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			size_t k = c->shown[j];

			if (study->means->ranked[k * SCOPES + (size_t)s] ||
			    (scope != SCOPES && (int)scope != s) ||
			    !means_any(study->means, c, (enum scope)s))
				continue;
			if (*between == ',')
				text_append(caption, ", %s", c->set->contenders[k].name);
			else
				text_append(caption,
					    "%s %s, as more than half of the cells are "
					    "missing: %s",
					    between, scopes[s], c->set->contenders[k].name);
			between = ",";
		}
		text_append(caption, "%s", *between == ',' ? "." : "");
	}
}

#define GREY_SAYS                                                                              \
	" Grey with the contender's mark is what is not certain: an interval from fewer than " \
	"five blocks, or a mean that one cell turns round."

static bool write_ratios(const struct study *study, struct figure *figure, enum metric metric,
			 const char *what)
{
	const struct comparison *c = study->c;
	const char *reference = c->set->contenders[c->reference].name;
	FILE *f = table_open(study, figure->name, what, RATIO_HEADER);
	size_t rows = 0;

	if (!f)
		return false;
	axis_rows(study, f);
	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (c->shown[j] != c->reference)
			rows += ratio_rows(study, f, metric, c->shown[j]);
	if (!rows)
		text_set(&figure->absent,
			 "no cell has a block in which %s and another contender both succeeded",
			 reference);
	text_set(&figure->caption,
		 "%s relative to %s, per cell: the median over blocks of the ratio within a "
		 "block, with its 95 %% interval; 1 is %s, below 1 is less. On the right the "
		 "geometric means of programs and of own workloads, in which each workload "
		 "counts once. Values beyond %g or "
		 "1/%g are drawn at the edge and written beside it; a cross at the lower edge "
		 "is a contender that failed there." GREY_SAYS,
		 what, reference, reference, CUT, CUT);
	caption_left_out(study, &figure->caption, SCOPES, metric == METRIC_RSS);
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
		 "worth speaking of." GREY_SAYS,
		 reference);
	caption_left_out(study, &figure->caption, SCOPES, false);
	return true;
}

/* A name with its number at the margin, by memory from the top. */
static size_t place_of(const struct study *study, enum scope scope, size_t j)
{
	const struct comparison *c = study->c;
	double point = means_of(study->means, c, c->shown[j], scope, METRIC_RSS)->ratio.point;
	size_t place = 0;

	for (size_t other = 0; other < c->nshown; other++) {
		const struct interval *o =
			&means_of(study->means, c, c->shown[other], scope, METRIC_RSS)->ratio;

		place += o->n && (o->point > point || (o->point == point && other < j));
	}
	return place;
}

/* The doubts of a point: of its time, and of its memory. */
static struct doubts doubts_of_point(const struct mean *time, const struct mean *rss,
				     char **text)
{
	static const char *const what[] = {"time", "memory"};
	const struct mean *mean[] = {time, rss};
	struct doubts both = {0};

	text_set(text, "%s", "");
	for (int i = 0; i < 2; i++) {
		struct doubts one = doubts_of_mean(mean[i]);
		char *reason = doubts_text(&one, ~(unsigned)DOUBTS_PLAIN);

		both.what |= one.what & ~(unsigned)DOUBTS_PLAIN;
		if (reason)
			text_append(text, "%s%s: %s", **text ? "; " : "", what[i], reason);
		free(reason);
	}
	return both;
}

/* One row per ranked contender; the reference is 1 by definition, which nothing turns. */
static bool write_trade_off(const struct study *study, struct figure *figure, enum scope scope,
			    const char *what)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, what,
			     "allocator\ttime\ttime_low\ttime_high\trss\trss_low\trss_high\t"
			     "place\tdoubt");
	char *doubted = NULL, *reason = NULL;
	size_t rows = 0;

	if (!f)
		return false;
	text_set(&doubted, "%s", "");
	for (size_t j = 0; j < c->nshown; j++) {
		size_t k = c->shown[j];
		const struct mean *time = means_of(study->means, c, k, scope, METRIC_CPU);
		const struct mean *rss = means_of(study->means, c, k, scope, METRIC_RSS);
		bool unsure = false;

		if (!time->ratio.n || !rss->ratio.n)
			continue;
		if (k != c->reference)
			unsure = doubts_of_point(time, rss, &reason).what;
		fprintf(f, "%s", c->set->contenders[k].name);
		table_number(f, time->ratio.point);
		table_number(f, time->ratio.low);
		table_number(f, time->ratio.high);
		table_number(f, rss->ratio.point);
		table_number(f, rss->ratio.low);
		table_number(f, rss->ratio.high);
		fprintf(f, "\t%zu\t%s\n", place_of(study, scope, j), unsure ? reason : "-");
		if (unsure)
			text_append(&doubted, "%s%s (%s)", *doubted ? ", " : "",
				    c->set->contenders[k].name, reason);
		rows++;
	}
	if (rows < 2)
		text_set(&figure->absent,
			 "fewer than two contenders have geometric means of time and memory "
			 "over %s",
			 what);
	text_set(&figure->caption,
		 "Time against memory over %s: the geometric mean ratios to %s of CPU time per "
		 "operation and of peak resident memory, with 95 %% intervals as crosses. "
		 "Towards the lower left is less of both.",
		 what, c->set->contenders[c->reference].name);
	if (*doubted)
		text_append(&figure->caption, " Grey, as not certain: %s.", doubted);
	caption_left_out(study, &figure->caption, scope, true);
	free(doubted);
	free(reason);
	return table_close(study, figure->name, f);
}

bool ratios_write_trade_off_programs(const struct study *study, struct figure *figure)
{
	return write_trade_off(study, figure, SCOPE_PROGRAMS, "programs");
}

bool ratios_write_trade_off_workloads(const struct study *study, struct figure *figure)
{
	return write_trade_off(study, figure, SCOPE_WORKLOADS, "own workloads");
}
