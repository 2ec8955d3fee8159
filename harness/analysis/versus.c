#include "harness/analysis/versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"

#define NOWHERE ((size_t)-1)

/* The values of a contender in a cell by block; free them. */
static double *values_of(const struct comparison *c, const struct finding_metric *metric,
			 size_t cell, size_t contender)
{
	double *values = malloc((c->nblocks + 1) * sizeof(*values));

	if (!values)
		abort();
	if (metric->kind)
		latencies_values(c, cell, contender, metric->kind, metric->percentile, values);
	else
		comparison_values(c, cell, contender, metric->metric, values);
	return values;
}

/* Those that there are, moved to the front; returns their number. */
static size_t known(double *values, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]) && values[i] > 0)
			values[kept++] = values[i];
	return kept;
}

/* The median and its number of blocks; an interval of it is not told. */
static struct interval median_of(const struct comparison *c,
				 const struct finding_metric *metric, size_t cell,
				 size_t contender)
{
	double *values = values_of(c, metric, cell, contender);
	struct interval result = {known(values, c->nblocks), NAN, NAN, NAN, 0};

	result.point = stat_median(values, result.n);
	free(values);
	return result;
}

/* Logarithms of the values, over the control's in the same block if there is one; returns their
 * number. */
static size_t logs_of(const struct versus_side *side, const struct finding_metric *metric,
		      size_t cell, size_t contender, size_t control, double **logs)
{
	size_t n = side->c->nblocks;
	double *other = NULL;

	*logs = values_of(side->c, metric, cell, contender);
	if (control == NOWHERE) {
		n = known(*logs, n);
		for (size_t i = 0; i < n; i++)
			(*logs)[i] = log((*logs)[i]);
		return n;
	}
	other = values_of(side->c, metric, cell, control);
	n = stat_log_ratios(*logs, other, n, *logs);
	free(other);
	return n;
}

static bool same_build(const struct result_contender *a, const struct result_contender *b)
{
	const char *one = json_field_text(a->json, "build_id");

	return *one && !strcmp(one, json_field_text(b->json, "build_id")) &&
	       json_equal(json_object_get(a->json, "env"), json_object_get(b->json, "env"));
}

/* Can contender k of side a, and the one of the same name of side b, serve as the control of
 * this row? */
static bool is_control(const struct versus *v, const struct versus_row *row, size_t k,
		       size_t *other)
{
	const struct versus_side *a = &v->side[0], *b = &v->side[1];
	const char *name = a->c->set->contenders[k].name;

	*other = results_find_contender(b->c->set, name);
	return *other != NOWHERE && k != row->contender[0] && *other != row->contender[1] &&
	       !results_is_null(&a->c->set->contenders[k]) &&
	       same_build(&a->c->set->contenders[k], &b->c->set->contenders[*other]) &&
	       comparison_outcome(a->c, row->cell[0], k).ok &&
	       comparison_outcome(b->c, row->cell[1], *other).ok;
}

/* Memory and counts are what they are on a slow day, too. */
static void find_control(const struct versus *v, const struct versus_row *row,
			 size_t control[2])
{
	const struct comparison *a = v->side[0].c;

	control[0] = control[1] = NOWHERE;
	if (row->metric->unit != FINDING_NS)
		return;
	if (is_control(v, row, a->reference, &control[1])) {
		control[0] = a->reference;
		return;
	}
	for (size_t k = 0; k < a->set->ncontenders; k++)
		if (is_control(v, row, k, &control[1])) {
			control[0] = k;
			return;
		}
	control[1] = NOWHERE;
}

/* A duration is worth what the clock of the worse side can tell.  `control_ns` is the least of
 * the control, which the ratio is formed of as well; NaN: there is none. */
static void doubt_durations(const struct versus *v, struct versus_row *row, double control_ns)
{
	struct clock_limits a = latencies_clock(v->side[0].c, row->cell[0]);
	struct clock_limits b = latencies_clock(v->side[1].c, row->cell[1]);
	struct clock_limits clock = {fmax(a.cost_ns, b.cost_ns), fmax(a.tick_ns, b.tick_ns)};
	double beside = fmin(row->value[0].point, control_ns);
	double least = fmin(row->value[1].point, beside);
	unsigned which = DOUBT_CLOCK | DOUBT_TICK | DOUBT_BUCKET;

	for (int i = 0; i < 2; i++)
		row->value_doubts[i] = doubts_of_duration(row->value[i].point, &clock);
	/* That two are nearly the same can be told by a clock whose tick is less than what
	 * "nearly" leaves open. */
	if (row->verdict != VERDICT_LESS && row->verdict != VERDICT_MORE)
		which = clock.tick_ns > (VERDICT_EQUIVALENCE - 1) * least
				? DOUBT_CLOCK | DOUBT_TICK
				: DOUBT_CLOCK;
	row->doubts =
		doubts_of_duration_ratio(&row->ratio, row->value[1].point, beside, &clock);
	row->doubts.what &= which;
	if (row->doubts.what && row->verdict != VERDICT_NONE)
		row->verdict = VERDICT_UNKNOWN;
}

static void compare_paired(const struct versus *v, struct versus_row *row)
{
	const struct comparison *c = v->side[0].c;
	double *a = values_of(c, row->metric, row->cell[0], row->contender[0]);
	double *b = values_of(c, row->metric, row->cell[1], row->contender[1]);

	row->ratio = comparison_ratio_of(c, row->cell[0], b, a);
	row->verdict = verdict_of(&row->ratio, VERDICT_LEAST_PAIRS);
	if (row->verdict == VERDICT_UNKNOWN && row->ratio.n < VERDICT_LEAST_PAIRS)
		row->why = "fewer than 6 blocks";
	if (row->metric->kind)
		doubt_durations(v, row, NAN);
	free(a);
	free(b);
}

static void compare_apart(const struct versus *v, struct versus_row *row)
{
	size_t control[2], n[2];
	double *logs[2], control_ns = NAN;

	find_control(v, row, control);
	for (int i = 0; i < 2; i++)
		n[i] = logs_of(&v->side[i], row->metric, row->cell[i], row->contender[i],
			       control[i], &logs[i]);
	row->ratio = verdict_unpaired(logs[0], n[0], logs[1], n[1]);
	row->verdict = verdict_of(&row->ratio, 1);
	if (control[0] != NOWHERE)
		row->control = v->side[0].c->set->contenders[control[0]].name;
	if (row->verdict == VERDICT_UNKNOWN && isnan(row->ratio.low))
		row->why = "fewer than 4 blocks each";
	for (int i = 0; i < 2 && row->metric->kind && row->control; i++)
		control_ns = fmin(
			control_ns,
			median_of(v->side[i].c, row->metric, row->cell[i], control[i]).point);
	if (row->metric->kind)
		doubt_durations(v, row, control_ns);
	free(logs[0]);
	free(logs[1]);
}

static void left_out(struct versus *v, const struct result_cell *cell, const char *why)
{
	v->left_out = list_grown(v->left_out, v->nleft_out, sizeof(*v->left_out));
	v->left_out[v->nleft_out++] = text_format("%s (%s): %s", cell->name, cell->mode, why);
}

/* A row where both sides have values; where one has, the gap is told. */
static void compare_contender(struct versus *v, const struct finding_metric *metric,
			      const size_t cell[2], const size_t contender[2])
{
	struct versus_row row = {.metric = metric};

	for (int i = 0; i < 2; i++) {
		row.cell[i] = cell[i];
		row.contender[i] = contender[i];
		row.value[i] = median_of(v->side[i].c, metric, cell[i], contender[i]);
	}
	if (!row.value[0].n && !row.value[1].n)
		return;
	if (!row.value[0].n || !row.value[1].n) {
		int missing = row.value[0].n != 0;
		const struct comparison *c = v->side[missing].c;
		struct outcome o = comparison_outcome(c, cell[missing], contender[missing]);
		char *why = text_format("%s, %s: no value of side %s%s%s", metric->what,
					c->set->contenders[contender[missing]].name,
					missing ? "B" : "A", *o.reason ? ": " : "", o.reason);

		left_out(v, &c->set->cells[cell[missing]], why);
		free(why);
		return;
	}
	if (metric->unit == FINDING_COUNT) {
		row.ratio = (struct interval){
			row.value[0].n < row.value[1].n ? row.value[0].n : row.value[1].n,
			row.value[1].point / row.value[0].point, NAN, NAN, 0};
		row.verdict = verdict_of_count(row.ratio.point);
	} else if (v->side[0].c->set == v->side[1].c->set) {
		compare_paired(v, &row);
	} else {
		compare_apart(v, &row);
	}
	v->row = list_grown(v->row, v->nrows, sizeof(*v->row));
	v->row[v->nrows++] = row;
}

static void compare_cell(struct versus *v, const struct finding_metric *metric,
			 const size_t cell[2])
{
	const struct result_set *set = v->side[0].c->set;

	if (v->side[0].contender != NOWHERE) {
		compare_contender(v, metric, cell,
				  (size_t[2]){v->side[0].contender, v->side[1].contender});
		return;
	}
	for (size_t k = 0; k < set->ncontenders; k++) {
		size_t pair[2] = {
			k, results_find_contender(v->side[1].c->set, set->contenders[k].name)};

		if (pair[1] != NOWHERE)
			compare_contender(v, metric, cell, pair);
	}
}

static size_t find_cell(const struct result_set *set, const struct result_cell *cell)
{
	for (size_t i = 0; i < set->ncells; i++)
		if (!strcmp(set->cells[i].name, cell->name) &&
		    results_is_mode(&set->cells[i], cell->mode))
			return i;
	return NOWHERE;
}

/* The same cell of side b; where there is none, or it does other work, NOWHERE. */
static size_t counterpart(struct versus *v, size_t cell, const char **why)
{
	const struct result_cell *a = &v->side[0].c->set->cells[cell], *b;
	size_t other = find_cell(v->side[1].c->set, a);

	*why = other == NOWHERE ? "only side A has it" : NULL;
	if (other == NOWHERE)
		return other;
	b = &v->side[1].c->set->cells[other];
	if (!a->json || !b->json ||
	    json_equal(json_object_get(a->json, "params"), json_object_get(b->json, "params")))
		return other;
	*why = "its parameters differ";
	return NOWHERE;
}

/* Latency is compared where it is least spoiled by few values: the others are in the report. */
static bool is_compared(const struct finding_metric *metric)
{
	return !metric->detail && (!metric->kind || metric->percentile == 0.99);
}

struct versus *versus_make(struct versus_side a, struct versus_side b)
{
	struct versus *v = calloc(1, sizeof(*v));
	const char *why;

	if (!v)
		abort();
	v->side[0] = a;
	v->side[1] = b;
	for (size_t m = 0; m < finding_nmetrics; m++)
		for (size_t i = 0; i < a.c->set->ncells && is_compared(&finding_metrics[m]);
		     i++) {
			size_t cell[2] = {i, counterpart(v, i, &why)};

			if (cell[1] != NOWHERE &&
			    results_is_mode(&a.c->set->cells[i], finding_metrics[m].mode))
				compare_cell(v, &finding_metrics[m], cell);
		}
	for (size_t i = 0; i < a.c->set->ncells; i++)
		if (counterpart(v, i, &why) == NOWHERE)
			left_out(v, &a.c->set->cells[i], why);
	for (size_t i = 0; i < b.c->set->ncells; i++)
		if (find_cell(a.c->set, &b.c->set->cells[i]) == NOWHERE)
			left_out(v, &b.c->set->cells[i], "only side B has it");
	return v;
}

void versus_free(struct versus *v)
{
	for (size_t i = 0; i < v->nleft_out; i++)
		free(v->left_out[i]);
	free(v->left_out);
	free(v->row);
	free(v);
}

const char *versus_word(const struct finding_metric *metric, enum verdict verdict)
{
	static const char *const less[FINDING_UNITS] = {"faster", "leaner", "fewer", "fewer"};
	static const char *const more[FINDING_UNITS] = {"slower", "fatter", "more", "more"};

	switch (verdict) {
	case VERDICT_LESS:
		return less[metric->unit];
	case VERDICT_MORE:
		return more[metric->unit];
	case VERDICT_SAME:
		return "same";
	case VERDICT_UNKNOWN:
		return "cannot tell";
	case VERDICT_NONE:
		break;
	}
	return "no value";
}
