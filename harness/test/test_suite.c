#include "harness/test/unit.h"

#include <stdlib.h>
#include <string.h>
#include "harness/run/request.h"
#include "harness/matrix/suite.h"
#include "workloads/catalogue/workloads.h"
#include "workloads/catalogue/programs.h"

static struct cell *cells;
static int count;
static char why[2400];
static const char *suite = "quick";

static int build(const char *workload, const char *setting, int blocks, int mode)
{
	const char *workloads[] = {workload}, *settings[] = {setting};
	struct suite_choice choice = {
		.suite = suite,
		.workloads = workloads,
		.nworkloads = workload ? 1 : 0,
		.settings = settings,
		.nsettings = setting ? 1 : 0,
		.blocks = blocks,
	};

	if (mode >= 0)
		choice.modes[mode] = choice.modes_given = true;
	free(cells);
	cells = NULL;
	count = 0;
	return suite_cells(&choice, &cells, &count, why, sizeof(why));
}

static const struct cell *find(const char *name, enum cell_mode mode)
{
	for (int i = 0; i < count; i++)
		if (cells[i].mode == mode && strcmp(cells[i].name, name) == 0)
			return &cells[i];
	return NULL;
}

static void the_quick_suite(void **state)
{
	int programs = 0, throughput = 0;

	(void)state;
	assert_int_equal(build(NULL, NULL, 0, -1), 0);
	for (int i = 0; i < count; i++) {
		programs += cells[i].program && cells[i].mode == MODE_THROUGHPUT;
		throughput += cells[i].workload && cells[i].mode == MODE_THROUGHPUT &&
			      strcmp(cells[i].name, cells[i].workload->name) == 0;
		assert_true(cells[i].mode != MODE_VERIFY);
		/* Nothing twice. */
		for (int k = 0; k < i; k++)
			assert_false(cells[i].mode == cells[k].mode &&
				     strcmp(cells[i].name, cells[k].name) == 0);
	}
	assert_int_equal(throughput, 8);
	assert_int_equal(programs, 4);
	assert_int_equal(find("tiny-churn", MODE_THROUGHPUT)->blocks, 5);
	assert_int_equal(find("tiny-churn", MODE_LATENCY)->blocks, 1);
	assert_int_equal(find("frag-drain:idle_ms=5000", MODE_MEMORY)->blocks, 2);
	assert_non_null(find("larson:threads=4", MODE_THROUGHPUT));
	assert_null(find("larson", MODE_INSTRUCTIONS)); /* it has threads */
}

/* What a statement about two allocators stands on, member by member. */
/* Four cells of each suite, and none of those that the user names. */
static void cells_that_run_again(void **state)
{
	static const char *const suites[] = {"quick", "verdict", "full"};
	const char *kept = suite;

	(void)state;
	for (int s = 0; s < 3; s++) {
		int again = 0, programs = 0;

		suite = suites[s];
		assert_int_equal(build(NULL, NULL, 0, -1), 0);
		for (int i = 0; i < count; i++) {
			again += cells[i].again;
			programs += cells[i].again && cells[i].program;
			assert_true(!cells[i].again || cells[i].mode == MODE_THROUGHPUT);
		}
		assert_int_equal(again, 4);
		assert_int_equal(programs, 1);
	}
	suite = kept;
	assert_int_equal(build("tiny-churn,larson", NULL, 0, -1), 0);
	for (int i = 0; i < count; i++)
		assert_false(cells[i].again);
}

static void the_verdict_suite(void **state)
{
	static const char *const members[] = {
		"tiny-churn",   "live-sweep",  "skew-slots",     "larson",    "prod-cons",
		"mixed-ageing", "own-lines",   "fleet-5",        "kv-server", "frag-drain",
		"size-shift",   "big-buffers", "realloc-growth", "redis",     "cc1plus",
		"python-json",  "sqlite"};
	const int n = sizeof(members) / sizeof(members[0]);
	int large = 0, throughput = 0;

	(void)state;
	suite = "verdict";
	assert_int_equal(build(NULL, NULL, 0, -1), 0);
	for (int i = 0; i < n; i++) {
		const struct cell *cell = find(members[i], MODE_THROUGHPUT);
		struct wl_run run;

		assert_non_null(cell);
		assert_int_equal(cell->blocks, 10);
		if (!cell->workload)
			continue;
		run = (struct wl_run){.workload = cell->workload};
		memcpy(run.values, cell->values, sizeof(run.values));
		large += cell->workload->peak_bytes(&run) >= (uint64_t)32 << 20;
	}
	assert_true(large >= 6);
	for (int i = 0; i < count; i++) {
		throughput += cells[i].mode == MODE_THROUGHPUT;
		if (cells[i].mode == MODE_LATENCY || cells[i].mode == MODE_MEMORY)
			assert_int_equal(cells[i].blocks, 2);
	}
	assert_int_equal(throughput, n);
	/* Lines: of one thread where, of several whose; with a fiftieth of the work. */
	assert_non_null(find("skew-slots:ops=140000", MODE_LOCALITY));
	assert_null(find("own-lines:ops=240000", MODE_LOCALITY));
	assert_int_equal(find("own-lines:ops=240000", MODE_SHARING)->blocks, 1);
	assert_non_null(find("own-lines:ops=240000,threads=8", MODE_SHARING));
	for (int i = 0; i < count; i++) {
		assert_true(cells[i].mode != MODE_LOCALITY ||
			    (cells[i].workload && !cells[i].workload->threaded));
		assert_true(cells[i].mode != MODE_SHARING ||
			    strcmp(cells[i].workload->name, "own-lines") == 0);
	}
	/* Beyond it, but asked for by name. */
	assert_int_equal(build("diurnal", NULL, 0, MODE_THROUGHPUT), 0);
	assert_int_equal(count, 1);
	/* Its nights last where memory is looked at. */
	assert_int_equal(build("diurnal", NULL, 0, MODE_MEMORY), 0);
	assert_int_equal(count, 1);
	assert_string_equal(cells[0].name, "diurnal:hour_ms=200");
	/* The user's own word is the last. */
	assert_int_equal(build("diurnal", "hour_ms=500", 0, MODE_MEMORY), 0);
	assert_int_equal(count, 1);
	assert_string_equal(cells[0].name, "diurnal:hour_ms=500");
	suite = "quick";
}

static void the_full_suite(void **state)
{
	(void)state;
	suite = "full";
	assert_int_equal(build(NULL, NULL, 0, -1), 0);
	for (const struct workload *const *w = workloads_all; *w; w++)
		assert_non_null(find((*w)->name, MODE_THROUGHPUT));
	for (const struct program *const *p = programs_all; *p; p++)
		assert_non_null(find((*p)->name, MODE_THROUGHPUT));
	/* Open loops at three loads; counts where they repeat. */
	assert_non_null(find("req-region:load=50", MODE_LATENCY));
	assert_non_null(find("llm-kv:load=90", MODE_LATENCY));
	assert_null(find("startup-exit:ops=16", MODE_INSTRUCTIONS));
	suite = "quick";
}

/* Of a trace by several copies, unless their number is said. */
static void traces_share_by_copies(void **state)
{
	(void)state;
	assert_int_equal(build("trace:sqlite", NULL, 0, MODE_SHARING), 0);
	assert_int_equal(count, 1);
	assert_string_equal(cells[0].name, "trace:sqlite:ops=100000,copies=8");
	assert_int_equal(build("trace:sqlite", "copies=2", 0, MODE_SHARING), 0);
	assert_string_equal(cells[0].name, "trace:sqlite:ops=100000,copies=2");
	assert_int_equal(build("trace:sqlite", "copies=129", 0, MODE_SHARING), -1);
	assert_non_null(strstr(why, "takes integers from 1 to 128"));
	assert_int_equal(build("larson", NULL, 0, MODE_SHARING), -1);
	assert_non_null(strstr(why, "no selected workload has the mode asked for"));
}

static void instructions_take_a_fiftieth(void **state)
{
	struct cell plain;

	(void)state;
	assert_int_equal(build("tiny-churn", NULL, 0, MODE_INSTRUCTIONS), 0);
	assert_int_equal(count, 1);
	assert_true(cell_init(&plain, "tiny-churn", MODE_THROUGHPUT));
	int ops = cell_find_param(&plain, "ops");
	assert_true(cells[0].values[ops] == plain.values[ops] / 50);
}

/* Of a program they take a minute: only by its name together with the mode. */
static void programs_are_counted_by_name(void **state)
{
	const char *kept = suite;

	(void)state;
	suite = "full";
	assert_int_equal(build(NULL, NULL, 0, MODE_INSTRUCTIONS), 0);
	for (const struct program *const *p = programs_all; *p; p++)
		assert_null(find((*p)->name, MODE_INSTRUCTIONS));
	suite = kept;
	for (const struct program *const *p = programs_all; *p; p++) {
		assert_int_equal(build((*p)->name, NULL, 0, MODE_INSTRUCTIONS), 0);
		assert_int_equal(count, 1);
		assert_non_null(find((*p)->name, MODE_INSTRUCTIONS));
	}
	assert_int_equal(build("redis", NULL, 0, -1), 0);
	assert_null(find("redis", MODE_INSTRUCTIONS));
}

/* One workload once more with a clock that moves, and any by --set; never where the clock is
 * the machine's. */
static void a_held_clock_may_step(void **state)
{
	(void)state;
	assert_int_equal(build("fleet-5", NULL, 0, MODE_INSTRUCTIONS), 0);
	assert_int_equal(count, 2);
	assert_true(cells[0].step_ns == 0);
	assert_true(cells[1].step_ns == 50000);
	assert_string_equal(cells[1].name, "fleet-5:ops=60000,step_ns=50000");
	assert_int_equal(build("tiny-churn", "step_ns=1000", 0, MODE_INSTRUCTIONS), 0);
	assert_int_equal(count, 1);
	assert_true(cells[0].step_ns == 1000);
	assert_int_equal(build("tiny-churn", "step_ns=1000", 0, MODE_THROUGHPUT), -1);
	assert_non_null(strstr(why, "no selected workload has a parameter 'step_ns'"));
	assert_int_equal(build("tiny-churn", "step_ns=-1", 0, MODE_INSTRUCTIONS), -1);
	assert_non_null(strstr(why, "takes integers from 0 to 1000000000"));
}

static void blocks_speak_of_named_modes(void **state)
{
	(void)state;
	assert_int_equal(build("tiny-churn", NULL, 3, -1), 0);
	assert_int_equal(find("tiny-churn", MODE_THROUGHPUT)->blocks, 3);
	assert_int_equal(find("tiny-churn", MODE_LATENCY)->blocks, 1);
	assert_int_equal(build("tiny-churn", NULL, 3, MODE_LATENCY), 0);
	assert_int_equal(count, 1);
	assert_int_equal(cells[0].blocks, 3);
}

static void settings_go_where_they_fit(void **state)
{
	(void)state;
	assert_int_equal(build("tiny*", "ops=8192,depth=7", 0, MODE_THROUGHPUT), 0);
	assert_string_equal(cells[0].name, "tiny-churn:ops=8192,depth=7");
	/* Beyond what another workload's parameter of that name takes. */
	assert_int_equal(build("tiny*", "ops=9000000000", 0, -1), 0);
	assert_int_equal(build("tiny*", "nosuch=1", 0, -1), -1);
	assert_non_null(strstr(why, "'nosuch'"));
	assert_int_equal(build("tiny*", "depth=100000", 0, -1), -1);
	assert_non_null(strstr(why, "integers from"));
	assert_int_equal(build("tiny*", "depth=3x", 0, -1), -1);
	assert_int_equal(build("tiny*", "depth", 0, -1), -1);
}

static void unknown_names_are_named(void **state)
{
	(void)state;
	assert_int_equal(build("tiny-churn,nosuch", NULL, 0, -1), -1);
	assert_non_null(strstr(why, "'nosuch'"));
	assert_non_null(strstr(why, "larson"));
	assert_null(strstr(why, "'tiny-churn'"));
}

static void durations(void **state)
{
	static const char *const bad[] = {"",    "m",   "-1s",  "0s",   "90",          " 5s",
					  "+5s", "10x", "1.5m", "10 m", "99999999999h"};

	(void)state;
	assert_int_equal(request_duration("90s"), 90);
	assert_int_equal(request_duration("10m"), 600);
	assert_int_equal(request_duration("2h"), 7200);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(request_duration(bad[i]), -1);
}

static int forget(void **state)
{
	(void)state;
	free(cells);
	cells = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_quick_suite),
		cmocka_unit_test(cells_that_run_again),
		cmocka_unit_test(the_verdict_suite),
		cmocka_unit_test(the_full_suite),
		cmocka_unit_test(traces_share_by_copies),
		cmocka_unit_test(instructions_take_a_fiftieth),
		cmocka_unit_test(programs_are_counted_by_name),
		cmocka_unit_test(a_held_clock_may_step),
		cmocka_unit_test(blocks_speak_of_named_modes),
		cmocka_unit_test(settings_go_where_they_fit),
		cmocka_unit_test(unknown_names_are_named),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
