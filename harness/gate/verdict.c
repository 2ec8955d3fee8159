#include "harness/gate/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/stats/signed_rank.h"
#include "workloads/shared/rng.h"

#define DRAWS 1000
#define SHOWN_IN 0.9 /* of the draws */
#define EFFECT_STEPS 12

/* Holm: the smallest p of m has to be at most alpha / m, the next alpha / (m - 1), and so on,
 * up to the first that is not. */
static void fail_the_worst(struct gate_cell *cells, size_t n, double alpha)
{
	for (size_t left = n; left > 0; left--) {
		struct gate_cell *worst = NULL;

		for (size_t i = 0; i < n; i++)
			if (cells[i].verdict != GATE_FAIL && !isnan(cells[i].p_worse) &&
			    (worst == NULL || cells[i].p_worse < worst->p_worse))
				worst = &cells[i];
		if (worst == NULL || worst->p_worse > alpha / (double)left)
			return;
		worst->verdict = GATE_FAIL;
	}
}

static struct interval ratio_of(const struct gate_cell *cell, double alpha)
{
	struct interval log_ratio =
		stat_signed_rank_interval(cell->log_ratios, cell->n, 1 - alpha);

	return (struct interval){log_ratio.n, exp(log_ratio.point), exp(log_ratio.low),
				 exp(log_ratio.high), 0};
}

enum gate_verdict gate_judge(struct gate_cell *cells, size_t n, double alpha)
{
	enum gate_verdict all = n > 0 ? GATE_PASS : GATE_INCONCLUSIVE;

	for (size_t i = 0; i < n; i++) {
		struct gate_cell *cell = &cells[i];
		double bound = log1p(cell->delta);

		/* The interval whose ends are the two tests at alpha. */
		cell->ratio = ratio_of(cell, 2 * alpha);
		cell->p_worse = stat_signed_rank_above(cell->log_ratios, cell->n, bound);
		cell->p_fine = stat_signed_rank_below(cell->log_ratios, cell->n, bound);
		cell->verdict = cell->p_fine <= alpha ? GATE_PASS : GATE_INCONCLUSIVE;
	}
	fail_the_worst(cells, n, alpha);
	for (size_t i = 0; i < n; i++) {
		if (cells[i].verdict == GATE_FAIL)
			return GATE_FAIL;
		if (cells[i].verdict == GATE_INCONCLUSIVE)
			all = GATE_INCONCLUSIVE;
	}
	return all;
}

double gate_delta(const double *log_ratios, size_t n, double least)
{
	double *apart = malloc((n + 1) * sizeof(*apart)), percentile = NAN;

	if (apart != NULL) {
		for (size_t i = 0; i < n; i++)
			apart[i] = fabs(expm1(log_ratios[i]));
		percentile = stat_quantile(apart, n, 0.95);
		free(apart);
	}
	return percentile > least ? percentile : least;
}

/* Whether the cell fails in most of DRAWS draws where its true ratio is exp(shift): where the
 * sum of ranks is critical or more. */
static bool is_shown(const double *centred, size_t n, size_t pairs, double shift, double bound,
		     double critical, uint64_t seed, double *room)
{
	struct rng random;
	unsigned failed = 0;

	rng_spread(&random, seed);
	for (unsigned i = 0; i < DRAWS; i++) {
		for (size_t j = 0; j < pairs; j++)
			room[j] = centred[rng_below(&random, n)] + shift;
		failed += stat_signed_rank_sum(room, pairs, bound) >= critical;
	}
	return failed >= SHOWN_IN * DRAWS;
}

double gate_smallest_effect(const double *log_ratios, size_t n, size_t pairs, double delta,
			    size_t cells, double alpha, uint64_t seed)
{
	double *centred = malloc((n + pairs + 1) * sizeof(*centred));
	double bound = log1p(delta), low = bound, high = log(2),
	       center = stat_median(log_ratios, n), critical;

	if (centred == NULL || n == 0 || pairs == 0 || cells == 0 || low >= high) {
		free(centred);
		return INFINITY;
	}
	for (size_t i = 0; i < n; i++)
		centred[i] = log_ratios[i] - center;
	critical = stat_signed_rank_critical(pairs, alpha / (double)cells);
	if (!is_shown(centred, n, pairs, high, bound, critical, seed, centred + n))
		high = INFINITY;
	for (unsigned i = 0; i < EFFECT_STEPS && isfinite(high); i++) {
		double middle = (low + high) / 2;

		if (is_shown(centred, n, pairs, middle, bound, critical, seed, centred + n))
			high = middle;
		else
			low = middle;
	}
	free(centred);
	return expm1(high);
}
