/* What disturbs a sample: others, and never its own waiting. */
#include "harness/test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/machine/procfs.h"
#include "harness/run/disturbance.h"

#define MS 1000000u

static const struct disturbance_facts quiet = {.duration_ns = 1000 * MS, .cpu_ns = 1000 * MS};

static const char *judged(struct disturbance_baseline *b, struct disturbance_facts f)
{
	static char text[64];
	bool any = disturbance_judge(b, &f, text, sizeof(text));

	assert_int_equal(any, *text != '\0');
	return text;
}

/* More threads than CPUs: they wait for each other in every block. */
static void a_workload_does_not_disturb_itself(void **state)
{
	struct disturbance_baseline b = {NULL, 0, 0};
	struct disturbance_facts f = quiet;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		f.runqueue_delay_ns = (300 + 5 * (i % 3)) * MS;
		assert_string_equal(judged(&b, f), "");
	}
	/* What it waits beyond that may be for others, if there were any. */
	f.runqueue_delay_ns = 450 * MS;
	assert_string_equal(judged(&b, f), "");
	f.others_ns = 10 * MS;
	assert_string_equal(judged(&b, f), "");
	f.others_ns = 40 * MS;
	assert_string_equal(judged(&b, f), "run queue");
	f.others_ns = 0;
	f.throttled_ns = 9 * MS;
	f.steal_ns = 19 * MS;
	f.runqueue_delay_ns = 400 * MS;
	assert_string_equal(judged(&b, f), "run queue");
	disturbance_baseline_free(&b);
}

static void waiting_needs_a_baseline(void **state)
{
	struct disturbance_baseline b = {NULL, 0, 0};
	struct disturbance_facts f = quiet;

	(void)state;
	f.runqueue_delay_ns = 400 * MS;
	assert_string_equal(judged(&b, f), "");
	disturbance_baseline_free(&b);
	/* Samples that others disturbed say nothing of how it is without them. */
	f.others_ns = 500 * MS;
	for (int i = 0; i < 5; i++)
		judged(&b, f);
	assert_int_equal(b.count, 0);
	disturbance_baseline_free(&b);
}

static void others_steal_and_limits_do(void **state)
{
	struct disturbance_baseline b = {NULL, 0, 0};
	struct disturbance_facts f = quiet;

	(void)state;
	f.others_ns = 51 * MS;
	assert_string_equal(judged(&b, f), "others");
	f.steal_ns = 21 * MS;
	f.throttled_ns = 11 * MS;
	assert_string_equal(judged(&b, f), "others,steal,throttling");
	/* Less than a share, and less than a few ticks of the clock. */
	f.others_ns = 40 * MS;
	f.steal_ns = 10 * MS;
	f.throttled_ns = 9 * MS;
	assert_string_equal(judged(&b, f), "");
	f.duration_ns = 100 * MS;
	f.throttled_ns = 0;
	assert_string_equal(judged(&b, f), "");
	disturbance_baseline_free(&b);
}

static void only_times_are_disturbed(void **state)
{
	(void)state;
	assert_true(disturbance_matters(MODE_THROUGHPUT));
	assert_true(disturbance_matters(MODE_LATENCY));
	assert_false(disturbance_matters(MODE_INSTRUCTIONS));
	assert_false(disturbance_matters(MODE_LOCALITY));
	assert_false(disturbance_matters(MODE_VERIFY));
}

static void busy_is_neither_idle_nor_stolen(void **state)
{
	uint64_t busy, steal;

	(void)state;
	assert_true(machine_cpu_ticks("cpu  1 20 300 4000 50000 600000 7000000 8 900 9000\n",
				      &busy, &steal));
	assert_int_equal(busy, 7600321);
	assert_int_equal(steal, 8);
	assert_true(machine_cpu_ticks("cpu  1 2 3 4\n", &busy, &steal)); /* an old kernel */
	assert_int_equal(busy, 6);
	assert_int_equal(steal, 0);
	assert_false(machine_cpu_ticks("", &busy, &steal));
}

static char root[] = "/tmp/ashlar-cgroups-XXXXXX";

static void put(const char *group, const char *text)
{
	char path[512];
	FILE *f;

	for (const char *p = group; (p = strchr(p, '/')); p++) {
		snprintf(path, sizeof(path), "%s/%.*s", root, (int)(p - group), group);
		mkdir(path, 0700);
	}
	snprintf(path, sizeof(path), "%s/%scpu.stat", root, group);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Of the group and of those that it lies in: any of their limits holds it back. */
static void throttling_of_both_versions(void **state)
{
	struct throttling t;
	char command[600];

	(void)state;
	assert_non_null(mkdtemp(root));
	put("", "usage_usec 9\nnr_periods 3\nnr_throttled 1\nthrottled_usec 5\n");
	put("a/", "usage_usec 9\n");
	put("a/b/", "nr_periods 9\nnr_throttled 2\nthrottled_usec 70\n");
	put("cpu/x/", "nr_periods 9\nnr_throttled 4\nthrottled_time 300\n");
	t = machine_throttling_of("0::/a/b\n", root);
	assert_int_equal(t.ns, 75000);
	assert_int_equal(t.periods, 3);
	t = machine_throttling_of("7:memory:/x\n4:cpu,cpuacct:/x\n", root);
	assert_int_equal(t.ns, 300);
	assert_int_equal(t.periods, 4);
	/* Within a container: the path is the host's, the mount's root is the group. */
	t = machine_throttling_of("0::/docker/0123\n", root);
	assert_int_equal(t.ns, 5000);
	t = machine_throttling_of("", root);
	assert_int_equal(t.ns, 0);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_workload_does_not_disturb_itself),
		cmocka_unit_test(waiting_needs_a_baseline),
		cmocka_unit_test(others_steal_and_limits_do),
		cmocka_unit_test(only_times_are_disturbed),
		cmocka_unit_test(busy_is_neither_idle_nor_stolen),
		cmocka_unit_test(throttling_of_both_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
