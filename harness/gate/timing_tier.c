#include "harness/gate/timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/clock.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/gate/looks.h"
#include "harness/gate/pairs.h"
#include "harness/gate/tier_time.h"
#include "harness/gate/trials.h"
#include "harness/machine/environment.h"
#include "harness/matrix/suite.h"
#include "harness/stats/signed_rank.h"

/* Short and steady ones: of calls alone, of live heaps, of fleets and their ageing, and
 * programs. */
#define CELLS "tiny-churn,live-sweep,fleet-5,frag-drain,big-buffers,sqlite,python-json,cc1plus"
#define NOISE_PART 5   /* of the budget at most, for A/A pairs */
#define PAIRS_LEAST 10 /* before an interval's width is believed */
#define PAIRS_STEP 4   /* between two checks of it at least, and a quarter of all */

static int choose_cells(struct tier *r, char *why, size_t why_size)
{
	const char *own = CELLS;
	struct suite_choice choice = {.suite = "full",
				      .workloads = &own,
				      .nworkloads = command_at(0) ? 0 : 1,
				      .modes[MODE_THROUGHPUT] = true,
				      .modes_given = true};
	int n = 0;

	if (suite_cells(&choice, &r->cells, &r->ncells, why, why_size) < 0)
		return -1;
	for (int i = 0; i < r->ncells; i++)
		if (gate_cell_wanted(r->t->cells, r->cells[i].name))
			r->cells[n++] = r->cells[i];
	r->ncells = n;
	return 0;
}

/* What each has of values by now; what a look has decided stays as it was then.  Returns 0, or
 * -1 with `why`. */
static int look_at(struct tier *r, const struct pairs *pairs, char *why, size_t why_size)
{
	struct comparison *c;
	size_t head;

	if (pairs_are_none(pairs))
		return 0;
	c = pairs_open(pairs, why, why_size);
	if (!c)
		return -1;
	head = results_find_contender(c->set, PAIRS_HEAD);
	for (size_t i = 0; i < r->count; i++) {
		struct judged *j = &r->list[i];
		enum metric metric = tier_metrics[j->metric].metric;
		size_t cell = (size_t)j->cell;

		if (r->decided[i] && !(r->t->precision > 0))
			continue;
		free(j->log_ratios);
		j->log_ratios = calloc(c->nblocks + 1, sizeof(double));
		if (!j->log_ratios) {
			pairs_close(c);
			return because(why, why_size, "out of memory");
		}
		j->spoilt = tier_is_spoilt(c, j->cell);
		r->decided[i] |= j->spoilt;
		r->verdicts[i].log_ratios = j->log_ratios;
		r->verdicts[i].n =
			comparison_log_ratios(c, cell, head, metric, j->log_ratios, NULL);
		j->base = comparison_median(c, cell, c->reference, metric).point;
		j->head = comparison_median(c, cell, head, metric).point;
	}
	pairs_close(c);
	return 0;
}

/* More blocks for the cells in which something is open. */
static void more_blocks(const struct tier *r, int *blocks, int wanted)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->decided[i] && blocks[r->list[i].cell] < wanted)
			blocks[r->list[i].cell] = wanted;
}

static bool is_over(const struct tier *r, const int *blocks)
{
	bool full = true;

	for (size_t i = 0; i < r->count; i++)
		full &= r->decided[i] || r->verdicts[i].n < (size_t)blocks[r->list[i].cell];
	/* Cells go in rounds: the budget is spent when none that is open had all its blocks. */
	return now_ns() >= r->deadline_ns || full || interrupt_wanted();
}

static int measure_by_looks(struct tier *r, struct pairs *pairs, int *blocks, char *why,
			    size_t why_size)
{
	struct gate_looks looks = {.alpha = GATE_TIME_ALPHA, .decided = r->decided};
	enum gate_verdict verdict = GATE_INCONCLUSIVE;

	for (int look = 1; look <= TIER_LOOKS && verdict == GATE_INCONCLUSIVE; look++) {
		bool last = look == TIER_LOOKS;

		more_blocks(r, blocks, (r->planned * look + TIER_LOOKS - 1) / TIER_LOOKS);
		if (pairs_measure(pairs, blocks, r->deadline_ns, r->t->quiet, why, why_size) <
			    0 ||
		    look_at(r, pairs, why, why_size) < 0)
			return -1;
		last |= is_over(r, blocks);
		verdict = gate_look(&looks, r->verdicts, r->count,
				    last ? 1 : look / (double)TIER_LOOKS);
		if (last)
			break;
	}
	return 0;
}

static int more_pairs(int wanted)
{
	int quarter = wanted / PAIRS_STEP;

	return wanted + (quarter > PAIRS_STEP ? quarter : PAIRS_STEP);
}

static int measure_to_precision(struct tier *r, struct pairs *pairs, int *blocks, char *why,
				size_t why_size)
{
	const int most = r->t->pairs;
	bool open = true;

	for (int wanted = PAIRS_LEAST; open; wanted = more_pairs(wanted)) {
		more_blocks(r, blocks, wanted < most ? wanted : most);
		if (pairs_measure(pairs, blocks, r->deadline_ns, r->t->quiet, why, why_size) <
			    0 ||
		    look_at(r, pairs, why, why_size) < 0)
			return -1;
		open = false;
		for (size_t i = 0; i < r->count; i++) {
			r->decided[i] = r->list[i].spoilt ||
					tier_half_width(&r->verdicts[i]) <= r->t->precision;
			open |= !r->decided[i];
		}
		if (wanted >= most || is_over(r, blocks))
			break;
	}
	gate_judge(r->verdicts, r->count, GATE_TIME_ALPHA);
	return 0;
}

static int measure(struct tier *r, char *why, size_t why_size)
{
	char *dir = text_format("%s/pairs", r->t->folder);
	int *blocks = calloc((size_t)r->ncells + 1, sizeof(*blocks)), result;
	bool *spoilt = calloc((size_t)r->ncells + 1, sizeof(*spoilt));
	struct comparison *c = NULL;
	struct pairs pairs;
	bool none;

	for (int i = 0; i < r->ncells; i++)
		blocks[i] = 1; /* also of cells in which nothing can be judged */
	result = pairs_begin(&pairs, dir, r->cells, r->ncells, r->t->base, r->t->head,
			     r->t->seed, why, why_size);
	if (result == 0 && r->t->precision > 0)
		result = measure_to_precision(r, &pairs, blocks, why, why_size);
	else if (result == 0)
		result = measure_by_looks(r, &pairs, blocks, why, why_size);
	none = result == 0 && pairs_are_none(&pairs);
	if (result == 0 && !none)
		c = pairs_open(&pairs, why, why_size);
	if (c)
		tier_add_spoilt(r, c, spoilt);
	if (c || none)
		tier_add_lines(r, c, spoilt);
	else
		result = -1;
	if (c)
		pairs_close(c);
	pairs_free(&pairs);
	free(spoilt);
	free(blocks);
	free(dir);
	return result;
}

static void clear(struct tier *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i].log_ratios);
	free(r->list);
	free(r->verdicts);
	free(r->decided);
	free(r->cells);
	noise_free(&r->noise);
}

int gate_time(const struct gate_timing *timing, struct gate_outcome *o, char *why,
	      size_t why_size)
{
	struct gate_timing t = *timing;
	struct tier r = {.t = &t, .o = o};
	char *base;
	int result;

	if (!t.budget_s)
		t.budget_s = GATE_TIME_BUDGET_S;
	if (t.pairs <= 0 || t.pairs > STAT_SIGNED_RANK_MOST)
		t.pairs = STAT_SIGNED_RANK_MOST;
	r.deadline_ns = now_ns() + (uint64_t)t.budget_s * 1000000000u;
	r.noise_ns = now_ns() + (uint64_t)t.budget_s * 1000000000u / NOISE_PART;
	result = choose_cells(&r, why, why_size);
	/* Commands of one name need not be the same: of them nothing is kept. */
	base = noise_base(t.base);
	if (result == 0 && t.cache && base && !command_at(0)) {
		json_t *here = environment_take();
		const char *class = json_string_value(json_object_get(here, "machine_class"));

		noise_read(&r.noise, t.cache, class ? class : "unknown", base);
		json_decref(here);
	}
	free(base);
	if (result == 0 && r.ncells > 0)
		result = tier_measure_noise(&r, why, why_size);
	if (result == 0 && r.ncells > 0 && !interrupt_wanted()) {
		tier_plan(&r);
		if (r.count > 0) {
			tier_announce(&r);
			result = measure(&r, why, why_size);
		}
	}
	clear(&r);
	return result;
}
