/* What the exact tiers make of values: limits, lines, means, and files of baselines. */
#include "harness/gate/again.h"
#include "harness/gate/baseline.h"
#include "harness/gate/compare.h"
#include "harness/gate/count_class.h"
#include "harness/gate/limits.h"
#include "harness/gate/trials.h"
#include "harness/test/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/elf_file.h"
#include "harness/base/file.h"

static struct gate_value *put(struct gate_values *values, const char *cell, double value)
{
	struct gate_value *v = gate_values_add(values, 1, cell, "instructions", GATE_COUNT);

	v->value = value;
	return v;
}

static void globs_mean_cells(void **state)
{
	(void)state;
	assert_true(gate_cell_wanted(NULL, "larson:threads=4"));
	assert_true(gate_cell_wanted("larson", "larson:threads=4"));
	assert_true(gate_cell_wanted("x,lar*", "larson:threads=4,slots=2"));
	assert_true(gate_cell_wanted("larson:threads=4,slots=2", "larson:threads=4,slots=2"));
	assert_true(gate_cell_wanted("trace:redis", "trace:redis:ops=5"));
	assert_false(gate_cell_wanted("trace:redis", "trace:redis-io:ops=5"));
	assert_false(gate_cell_wanted("threads=4", "larson:threads=4"));
	assert_false(gate_cell_wanted("", "larson"));
}

/* Of every tier: what a replay did is no value unless it is what its trace promises. */
static void only_what_was_promised_is_a_value(void **state)
{
	struct sample s = {.status = SAMPLE_OK, .replay = {.used = 1, .validated = 1}};
	struct gate_values values = {0};
	struct gate_value *value;

	(void)state;
	value = gate_values_add(&values, 1, "trace:a", "instructions", GATE_COUNT);
	assert_false(gate_trials_absent(&s, value));
	assert_null(value->failure);
	s.replay.validated = 0;
	snprintf(s.replay.invalid, sizeof(s.replay.invalid), "frees: 3, 4 are promised");
	assert_true(gate_trials_absent(&s, value));
	assert_string_equal(value->failure,
			    "not what the trace promises: frees: 3, 4 are promised");
	s.replay.used = 0;
	value = gate_values_add(&values, 1, "b", "instructions", GATE_COUNT);
	assert_false(gate_trials_absent(&s, value));
	sample_fail(&s, SAMPLE_SKIPPED, "no valgrind");
	assert_true(gate_trials_absent(&s, value));
	assert_string_equal(value->skipped, "no valgrind");
	gate_values_free(&values);
}

static void limits_are_of_metrics_and_cells(void **state)
{
	struct gate_limits limits;
	char why[300];

	(void)state;
	gate_limits_begin(&limits);
	assert_true(gate_limit_of(&limits, "instructions", "a") == 0.005);
	assert_true(gate_limit_of(&limits, "instructions", NULL) == 0.002);
	assert_true(gate_limit_of(&limits, "fast_loads", "a") == 0);
	assert_true(gate_limit_of(&limits, "lines", "a") == 0.02);
	assert_true(isnan(gate_limit_of(&limits, "lines", NULL)));
	assert_int_equal(
		gate_limits_set(&limits, "instructions", "b*,c", "7 %", why, sizeof(why)), 0);
	assert_true(gate_limit_of(&limits, "instructions", "a") == 0.005);
	assert_true(gate_limit_of(&limits, "instructions", "c:ops=3") == 0.07);
	assert_int_equal(gate_limits_set(&limits, "lines.mean", NULL, "1%", why, sizeof(why)),
			 0);
	assert_true(gate_limit_of(&limits, "lines", NULL) == 0.01);
	for (const char *const *bad =
		     (const char *const[]){"", "1", "-1%", "nan%", "1%%", "x%", "1e9%", NULL};
	     *bad; bad++)
		assert_int_equal(
			gate_limits_set(&limits, "lines", NULL, *bad, why, sizeof(why)), -1);
	assert_int_equal(gate_limits_set(&limits, "line", NULL, "1%", why, sizeof(why)), -1);
	assert_int_equal(
		gate_limits_set(&limits, "lines.meanest", NULL, "1%", why, sizeof(why)), -1);
	assert_int_equal(gate_limits_set(&limits, "lines.mean", "a", "1%", why, sizeof(why)),
			 -1);
	gate_limits_free(&limits);
	assert_true(gate_limits_section("gate") && gate_limits_section("gate a*"));
	assert_false(gate_limits_section("gates") || gate_limits_section("larson"));
}

/* The line of a cell; NULL: of the mean. */
static const struct gate_line *line_of(const struct gate_outcome *outcome, const char *cell)
{
	for (size_t i = 0; i < outcome->nlines; i++) {
		const char *name = outcome->lines[i].cell;

		if (cell && name ? strcmp(name, cell) == 0 : cell == name)
			return &outcome->lines[i];
	}
	fail();
	return NULL;
}

static void lines_are_judged_by_their_limits(void **state)
{
	struct gate_values base = {0}, head = {0};
	struct gate_outcome outcome;
	struct gate_limits limits;
	struct gate_value *v;
	const struct gate_line *line;

	(void)state;
	gate_limits_begin(&limits);
	gate_outcome_init(&outcome);
	put(&base, "at the limit", 1000);
	put(&head, "at the limit", 1005);
	put(&base, "above", 1000);
	put(&head, "above", 1006);
	put(&base, "nothing", 0);
	put(&head, "nothing", 0);
	put(&base, "from nothing", 0);
	put(&head, "from nothing", 1);
	put(&base, "only base", 1);
	put(&head, "only head", 1);
	put(&base, "breaks", 1);
	put(&head, "breaks", NAN)->failure = strdup("SIGSEGV");
	put(&base, "is not here", 1);
	put(&head, "is not here", NAN)->skipped = strdup("no room");
	v = put(&base, "wanted", 1000);
	v->accepted = 1100;
	v->because = strdup("checks");
	put(&head, "wanted", 1105);
	v = put(&base, "more than wanted", 1000);
	v->accepted = 1100;
	v->because = strdup("checks");
	put(&head, "more than wanted", 1106);
	gate_compare(&base, &head, 1, true, true, &limits, "gate", &outcome);
	assert_int_equal(line_of(&outcome, "at the limit")->state, GATE_STATE_PASS);
	assert_int_equal(line_of(&outcome, "above")->state, GATE_STATE_FAIL);
	assert_string_equal(line_of(&outcome, "above")->command,
			    "gate --tiers 1 --workload 'above'");
	assert_int_equal(line_of(&outcome, "nothing")->state, GATE_STATE_PASS);
	assert_int_equal(line_of(&outcome, "from nothing")->state, GATE_STATE_FAIL);
	assert_int_equal(line_of(&outcome, "only base")->state, GATE_STATE_SKIPPED);
	assert_int_equal(line_of(&outcome, "only head")->state, GATE_STATE_SKIPPED);
	assert_int_equal(line_of(&outcome, "breaks")->state, GATE_STATE_BROKEN);
	assert_int_equal(line_of(&outcome, "is not here")->state, GATE_STATE_SKIPPED);
	line = line_of(&outcome, "wanted");
	assert_int_equal(line->state, GATE_STATE_ACCEPTED);
	assert_string_equal(line->reason, "checks");
	assert_int_equal(line_of(&outcome, "more than wanted")->state, GATE_STATE_FAIL);
	/* 1.005, 1.006 and, from what was accepted, 1.0045 and 1.0055; no other has a ratio. */
	line = line_of(&outcome, NULL);
	assert_true(fabs(line->ratio.point -
			 pow(1.005 * 1.006 * 1105 / 1100 * 1106 / 1100, 0.25)) < 1e-12);
	assert_int_equal(line->state, GATE_STATE_FAIL);
	/* Some cells of a tier have no mean that a limit could be of. */
	gate_outcome_free(&outcome);
	gate_compare(&base, &head, 1, true, false, &limits, "gate", &outcome);
	for (size_t i = 0; i < outcome.nlines; i++)
		assert_non_null(outcome.lines[i].cell);
	gate_outcome_free(&outcome);
	gate_values_free(&base);
	gate_values_free(&head);
	gate_limits_free(&limits);
}

static void what_grew_is_told_first(void **state)
{
	struct gate_values base = {0}, head = {0};
	struct gate_outcome outcome;
	struct gate_limits limits;
	struct gate_value *b, *h;
	const struct gate_line *line;

	(void)state;
	gate_limits_begin(&limits);
	gate_outcome_init(&outcome);
	b = put(&base, "cell", 1000);
	gate_value_share(b, "malloc", 500);
	gate_value_share(b, "gone", 100);
	gate_value_share(b, "same", 400);
	h = put(&head, "cell", 1200);
	gate_value_share(h, "malloc", 550);
	gate_value_share(h, "new", 250);
	gate_value_share(h, "same", 400);
	gate_compare(&base, &head, 1, true, true, &limits, "gate", &outcome);
	line = line_of(&outcome, "cell");
	assert_int_equal(line->nparts, 3);
	assert_string_equal(line->parts[0].name, "new");
	assert_true(line->parts[0].base == 0 && line->parts[0].head == 250);
	assert_string_equal(line->parts[1].name, "malloc");
	assert_string_equal(line->parts[2].name, "gone");
	assert_int_equal(outcome.nlines, 1); /* no mean of one cell */
	gate_outcome_free(&outcome);
	gate_values_free(&base);
	gate_values_free(&head);
	gate_limits_free(&limits);
}

/* A shell reads back what was asked for, whatever stands in it. */
static void commands_are_for_a_shell(void **state)
{
	static const struct gate_request request = {.base = "it=/a b/l.so,X='$Y'",
						    .head = "ashlar",
						    .job = "a\\b.job",
						    .seed = 7,
						    .budget_s = 90,
						    .pairs = 20,
						    .precision = 0.015};
	static const struct gate_request kept = {
		.baseline = "b.json", .head = "it=/l.so,X=1,Y=2", .seed = GATE_SEED};
	char *again = gate_again(&request, false), *timed = gate_again(&request, true),
	     *cell = gate_again_cell(timed, 3, "c:a=1,b=2"),
	     *update = gate_again_update(&kept, 2);

	(void)state;
	assert_string_equal(again,
			    "ashlar-bench gate --base 'it=/a b/l.so,X='\\''$Y'\\''' --head "
			    "'ashlar' --seed 7 --job 'a\\b.job'");
	assert_memory_equal(cell, again, strlen(again));
	assert_string_equal(cell + strlen(again), " --budget 90s --pairs 20 --precision 1.5% "
						  "--tiers 3 --workload 'c:a=1,b=2'");
	assert_string_equal(update, "ashlar-bench gate --update 'b.json' --head "
				    "'it=/l.so,X=1,Y=2' --tiers 2");
	free(again);
	free(timed);
	free(cell);
	free(update);
}

static bool names(const struct gate_line *line, const char *function)
{
	for (size_t i = 0; i < line->nparts; i++)
		if (strcmp(line->parts[i].name, function) == 0)
			return true;
	return false;
}

/* A function that is too small to be kept of one side alone has not grown for that. */
static void what_is_left_out_has_not_grown(void **state)
{
	struct gate_values base = {0}, head = {0};
	struct gate_outcome outcome;
	struct gate_limits limits;
	struct gate_value *b, *h;
	const struct gate_line *line;

	(void)state;
	gate_limits_begin(&limits);
	gate_outcome_init(&outcome);
	b = put(&base, "cell", 100000);
	b->share_least = 500;
	gate_value_share(b, "malloc", 60000);
	gate_value_share(b, "at the cut", 501);
	gate_value_share(b, "gone", 9000);
	h = put(&head, "cell", 101000);
	h->share_least = 505;
	gate_value_share(h, "malloc", 61000);
	gate_value_share(h, "small", 400);
	gate_value_share(h, "above the cut", 506);
	gate_value_share(h, "new", 8000);
	gate_compare(&base, &head, 1, true, true, &limits, "gate", &outcome);
	line = line_of(&outcome, "cell");
	assert_int_equal(line->state, GATE_STATE_FAIL);
	assert_int_equal(line->nparts, 3);
	assert_string_equal(line->parts[0].name, "new");
	assert_true(line->parts[0].base == 500 && line->parts[0].head == 8000);
	assert_true(names(line, "malloc") && names(line, "gone"));
	gate_outcome_free(&outcome);
	gate_values_free(&base);
	gate_values_free(&head);
	gate_limits_free(&limits);
}

/* The same through a file, which keeps less than is measured. */
static void what_a_file_leaves_out_has_not_grown(void **state)
{
	struct gate_class class = {.count = 0};
	struct gate_values base = {0}, head = {0}, read = {0};
	struct gate_outcome outcome;
	struct gate_limits limits;
	const struct gate_line *line;
	char why[300], *nearest;
	json_t *file;

	(void)state;
	gate_limits_begin(&limits);
	gate_outcome_init(&outcome);
	gate_value_share(put(&base, "cell", 1000000), "malloc", 900000);
	gate_value_share(&base.list[0], "unchanged", 4000);
	gate_value_share(put(&head, "cell", 1010000), "malloc", 910000);
	gate_value_share(&head.list[0], "unchanged", 4000);
	base.list[0].share_least = head.list[0].share_least = 500;
	file = gate_baseline_read("/no/such/file", true, why, sizeof(why));
	gate_baseline_put(file, &class, 1, &base, false);
	assert_true(gate_baseline_find(file, &class, &read, &nearest));
	gate_compare(&read, &head, 1, true, true, &limits, "gate", &outcome);
	line = line_of(&outcome, "cell");
	assert_int_equal(line->state, GATE_STATE_FAIL);
	assert_true(names(line, "malloc") && !names(line, "unchanged"));
	json_decref(file);
	gate_outcome_free(&outcome);
	gate_values_free(&base);
	gate_values_free(&head);
	gate_values_free(&read);
	gate_limits_free(&limits);
}

static void make_class(struct gate_class *class, const char *compiler, const char *page)
{
	*class = (struct gate_class){.count = 0};
	gate_class_add(class, "compiler", compiler);
	gate_class_add(class, "libc", "00ff");
	if (page)
		gate_class_add(class, "page_size", page);
}

static void baselines_are_kept_by_class(void **state)
{
	char path[] = "/tmp/ashlar-test-XXXXXX", why[300], *nearest, *first, *second;
	struct gate_values values = {0}, read = {0}, again = {0};
	struct gate_class one, other, memory;
	json_t *file;

	(void)state;
	assert_true(close(mkstemp(path)) == 0);
	unlink(path);
	assert_null(gate_baseline_read(path, false, why, sizeof(why)));
	assert_string_equal(why, "");
	file = gate_baseline_read(path, true, why, sizeof(why));
	make_class(&one, "GCC 12", NULL);
	make_class(&other, "GCC 13", NULL);
	make_class(&memory, "GCC 12", "4096");
	gate_value_share(put(&values, "a", 1000000), "malloc", 900000);
	gate_value_share(&values.list[0], "noise", 10);
	put(&values, "b", 0.25);
	put(&values, "failed", NAN);
	gate_baseline_put(file, &one, 1, &values, false);
	assert_int_equal(gate_baseline_write(path, file, why, sizeof(why)), 0);
	json_decref(file);
	first = file_read(path);

	file = gate_baseline_read(path, false, why, sizeof(why));
	assert_false(gate_baseline_find(file, &other, &read, &nearest));
	assert_string_equal(nearest, "compiler (GCC 12, here GCC 13)");
	free(nearest);
	assert_false(gate_baseline_find(file, &memory, &read, &nearest));
	assert_null(nearest);
	assert_true(gate_baseline_find(file, &one, &read, &nearest));
	assert_int_equal(read.count, 2);
	assert_true(gate_values_find(&read, 1, "a", "instructions")->value == 1000000);
	assert_true(gate_values_find(&read, 1, "b", "instructions")->value == 0.25);
	assert_int_equal(gate_values_find(&read, 1, "a", "instructions")->nshares, 1);

	/* Some millionths are nothing to review; a cell that went is. */
	gate_value_share(put(&again, "a", 1000007), "malloc", 900007);
	put(&again, "b", 0.25);
	gate_baseline_put(file, &one, 1, &again, false);
	assert_int_equal(gate_baseline_write(path, file, why, sizeof(why)), 0);
	second = file_read(path);
	assert_string_equal(first, second);
	assert_true(gate_baseline_accept(file, &one, "a", "instructions", 1100000, "why not"));
	assert_false(gate_baseline_accept(file, &one, "c", "instructions", 1, "why not"));
	gate_values_free(&read);
	assert_true(gate_baseline_find(file, &one, &read, &nearest));
	assert_true(gate_values_find(&read, 1, "a", "instructions")->accepted == 1100000);
	gate_values_free(&again);
	put(&again, "b", 1);
	gate_baseline_put(file, &one, 1, &again, true);
	gate_values_free(&read);
	assert_true(gate_baseline_find(file, &one, &read, &nearest));
	assert_int_equal(read.count, 2);
	gate_baseline_put(file, &one, 1, &again, false);
	gate_values_free(&read);
	assert_true(gate_baseline_find(file, &one, &read, &nearest));
	assert_int_equal(read.count, 1);

	json_decref(file);
	unlink(path);
	free(first);
	free(second);
	gate_values_free(&values);
	gate_values_free(&read);
	gate_values_free(&again);
	gate_class_free(&one);
	gate_class_free(&other);
	gate_class_free(&memory);
}

static void other_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"schema\": \"ashlar-baseline 2\", \"baselines\": []}",
		"{\"schema\": \"ashlar-baseline 1\"}",
		"{\"schema\": \"ashlar-baseline 1\", \"baselines\": [1]}",
		"{\"schema\": \"ashlar-baseline 1\", \"baselines\": [{\"class\": {\"a\": 1}, "
		"\"cells\": {}}]}",
		"{\"schema\": \"ashlar-baseline 1\", \"baselines\": [{\"class\": {}, "
		"\"cells\": {\"a\": 5}}]}",
		"{\"schema\": \"ashlar-baseline 1\", \"baselines\": [{\"class\": {}, "
		"\"cells\": {\"a\": {\"m\": {\"value\": \"x\", \"tier\": 1}}}}]}",
		"{\"schema\": \"ashlar-baseline 1\", \"baselines\": [{\"class\": {}, "
		"\"cells\": {\"a\": {\"m\": {\"value\": 1, \"tier\": 1, \"accepted\": 2}}}}]}",
	};
	char path[] = "/tmp/ashlar-test-XXXXXX", why[300];

	(void)state;
	assert_true(close(mkstemp(path)) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(file_write(path, bad[i]), 0);
		assert_null(gate_baseline_read(path, true, why, sizeof(why)));
		assert_non_null(strstr(why, "not a file of baselines"));
	}
	unlink(path);
}

/* Of this program itself, which a compiler left its name in. */
static void files_say_their_compiler(void **state)
{
	char *compilers = elf_compilers("/proc/self/exe"),
	     *none = elf_compilers("/proc/self/maps");

	(void)state;
	assert_true(*compilers && !strchr(compilers, '\n'));
	assert_string_equal(none, "");
	assert_false(elf_defines("/proc/self/maps", "malloc"));
	free(compilers);
	free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_mean_cells),
		cmocka_unit_test(only_what_was_promised_is_a_value),
		cmocka_unit_test(limits_are_of_metrics_and_cells),
		cmocka_unit_test(lines_are_judged_by_their_limits),
		cmocka_unit_test(commands_are_for_a_shell),
		cmocka_unit_test(what_grew_is_told_first),
		cmocka_unit_test(what_is_left_out_has_not_grown),
		cmocka_unit_test(what_a_file_leaves_out_has_not_grown),
		cmocka_unit_test(baselines_are_kept_by_class),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(files_say_their_compiler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
