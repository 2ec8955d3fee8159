/* The path that needs hardware counters, on a made-up source of events. */
#include "harness/test/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "harness/machine/counters.h"

static struct event {
	bool open, hardware, inherit, on_exec, user_only;
	int group;
} events[64];
static int opened, closed;
static int hardware_error; /* errno of every hardware event; 0 = works */
static int group_room;     /* events per group before EINVAL */
static uint64_t enabled, running;

static int fake_encode(const char *name, struct perf_event_attr *attr)
{
	if (strstr(name, "DTLB:WRITE")) /* a PMU without this event */
		return ENOENT;
	attr->type = PERF_TYPE_HARDWARE;
	attr->config = 1;
	return 0;
}

static int fake_open(struct perf_event_attr *attr, pid_t pid, int group)
{
	int members = 1;

	(void)pid;
	if (attr->type == PERF_TYPE_HARDWARE && hardware_error) {
		errno = hardware_error;
		return -1;
	}
	for (int i = 0; group >= 0 && i < opened; i++)
		members += events[i].open && events[i].group == group;
	if (group >= 0 && members >= group_room) {
		errno = EINVAL;
		return -1;
	}
	events[opened] = (struct event){
		.open = true,
		.hardware = attr->type == PERF_TYPE_HARDWARE,
		.inherit = attr->inherit,
		.on_exec = attr->disabled && attr->enable_on_exec,
		.user_only = attr->exclude_kernel,
		.group = group,
	};
	return opened++;
}

static int fake_read(int fd, uint64_t out[3])
{
	out[0] = 1000u + (unsigned)fd;
	out[1] = events[fd].hardware ? enabled : 500;
	out[2] = events[fd].hardware ? running : 500;
	return 0;
}

static void fake_close(int fd)
{
	assert_true(events[fd].open);
	events[fd].open = false;
	closed++;
}

static const struct counter_source fake = {"fake", fake_encode, fake_open, fake_read,
					   fake_close};

static int reset(void **state)
{
	(void)state;
	memset(events, 0, sizeof(events));
	opened = closed = hardware_error = 0;
	group_room = 4;
	enabled = running = 1000;
	return 0;
}

static const struct counter_value *find(const struct counters_reading *r, const char *name)
{
	for (int i = 0; i < r->count; i++)
		if (strcmp(r->values[i].name, name) == 0)
			return &r->values[i];
	return NULL;
}

static void ratios_share_a_group(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	counters_open(&c, &fake, 1, true);
	assert_true(c.hardware);
	assert_int_equal(events[0].group, -1);
	for (int i = 1; i < 4; i++)
		assert_int_equal(events[i].group, 0); /* with the instructions */
	for (int i = 0; i < opened; i++) {
		assert_true(events[i].inherit);
		if (events[i].group < 0) {
			assert_true(events[i].on_exec);
		} else {
			assert_false(events[i].on_exec); /* its leader does that */
		}
		if (events[i].hardware)
			assert_true(events[i].user_only);
	}
	counters_finish(&c, &r);
	assert_string_equal(r.tier, "fake");
	assert_int_equal(closed, opened);
	assert_non_null(find(&r, "PERF_COUNT_HW_INSTRUCTIONS"));
	assert_int_equal(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->value, 1000);
	assert_false(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->scaled);
	assert_null(find(&r, "PERF_COUNT_HW_CACHE_DTLB:WRITE:MISS")); /* left out, not zero */
	assert_non_null(find(&r, "task-clock"));
}

static void shared_counters_are_scaled_and_flagged(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	running = 250;
	counters_open(&c, &fake, 1, true);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->value, 4000);
	assert_true(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->scaled);
	assert_false(find(&r, "task-clock")->scaled);
	reset(NULL);
	running = 960; /* scaled, but too little to be flagged */
	counters_open(&c, &fake, 1, true);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->value, 1042);
	assert_false(find(&r, "PERF_COUNT_HW_INSTRUCTIONS")->scaled);
	reset(NULL);
	running = 0; /* never had a counter: no value at all */
	counters_open(&c, &fake, 1, true);
	counters_finish(&c, &r);
	assert_null(find(&r, "PERF_COUNT_HW_INSTRUCTIONS"));
}

static void what_fits_no_group_counts_alone(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	group_room = 2;
	counters_open(&c, &fake, 1, true);
	assert_int_equal(events[1].group, 0);
	assert_int_equal(events[2].group, -1);
	assert_true(events[2].on_exec);
	counters_finish(&c, &r);
	assert_non_null(find(&r, "PERF_COUNT_HW_BRANCH_MISSES"));
	assert_int_equal(closed, opened);
}

static void errors_become_a_tier_and_a_line(void **state)
{
	static const struct {
		int error;
		const char *said;
	} cases[] = {
		{ENOENT, "no hardware counters"}, {EOPNOTSUPP, "no hardware counters"},
		{EACCES, "not permitted"},        {EPERM, "not permitted"},
		{EMFILE, "too many open files"},  {EBUSY, "taken by someone else"},
	};
	char line[256];

	(void)state;
	assert_string_equal(counters_probe(&fake, line, sizeof(line)), "fake");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reset(NULL);
		hardware_error = cases[i].error;
		assert_string_equal(counters_probe(&fake, line, sizeof(line)), "software");
		assert_non_null(strstr(line, cases[i].said));
		assert_int_equal(closed, opened);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ratios_share_a_group, reset),
		cmocka_unit_test_setup(shared_counters_are_scaled_and_flagged, reset),
		cmocka_unit_test_setup(what_fits_no_group_counts_alone, reset),
		cmocka_unit_test_setup(errors_become_a_tier_and_a_line, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
