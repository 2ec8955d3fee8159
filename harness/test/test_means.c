/* Means over cells and what is doubted, on a set made by hand: in every block the same, so
 * that each interval is its point and each number can be worked out on paper. */
#include "harness/test/unit.h"
#include "harness/analysis/doubts.h"
#include "harness/analysis/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 5

static const struct {
	const char *cell, *workload, *kind;
	double cpu, rss;          /* beside the reference */
	double rss_mib, live_mib; /* of the reference; 0: it does not tell what lives */
} cells[] = {
	{"p1", "p1", "program", 0.5, 1.2, 100, 0}, {"p2", "p2", "program", 1.1, 1.2, 100, 0},
	{"p3", "p3", "program", 1.1, 0.1, 7, 0},   {"x", "x", "workload", 2, 0.01, 100, 7},
	{"y", "y", "workload", 8, 0.5, 100, 16},   {"y:n=2", "y", "workload", 2, 0.5, 100, 16},
	{"z", "z", "workload", 2, 3, 100, 8},
};
#define CELLS (sizeof(cells) / sizeof(*cells))

static struct result_contender contenders[] = {{.name = "glibc", .status = "ok"},
					       {.name = "other", .status = "ok"},
					       {.name = "null", .status = "ok"}};
static struct result_cell set_cells[CELLS];
static struct result_sample samples[CELLS * BLOCKS * 3];
static struct result_set set;

/* `other` is missing in the programs from number `programs` on. */
static struct comparison *compare(size_t programs)
{
	set = (struct result_set){.contenders = contenders,
				  .ncontenders = 3,
				  .cells = set_cells,
				  .ncells = CELLS,
				  .samples = samples};
	for (size_t i = 0; i < CELLS; i++) {
		bool program = !strcmp(cells[i].kind, "program");

		set_cells[i] = (struct result_cell){cells[i].cell, cells[i].workload,
						    cells[i].kind, "throughput",
						    "op",          NULL};
		for (size_t k = 0; k < 3; k++)
			for (int block = 0; block < BLOCKS; block++) {
				struct result_sample *s = &samples[set.nsamples++];

				json_decref(s->json);
				*s = (struct result_sample){
					.block = block, .cell = i, .contender = k, .ops = 1};
				s->status = s->reason = "";
				s->ok = !(k == 1 && program && i >= programs);
				s->cpu_ns = 1e9 * (k == 1 ? cells[i].cpu : 1);
				s->peak_rss_bytes =
					0x1p20 * cells[i].rss_mib * (k == 1 ? cells[i].rss : 1);
				if (cells[i].live_mib)
					s->json =
						json_pack("{s:[{s:f}]}", "phases", "live_bytes",
							  0x1p20 * cells[i].live_mib);
			}
	}
	return comparison_make(&set, 0);
}

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-9 * fabs(want)))
		fail_msg("%.12g, not %.12g", got, want);
}

static void programs_and_workloads_apart(void **state)
{
	struct comparison *c = compare(CELLS);
	struct means *m = means_make(c);
	const struct mean *mean = means_of(m, c, 1, SCOPE_PROGRAMS, METRIC_CPU);

	(void)state;
	/* Cube root of 0.5 * 1.1 * 1.1; without p1 1.1, without p2 or p3 the root of 0.55. */
	near(mean->ratio.point, cbrt(0.605));
	near(mean->ratio.low, cbrt(0.605));
	assert_int_equal(mean->ratio.n, BLOCKS);
	assert_int_equal(mean->cells, 3);
	near(mean->median, 1.1);
	near(mean->least.ratio, sqrt(0.55));
	assert_string_equal(mean->least.name, "p2");
	near(mean->most.ratio, 1.1);
	assert_string_equal(mean->most.name, "p1");
	/* From below 1 to above. */
	near(mean->turned.ratio, 1.1);
	assert_string_equal(mean->turned.name, "p1");
	assert_int_equal(doubts_of_mean(mean).what, DOUBT_TURNED);

	/* Each workload counts once: 2, sqrt(8 * 2) and 2.  What is left without x or z is
	 * sqrt(2 * 4), without y:n=2 cbrt(2 * 8 * 2), without y of the two cbrt(2 * 2 * 2), as
	 * without the whole of y. */
	mean = means_of(m, c, 1, SCOPE_WORKLOADS, METRIC_CPU);
	near(mean->ratio.point, cbrt(2 * 4 * 2));
	assert_int_equal(mean->cells, 4);
	near(mean->median, 2);
	near(mean->least.ratio, 2);
	near(mean->most.ratio, cbrt(32));
	assert_string_equal(mean->most.name, "y:n=2");
	assert_null(mean->turned.name);
	assert_int_equal(doubts_of_mean(mean).what, 0);
	assert_int_equal(means_of(m, c, 2, SCOPE_WORKLOADS, METRIC_CPU)->ratio.n, 0);
	means_free(m);
	comparison_free(c);
}

/* p3 holds 7 MiB in all, in x 7 MiB live; z has the 8 MiB that are wanted. */
static void little_alive_is_in_no_mean_of_memory(void **state)
{
	struct comparison *c = compare(CELLS);
	struct means *m = means_make(c);
	const struct mean *mean = means_of(m, c, 1, SCOPE_PROGRAMS, METRIC_RSS);

	(void)state;
	assert_true(m->small[2] && m->small[3] && !m->small[0] && !m->small[6]);
	assert_true(m->common[METRIC_CPU][3] && !m->common[METRIC_RSS][3]);
	near(m->live_bytes[4], 0x1p24);
	assert_true(isnan(m->live_bytes[0]));
	assert_int_equal(mean->cells, 2);
	near(mean->ratio.point, 1.2);
	/* 0.5 of y and 3 of z.  Only the whole of y, not one cell of it, turns it round; it is
	 * z without which it lies on the other side. */
	mean = means_of(m, c, 1, SCOPE_WORKLOADS, METRIC_RSS);
	assert_int_equal(mean->cells, 3);
	near(mean->ratio.point, sqrt(1.5));
	near(mean->median, sqrt(1.5));
	near(mean->least.ratio, 0.5);
	near(mean->most.ratio, 3);
	assert_string_equal(mean->most.name, "y");
	near(mean->turned.ratio, 0.5);
	assert_string_equal(mean->turned.name, "z");
	means_free(m);
	comparison_free(c);
}

/* Who has one program of three has no mean over programs, and takes none from the others. */
static void ranked_by_kind(void **state)
{
	struct comparison *c = compare(1);
	struct means *m = means_make(c);

	(void)state;
	assert_false(m->ranked[1 * SCOPES + SCOPE_PROGRAMS]);
	assert_true(m->ranked[1 * SCOPES + SCOPE_WORKLOADS]);
	assert_false(means_any(m, c, SCOPE_PROGRAMS));
	near(means_of(m, c, 1, SCOPE_WORKLOADS, METRIC_CPU)->ratio.point, cbrt(16));
	means_free(m);
	comparison_free(c);
}

static void check_text(struct doubts doubts, const char *wanted)
{
	char *text = doubts_text(&doubts, ~0u);

	assert_string_equal(text ? text : "certain", wanted ? wanted : "certain");
	free(text);
}

static void intervals(void **state)
{
	struct interval i = {5, 0.9, 0.8, 0.95, 0};
	struct mean mean = {.ratio = i, .cells = 1, .turned = {NAN, NULL}};

	(void)state;
	check_text(doubts_of_ratio(&i), NULL);
	i.high = 1;
	check_text(doubts_of_ratio(&i), "contains 1");
	check_text(doubts_of_interval(&i), NULL);
	i.n = 4;
	check_text(doubts_of_interval(&i), "n = 4");
	check_text(doubts_of_ratio(&i), "contains 1; n = 4");
	i = (struct interval){30, 0.9, 0.8, 0.95, 4};
	check_text(doubts_of_ratio(&i), "4 machines drawn");
	i.n = 3;
	check_text(doubts_of_interval(&i), "n = 3; 4 machines drawn");
	i = (struct interval){30, 0.9, 0.8, 0.95, 5};
	check_text(doubts_of_ratio(&i), NULL);
	i = (struct interval){1, 0.9, NAN, NAN, 0};
	check_text(doubts_of_ratio(&i), "n = 1, no interval");
	i = (struct interval){0, NAN, NAN, NAN, 0};
	check_text(doubts_of_ratio(&i), NULL);
	check_text(doubts_of_mean(&mean), "one cell alone");
	mean.cells = 3;
	mean.turned = (struct left_out){1.0594, "big-buffers"};
	check_text(doubts_of_mean(&mean), "big-buffers turns it round: 1.059 without");
}

static void durations(void **state)
{
	const struct clock_limits clock = {20, 10}, unknown = {NAN, NAN};
	struct interval ratio = {5, 1.2, 1.11, 1.3, 0};

	(void)state;
	check_text(doubts_of_duration(59.5, &clock), "under 3 clock costs");
	check_text(doubts_of_duration(60, &clock), NULL);
	check_text(doubts_of_duration(NAN, &clock), NULL);
	check_text(doubts_of_duration(1, &unknown), NULL);
	/* The interval begins 11 ns above 100: more than a tick; 10 is one. */
	check_text(doubts_of_duration_ratio(&ratio, 120, 100, &clock), NULL);
	ratio.low = 1.1;
	check_text(doubts_of_duration_ratio(&ratio, 120, 100, &clock), "within a clock tick");
	check_text(doubts_of_duration_ratio(&ratio, 120, 100, &unknown), NULL);
	check_text(doubts_of_duration_ratio(&ratio, 59, 200, &clock), "under 3 clock costs");
	ratio = (struct interval){4, 0.8, 0.7, 0.91, 0};
	check_text(doubts_of_duration_ratio(&ratio, 80, 100, &clock),
		   "n = 4; within a clock tick");
	/* 100 µs and 0.5 % less: many ticks, and one bucket. */
	ratio = (struct interval){5, 0.995, 0.994, 0.996, 0};
	check_text(doubts_of_duration_ratio(&ratio, 99500, 100000, &clock), "within a bucket");
	ratio = (struct interval){5, 0.9, 0.8, 1.1, 0};
	check_text(doubts_of_duration_ratio(&ratio, 90000, 100000, &clock), "contains 1");
}

/* A server costs 4 * 0.025 * 8760 = 876 for its cores and 16 * 10 = 160 for its memory in a
 * year. Programs: 0.605^(1/3) of the time; p3 is too small, so 1.2 of the memory. */
static const struct fleet_terms terms = {.servers = 1000,
					 .core_hour = 0.025,
					 .gib_year = 10,
					 .cores = 4,
					 .gib = 16,
					 .memory_bound = NAN,
					 .currency = ""};

static void check_fleet(const struct fleet_terms *of, double change)
{
	struct comparison *c = compare(CELLS);
	struct means *m = means_make(c);
	char why[256] = "";
	struct fleet *f = fleet_make(c, m, of, why, sizeof(why));

	if (!f)
		fail_msg("%s", why);
	assert_int_equal(f->nrows, 1); /* not null, not the reference */
	assert_int_equal(f->row[0].contender, 1);
	assert_int_equal(f->cells, 3);
	assert_true(f->of_time[2] && !f->of_memory[2] && !f->of_time[3]);
	near(f->row[0].time.point, cbrt(0.605));
	near(f->row[0].memory.point, 1.2);
	near(f->row[0].change.point, change);
	near(f->row[0].change.low, change); /* every block is the same */
	near(f->row[0].change.high, change);
	assert_int_equal(f->row[0].change.n, BLOCKS);
	near(f->row[0].servers.point, change / 1036);
	fleet_free(f);
	means_free(m);
	comparison_free(c);
}

static void a_fleet_by_resources_and_by_servers(void **state)
{
	struct fleet_terms bound = terms;
	struct fleet f = {.terms = terms, .cpu_year = 876, .memory_year = 160};
	double t = cbrt(0.605) - 1;

	(void)state;
	check_fleet(&terms, 1000 * (876 * t + 160 * 0.2));
	bound.memory_bound = 0.25;
	check_fleet(&bound, 1000 * 1036 * (0.25 * 0.2 + 0.75 * t));
	bound.memory_bound = 1;
	check_fleet(&bound, 207200); /* a fifth more servers */
	near(fleet_worth(&f, 0, 0.02), 3200);
	near(fleet_worth(&f, 0.05, 0), 43800);
	f.terms.memory_bound = 0.25;
	near(fleet_worth(&f, 0, 0.02), 5180);
}

/* Why a fleet's cost cannot be told. */
static void refused(const struct fleet_terms *of, size_t first, size_t ncells, const char *word)
{
	struct comparison *c = compare(CELLS);
	struct means *m;
	char why[256] = "";

	/* Cells before `first` and from `ncells` on are of another mode. */
	for (size_t i = 0; i < CELLS; i++)
		if (i < first || i >= ncells)
			set_cells[i].mode = "latency";
	comparison_free(c);
	c = comparison_make(&set, 0);
	m = means_make(c);
	assert_null(fleet_make(c, m, of, why, sizeof(why)));
	if (!strstr(why, word))
		fail_msg("'%s' does not say '%s'", why, word);
	means_free(m);
	comparison_free(c);
}

static void what_a_set_cannot_tell_of_a_fleet(void **state)
{
	struct fleet_terms unknown = terms, gratis = terms;

	(void)state;
	set.dir = (char *)"the set";
	refused(&terms, 3, CELLS, "no program and no command");
	refused(&terms, 2, 3, "8 MiB"); /* p3 alone */
	unknown.gib = NAN;
	refused(&unknown, 0, CELLS, "--memory");
	unknown.cores = NAN;
	refused(&unknown, 0, CELLS, "--cores");
	gratis.core_hour = gratis.gib_year = 0;
	refused(&gratis, 0, CELLS, "costs nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_and_workloads_apart),
		cmocka_unit_test(little_alive_is_in_no_mean_of_memory),
		cmocka_unit_test(ranked_by_kind),
		cmocka_unit_test(intervals),
		cmocka_unit_test(durations),
		cmocka_unit_test(a_fleet_by_resources_and_by_servers),
		cmocka_unit_test(what_a_set_cannot_tell_of_a_fleet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
