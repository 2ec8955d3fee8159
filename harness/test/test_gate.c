#include "harness/gate/looks.h"
#include "harness/base/file.h"
#include "harness/gate/noise.h"
#include "harness/gate/outcome.h"
#include "harness/gate/tier_time.h"
#include "harness/test/unit.h"
#include "harness/stats/signed_rank.h"
#include "workloads/shared/rng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void close_to(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.12g is not within %g of %.12g", got, tolerance, want);
}

static const double eight[] = {1.1, -0.3, 2.2, 0.7, -1.4, 3.1, 0.2, 1.9};
static const double twenty[] = {0.021, -0.013, 0.044, 0.003,  0.018, -0.027, 0.051,
				0.009, 0.033,  0.012, -0.005, 0.040, 0.028,  0.001,
				0.037, -0.019, 0.015, 0.047,  0.024, 0.007};

/* As R's wilcox.test(exact = TRUE) has them. */
static void signed_ranks(void **state)
{
	struct interval i;

	(void)state;
	close_to(stat_signed_rank_above(eight, COUNT(eight), 0.5), 0.2734375, 1e-12);
	close_to(stat_signed_rank_below(eight, COUNT(eight), 0.5), 0.76953125, 1e-12);
	close_to(stat_signed_rank_above(twenty, COUNT(twenty), 0), 0.0027904510498, 1e-12);
	i = stat_signed_rank_interval(eight, COUNT(eight), 0.95);
	close_to(i.point, 0.925, 1e-12);
	close_to(i.low, -0.35, 1e-12);
	close_to(i.high, 2.2, 1e-12);
	i = stat_signed_rank_interval(twenty, COUNT(twenty), 0.99);
	close_to(i.point, 0.0165, 1e-12);
	close_to(i.low, 0.001, 1e-12);
	close_to(i.high, 0.031, 1e-12);
}

/* By counting the choices of signs. */
static void ties_and_few(void **state)
{
	const double tied[] = {1, 1, -1}, one[] = {2}, at_it[] = {3, 3, 3, 4};
	const double pairs[] = {1, 2, 2, -3}; /* ranks 1, 2.5, 2.5, 4: the sum is 6 */
	struct interval i;

	(void)state;
	close_to(stat_signed_rank_above(tied, 3, 0), 4 / 8.0, 1e-15);
	close_to(stat_signed_rank_below(tied, 3, 0), 7 / 8.0, 1e-15);
	/* 6 or more: {2.5, 4}, {2.5, 4}, {1, 2.5, 2.5}, {1, 2.5, 4} twice, {2.5, 2.5, 4}, all
	 */
	close_to(stat_signed_rank_above(pairs, 4, 0), 7 / 16.0, 1e-15);
	close_to(stat_signed_rank_above(one, 1, 0), 0.5, 1e-15);
	close_to(stat_signed_rank_above(at_it, 4, 3), 0.5, 1e-15); /* three say nothing */
	close_to(stat_signed_rank_above(at_it, 3, 3), 1, 1e-15);
	close_to(stat_signed_rank_above(at_it, 0, 3), 1, 1e-15);
	assert_true(isnan(stat_signed_rank_above((double[]){1, NAN}, 2, 0)));
	assert_true(isnan(stat_signed_rank_above((double[]){1, INFINITY}, 2, 0)));
	/* Five values give 1 - 2^-4 at most. */
	i = stat_signed_rank_interval(twenty, 5, 0.95);
	assert_true(isnan(i.low) && isnan(i.high) && !isnan(i.point));
	i = stat_signed_rank_interval(twenty, 5, 0.93);
	close_to(i.low, -0.013, 1e-15);
	close_to(i.high, 0.044, 1e-15);
	assert_true(isnan(stat_signed_rank_interval(twenty, 0, 0.9).point));
}

/* The interval leaves out just what the test refuses, both at once. */
static void interval_is_the_test(void **state)
{
	(void)state;
	for (double level = 0.5; level < 0.999; level += 0.07) {
		struct interval i = stat_signed_rank_interval(twenty, COUNT(twenty), level);
		double tail = (1 - level) / 2, little = 1e-9;

		assert_true(stat_signed_rank_above(twenty, COUNT(twenty), i.low - little) <=
			    tail);
		assert_true(stat_signed_rank_above(twenty, COUNT(twenty), i.low + little) >
			    tail);
		assert_true(stat_signed_rank_below(twenty, COUNT(twenty), i.high + little) <=
			    tail);
		assert_true(stat_signed_rank_below(twenty, COUNT(twenty), i.high - little) >
			    tail);
	}
}

static double uniform(struct rng *random)
{
	return rng_unit(random);
}

/* Log ratios of a noisy machine: one pair in five has five times the spread. */
static double noise(struct rng *random, double spread)
{
	double normal = sqrt(-2 * log(1 - uniform(random))) * cos(2 * M_PI * uniform(random));

	return normal * spread * (uniform(random) < 0.2 ? 5 : 1);
}

enum { CELLS = 8, PAIRS = 20, RUNS = 1000 };

/* How many of RUNS gates fail, and pass, where `shifted` of the cells have this ratio. */
static void gates(double ratio, unsigned shifted, double delta, unsigned *failed,
		  unsigned *passed)
{
	static double values[CELLS][PAIRS];
	struct gate_cell cells[CELLS];
	struct rng random;

	rng_spread(&random, 20);
	*failed = *passed = 0;
	for (unsigned run = 0; run < RUNS; run++) {
		enum gate_verdict verdict;

		for (unsigned c = 0; c < CELLS; c++) {
			for (unsigned i = 0; i < PAIRS; i++)
				values[c][i] =
					noise(&random, 0.01) + (c < shifted ? log(ratio) : 0);
			cells[c] = (struct gate_cell){
				.log_ratios = values[c], .n = PAIRS, .delta = delta};
		}
		verdict = gate_judge(cells, CELLS, 0.05);
		*failed += verdict == GATE_FAIL;
		*passed += verdict == GATE_PASS;
	}
}

static void gates_err_as_rarely_as_promised(void **state)
{
	unsigned failed, passed;

	(void)state;
	/* Nothing is worse: they pass. */
	gates(1, CELLS, 0.03, &failed, &passed);
	assert_in_range(failed, 0, RUNS / 100);
	assert_in_range(passed, RUNS * 9 / 10, RUNS);
	/* All just at the bound, where errors are likeliest: 5 % and what chance adds to it
	 * (three deviations of 1,000 draws). */
	gates(1.03, CELLS, 0.03, &failed, &passed);
	assert_in_range(failed, 0, RUNS * 7 / 100);
	assert_in_range(passed, 0, RUNS * 7 / 100);
	/* One cell, or all, twice as much worse. */
	gates(1.06, 1, 0.03, &failed, &passed);
	assert_in_range(failed, RUNS * 9 / 10, RUNS);
	assert_int_equal(passed, 0);
	gates(1.06, CELLS, 0.03, &failed, &passed);
	assert_in_range(failed, RUNS * 99 / 100, RUNS);
}

/* Of three cells with p of 1/32 each Holm's first bound refuses all, though each alone would
 * fail; one that is certain opens the way to the next. */
static void cells_are_judged_together(void **state)
{
	const double worse[] = {0.1, 0.2, 0.3, 0.4, 0.5};
	const double certain[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
	const double fine[] = {-0.1, -0.2, -0.3, -0.4, -0.5};
	struct gate_cell cells[3] = {{.log_ratios = worse, .n = 5},
				     {.log_ratios = worse, .n = 5},
				     {.log_ratios = worse, .n = 5}};

	(void)state;
	assert_int_equal(gate_judge(cells, 1, 0.05), GATE_FAIL);
	close_to(cells[0].p_worse, 1 / 32.0, 1e-15);
	assert_int_equal(gate_judge(cells, 3, 0.05), GATE_INCONCLUSIVE);
	cells[1] = (struct gate_cell){.log_ratios = certain, .n = 9};
	cells[2] = (struct gate_cell){.log_ratios = fine, .n = 5};
	assert_int_equal(gate_judge(cells, 3, 0.07), GATE_FAIL); /* 0.07/3, then 0.07/2 */
	assert_int_equal(cells[0].verdict, GATE_FAIL);
	assert_int_equal(cells[1].verdict, GATE_FAIL);
	assert_int_equal(cells[2].verdict, GATE_PASS);
	assert_int_equal(gate_judge(cells, 3, 0.05), GATE_FAIL);
	assert_int_equal(cells[0].verdict, GATE_INCONCLUSIVE); /* 1/32 > 0.05/2 */
	cells[1].n = 0;
	assert_int_equal(gate_judge(cells + 1, 2, 0.05), GATE_INCONCLUSIVE);
	assert_int_equal(gate_judge(cells, 0, 0.05), GATE_INCONCLUSIVE);
}

/* What is said beforehand comes true. */
static void the_smallest_effect_is_shown(void **state)
{
	static double aa[4000];
	struct rng random;
	double delta, effect;
	unsigned failed, passed;

	(void)state;
	rng_spread(&random, 5);
	for (unsigned i = 0; i < COUNT(aa); i++)
		aa[i] = noise(&random, 0.01) + 0.002;
	delta = gate_delta(aa, COUNT(aa), 0.03);
	assert_true(delta > 0.03 && delta < 0.1);
	close_to(gate_delta(aa, COUNT(aa), 0.2), 0.2, 0);
	close_to(gate_delta(aa, 0, 0.03), 0.03, 0);
	effect = gate_smallest_effect(aa, COUNT(aa), PAIRS, delta, CELLS, 0.05, 1);
	assert_true(effect > delta && effect < 2 * delta);
	gates(1 + effect, 1, delta, &failed, &passed);
	assert_in_range(failed, RUNS * 86 / 100, RUNS * 94 / 100);
	/* Four pairs cannot show anything to one cell among eight. */
	assert_true(isinf(gate_smallest_effect(aa, COUNT(aa), 4, delta, CELLS, 0.05, 1)));
}

/* The worst line is the outcome's state, and its exit status. */
/* A line that is not judged has the limit that would count, and one that is of no cell none. */
static void undecided_lines_have_their_limit(void **state)
{
	struct cell cell = {.name = "a"};
	struct gate_limits limits;
	struct gate_outcome o;
	struct gate_timing t = {.pairs = 10, .budget_s = 1, .limits = &limits, .quiet = true};
	struct tier r = {.t = &t, .o = &o, .cells = &cell, .ncells = 1};
	char why[200];

	(void)state;
	gate_limits_begin(&limits);
	assert_int_equal(
		gate_limits_set(&limits, "peak_rss_bytes", "a", "7%", why, sizeof(why)), 0);
	gate_outcome_init(&o);
	tier_plan(&r);
	assert_int_equal(o.nlines, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(o.lines[i].state, GATE_STATE_INCONCLUSIVE);
	assert_true(o.lines[0].limit == 0.03 && o.lines[1].limit == 0.07);
	assert_true(isnan(gate_outcome_add(&o, 3, NULL, "cpu_ns", GATE_NS)->limit));
	free(r.list);
	free(r.verdicts);
	free(r.decided);
	gate_outcome_free(&o);
	gate_limits_free(&limits);
}

static void states_and_statuses(void **state)
{
	static const struct {
		enum gate_state states[3];
		bool passes;
		enum gate_state all;
		int status;
	} cases[] = {
		{{GATE_STATE_PASS, GATE_STATE_PASS, GATE_STATE_SKIPPED},
		 false,
		 GATE_STATE_PASS,
		 0},
		{{GATE_STATE_ACCEPTED, GATE_STATE_SKIPPED, GATE_STATE_ACCEPTED},
		 false,
		 GATE_STATE_PASS,
		 0},
		{{GATE_STATE_PASS, GATE_STATE_INCONCLUSIVE, GATE_STATE_FAIL},
		 true,
		 GATE_STATE_FAIL,
		 1},
		{{GATE_STATE_FAIL, GATE_STATE_BROKEN, GATE_STATE_PASS},
		 false,
		 GATE_STATE_BROKEN,
		 3},
		{{GATE_STATE_PASS, GATE_STATE_INCONCLUSIVE, GATE_STATE_PASS},
		 false,
		 GATE_STATE_INCONCLUSIVE,
		 4},
		{{GATE_STATE_PASS, GATE_STATE_INCONCLUSIVE, GATE_STATE_PASS},
		 true,
		 GATE_STATE_INCONCLUSIVE,
		 0},
		{{GATE_STATE_SKIPPED, GATE_STATE_SKIPPED, GATE_STATE_SKIPPED},
		 false,
		 GATE_STATE_SKIPPED,
		 77},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_outcome o;

		gate_outcome_init(&o);
		o.inconclusive_passes = cases[i].passes;
		for (int k = 0; k < 3; k++) {
			struct gate_line *line =
				gate_outcome_add(&o, 1, "cell", "instructions", GATE_COUNT);

			line->state = cases[i].states[k];
			gate_line_part(line, "malloc", 1, 2);
			gate_text(&line->reason, "%s", gate_states[line->state]);
		}
		gate_outcome_field(&o, "architecture", "x86_64");
		assert_int_equal(o.nlines, 3);
		assert_string_equal(o.lines[1].cell, "cell");
		assert_int_equal(gate_outcome_state(&o), cases[i].all);
		assert_int_equal(gate_outcome_status(&o), cases[i].status);
		gate_outcome_free(&o);
		assert_int_equal(gate_outcome_status(&o), 77);
	}
}

/* Judged four times while values come in, a gate is wrong no more often than promised: here all
 * cells lie just at the bound, where a fail is most likely to be false. */
static void looks_err_as_rarely_as_promised(void **state)
{
	static double values[CELLS][PAIRS];
	const double alpha = 0.05, bound = log1p(0.03);
	unsigned failed = 0, early = 0, wrong_pass = 0;
	struct rng random;

	(void)state;
	close_to(gate_spending(alpha, 0.25) / alpha, 1 / 16.0, 1e-12);
	close_to(gate_spending(alpha, 1), alpha, 0);
	rng_spread(&random, 7);
	for (unsigned run = 0; run < RUNS; run++) {
		struct gate_cell cells[CELLS] = {0};
		bool decided[CELLS] = {false};
		struct gate_looks looks = {.alpha = alpha, .decided = decided};
		enum gate_verdict verdict = GATE_INCONCLUSIVE;

		for (unsigned c = 0; c < CELLS; c++) {
			for (unsigned i = 0; i < PAIRS; i++)
				values[c][i] = noise(&random, 0.01) + bound;
			cells[c] = (struct gate_cell){.log_ratios = values[c], .delta = 0.03};
		}
		for (unsigned look = 1; look <= 4 && verdict == GATE_INCONCLUSIVE; look++) {
			for (unsigned c = 0; c < CELLS; c++)
				cells[c].n = decided[c] ? cells[c].n : PAIRS * look / 4;
			verdict = gate_look(&looks, cells, CELLS, look / 4.0);
			early += verdict == GATE_FAIL && look < 4;
		}
		failed += verdict == GATE_FAIL;
		wrong_pass += cells[0].verdict == GATE_PASS;
		if (verdict != GATE_FAIL)
			close_to(looks.spent, alpha, 1e-12);
	}
	/* Standard deviation of a count at 5 % of 1000: 7. */
	assert_in_range(failed, 1, 50 + 3 * 7);
	assert_in_range(wrong_pass, 1, 50 + 3 * 7);
	assert_true(early < failed);
}

/* What is decided stays so, whatever comes later; and what fails ends the gate. */
static void what_is_decided_stays(void **state)
{
	double up[PAIRS], level[PAIRS];
	struct gate_cell cells[2] = {{.log_ratios = level, .n = PAIRS, .delta = 0.03},
				     {.log_ratios = up, .n = 2, .delta = 0.03}};
	bool decided[2] = {false};
	struct gate_looks looks = {.alpha = 0.05, .decided = decided};

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		up[i] = 0.1 + i / 1000.0;
		level[i] = i / 10000.0;
	}
	assert_int_equal(gate_look(&looks, cells, 2, 0.25), GATE_INCONCLUSIVE);
	assert_true(decided[0] && !decided[1]);
	assert_int_equal(cells[0].verdict, GATE_PASS);
	for (int i = 0; i < PAIRS; i++)
		level[i] = 0.5 + i / 1000.0;
	cells[1].n = PAIRS;
	assert_int_equal(gate_look(&looks, cells, 2, 0.5), GATE_FAIL);
	assert_int_equal(cells[0].verdict, GATE_PASS);
	assert_int_equal(cells[1].verdict, GATE_FAIL);
	/* A cell that fails lies above the bound with all of its interval. */
	assert_true(cells[1].ratio.low > 1.03);
}

/* What one build differs from itself by says nothing of another, nor of the same one with other
 * variables. */
static void noise_is_of_its_base(void **state)
{
	struct contender one = {.build_id = "00ff"}, other = {.build_id = "ff00"},
			 unknown = {.build_id = ""};
	char folder[] = "/tmp/ashlar-test-XXXXXX", variable[] = "A=1", *bases[3];
	struct noise noise;
	double room[8];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_null(noise_base(&unknown));
	bases[0] = noise_base(&one);
	bases[1] = noise_base(&other);
	one.env[one.nenv++] = variable;
	bases[2] = noise_base(&one);
	for (int i = 0; i < 3; i++) {
		noise_read(&noise, folder, "class", bases[i]);
		assert_int_equal(noise.count, i);
		assert_null(noise.since);
		assert_int_equal(noise_of(&noise, NULL, "m", room), 0);
		assert_true(isnan(noise_seconds(&noise, "a")));
		noise_add(&noise, "9999-01-01T00:00:00Z", "a", "m", i + 1, 0.25 * (i + 1));
		assert_int_equal(noise_keep(&noise), 0);
		noise_free(&noise);
	}
	for (int i = 0; i < 3; i++) {
		noise_read(&noise, folder, "class", bases[i]);
		assert_int_equal(noise.count, 3);
		assert_non_null(noise.since);
		assert_int_equal(noise_of(&noise, "a", "m", room), 1);
		close_to(room[0], 0.25 * (i + 1), 0);
		close_to(noise_seconds(&noise, "a"), i + 1, 0);
		noise_free(&noise);
		free(bases[i]);
	}
	file_remove_tree(folder);
}

/* The short way to a test of many draws is the test. */
static void critical_sums(void **state)
{
	(void)state;
	for (size_t n = 5; n <= COUNT(twenty); n++)
		for (double alpha = 0.002; alpha < 0.3; alpha *= 1.7) {
			double critical = stat_signed_rank_critical(n, alpha),
			       sum = stat_signed_rank_sum(twenty, n, 0.0101);

			assert_int_equal(sum >= critical,
					 stat_signed_rank_above(twenty, n, 0.0101) <= alpha);
		}
	assert_true(isinf(stat_signed_rank_critical(4, 0.05)));
	assert_true(isnan(stat_signed_rank_critical(STAT_SIGNED_RANK_MOST + 1, 0.05)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_ranks),
		cmocka_unit_test(ties_and_few),
		cmocka_unit_test(interval_is_the_test),
		cmocka_unit_test(gates_err_as_rarely_as_promised),
		cmocka_unit_test(cells_are_judged_together),
		cmocka_unit_test(the_smallest_effect_is_shown),
		cmocka_unit_test(looks_err_as_rarely_as_promised),
		cmocka_unit_test(what_is_decided_stays),
		cmocka_unit_test(critical_sums),
		cmocka_unit_test(noise_is_of_its_base),
		cmocka_unit_test(undecided_lines_have_their_limit),
		cmocka_unit_test(states_and_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
