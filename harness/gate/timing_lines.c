#include "harness/gate/tier_time.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "harness/base/message.h"
#include "harness/gate/again.h"
#include "harness/gate/pairs.h"
#include "harness/stats/signed_rank.h"

const struct tier_metric tier_metrics[TIER_METRICS] = {
	{METRIC_CPU, "cpu_ns", GATE_NS}, {METRIC_RSS, "peak_rss_bytes", GATE_BYTES}};

void tier_say(const struct tier *r, const char *format, ...)
{
	va_list arguments;

	if (r->t->quiet)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

double tier_least_delta(const struct tier *r, int cell, size_t metric)
{
	double limit = r->t->limits ? gate_limit_of(r->t->limits, tier_metrics[metric].name,
						    r->cells[cell].name)
				    : NAN;

	return isnan(limit) ? GATE_TIME_LEAST : limit;
}

struct gate_line *tier_line(struct tier *r, int cell, size_t metric)
{
	struct gate_line *line =
		gate_outcome_add(r->o, GATE_TIME, r->cells[cell].name,
				 tier_metrics[metric].name, tier_metrics[metric].unit);

	line->limit = tier_least_delta(r, cell, metric);
	if (r->t->again) {
		char *command = gate_again_cell(r->t->again, GATE_TIME, r->cells[cell].name);

		gate_text(&line->command, "%s", command);
		free(command);
	}
	return line;
}

/* A cell that fails, or cannot run here, under one of the two; which, and by what, goes to
 * *whose and *by unless they are null.  What one of many runs fails by is a failure, too. */
static bool is_spoilt(const struct comparison *c, int cell, const char **whose,
		      struct outcome *by)
{
	for (size_t k = 0; k < c->set->ncontenders; k++) {
		struct outcome all = comparison_outcome(c, (size_t)cell, k);

		if (!all.failed && !all.timeout && (!all.skipped || all.ok))
			continue;
		if (whose && by) {
			*whose = c->set->contenders[k].name;
			*by = all;
		}
		return true;
	}
	return false;
}

bool tier_is_spoilt(const struct comparison *c, int cell)
{
	return is_spoilt(c, cell, NULL, NULL);
}

void tier_add_spoilt(struct tier *r, const struct comparison *c, bool *spoilt)
{
	struct outcome by;
	const char *whose;

	for (int i = 0; i < r->ncells; i++) {
		struct gate_line *line;

		spoilt[i] = is_spoilt(c, i, &whose, &by);
		if (!spoilt[i])
			continue;
		line = tier_line(r, i, 0);
		line->state = by.failed || by.timeout ? GATE_STATE_BROKEN : GATE_STATE_SKIPPED;
		gate_text(&line->reason, "%s: %s", whose, by.reason);
	}
}

double tier_half_width(const struct gate_cell *cell)
{
	struct interval i =
		stat_signed_rank_interval(cell->log_ratios, cell->n, 1 - 2 * GATE_TIME_ALPHA);

	return expm1((i.high - i.low) / 2);
}

/* What an interval came to, where that is no plain verdict or precision was asked for. */
static void give_reason(const struct tier *r, size_t i, bool failed, struct gate_line *line)
{
	const struct gate_cell *v = &r->verdicts[i];
	double half = tier_half_width(v);

	if (v->n == 0)
		gate_text(&line->reason, "the budget of %d s had no room for a pair",
			  r->t->budget_s);
	else if (r->t->precision > 0 && !isnan(half))
		gate_text(&line->reason,
			  "half-width %.2f %% after %zu pairs, %s the %.4g %% wanted",
			  100 * half, v->n, half <= r->t->precision ? "within" : "more than",
			  100 * r->t->precision);
	else if (r->t->precision > 0)
		gate_text(&line->reason, "%zu pairs are too few for an interval", v->n);
	else if (v->verdict == GATE_INCONCLUSIVE && failed)
		gate_text(&line->reason,
			  "not decided after %zu pairs, when another line had failed", v->n);
	else if (v->verdict == GATE_INCONCLUSIVE && !isnan(v->ratio.low))
		gate_text(&line->reason,
			  "after %zu pairs neither above nor below the limit of %.1f %%: "
			  "between %+.1f %% and %+.1f %%",
			  v->n, 100 * v->delta, 100 * (v->ratio.low - 1),
			  100 * (v->ratio.high - 1));
	else if (v->verdict == GATE_INCONCLUSIVE)
		gate_text(&line->reason, "%zu pairs are too few for an interval", v->n);
}

/* Those that it was judged by, which are the first. */
static void add_pairs(const struct comparison *c, const struct judged *j, size_t n,
		      struct gate_line *line)
{
	size_t head = results_find_contender(c->set, PAIRS_HEAD);
	enum metric metric = tier_metrics[j->metric].metric;
	double *of_base = list_grown(NULL, c->nblocks, sizeof(*of_base)),
	       *of_head = list_grown(NULL, c->nblocks, sizeof(*of_head)), ratio;

	comparison_values(c, (size_t)j->cell, c->reference, metric, of_base);
	comparison_values(c, (size_t)j->cell, head, metric, of_head);
	for (size_t b = 0; b < c->nblocks && line->npairs < n; b++)
		if (stat_log_ratios(&of_head[b], &of_base[b], 1, &ratio) == 1)
			gate_line_pair(line, of_base[b], of_head[b]);
	free(of_base);
	free(of_head);
}

void tier_add_lines(struct tier *r, const struct comparison *c, const bool *spoilt)
{
	static const enum gate_state states[] = {[GATE_PASS] = GATE_STATE_PASS,
						 [GATE_FAIL] = GATE_STATE_FAIL,
						 [GATE_INCONCLUSIVE] = GATE_STATE_INCONCLUSIVE};
	bool failed = false;

	for (size_t i = 0; i < r->count; i++)
		failed |= r->verdicts[i].verdict == GATE_FAIL;
	for (size_t i = 0; i < r->count; i++) {
		const struct judged *j = &r->list[i];
		struct gate_line *line;

		if (spoilt[j->cell])
			continue;
		line = tier_line(r, j->cell, j->metric);
		line->base = j->base;
		line->head = j->head;
		line->ratio = r->verdicts[i].ratio;
		line->limit = r->verdicts[i].delta;
		line->smallest_effect = j->smallest_effect;
		line->state = states[r->verdicts[i].verdict];
		if (c)
			add_pairs(c, j, r->verdicts[i].n, line);
		give_reason(r, i, failed, line);
	}
	r->o->alpha = GATE_TIME_ALPHA;
	r->o->false_alarms = 1000 * GATE_TIME_ALPHA;
}
