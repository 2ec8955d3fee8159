/* The path that needs hardware counters, on a made-up source of events. */
#include "harness/test/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "harness/machine/counters.h"
#include "harness/test/raw_counts.h"

static struct event {
	bool open, hardware, inherit, on_exec, user_only;
	int group;
} events[64];
static int opened, closed;
static int hardware_error; /* errno of every hardware event; 0 = works */
static int group_room;     /* events per group before EINVAL */
static bool whole_groups;  /* the kernel reads an inherited group in one call */
static int read_error, reads;
static bool read_empty;
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
	if (attr->read_format & PERF_FORMAT_GROUP && !whole_groups) {
		errno = EINVAL;
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

static int fake_id(int fd, uint64_t *id)
{
	*id = 7000u + (unsigned)fd;
	return 0;
}

/* A leader gives its whole group, itself last. */
static int fake_read(int fd, uint64_t *words, int most)
{
	int n = 0;

	if (read_error) {
		errno = read_error;
		return -1;
	}
	if (read_empty)
		return 0;
	words[1] = events[fd].hardware ? enabled : 500;
	words[2] = events[fd].hardware ? running : 500;
	if (!whole_groups) {
		words[0] = 1000u + (unsigned)fd;
		return 3;
	}
	for (int i = opened - 1; i >= 0; i--)
		if (i == fd || events[i].group == fd) {
			assert_true(3 + 2 * n + 1 < most);
			words[3 + 2 * n] = 1000u + (unsigned)i;
			words[3 + 2 * n + 1] = 7000u + (unsigned)i;
			n++;
		}
	words[0] = (unsigned)n;
	reads++;
	return 3 + 2 * n;
}

static void fake_close(int fd)
{
	assert_true(events[fd].open);
	events[fd].open = false;
	closed++;
}

static const struct counter_source fake = {"fake",  fake_encode, fake_open,
					   fake_id, fake_read,   fake_close};

static const struct counter_set *const core = &counter_sets[0], *const tlb = &counter_sets[1];

static int reset(void **state)
{
	(void)state;
	memset(events, 0, sizeof(events));
	opened = closed = hardware_error = 0;
	group_room = 4;
	whole_groups = true;
	read_error = reads = 0;
	read_empty = false;
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
	counters_open(&c, &fake, 1, core);
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
	assert_non_null(find(&r, "instructions"));
	assert_int_equal(find(&r, "instructions")->value, 1001);
	assert_false(find(&r, "instructions")->scaled);
	assert_non_null(find(&r, "task-clock"));
}

static void shared_counters_are_scaled_and_flagged(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	running = 250;
	counters_open(&c, &fake, 1, core);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "instructions")->value, 4004);
	assert_true(find(&r, "instructions")->scaled);
	assert_false(find(&r, "task-clock")->scaled);
	reset(NULL);
	running = 960; /* scaled, but too little to be flagged */
	counters_open(&c, &fake, 1, core);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "instructions")->value, 1043);
	assert_false(find(&r, "instructions")->scaled);
	reset(NULL);
	running = 0; /* never had a counter: no value at all */
	counters_open(&c, &fake, 1, core);
	counters_finish(&c, &r);
	assert_null(find(&r, "instructions"));
}

static void what_fits_no_group_counts_alone(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	group_room = 2;
	counters_open(&c, &fake, 1, core);
	assert_int_equal(events[1].group, 0);
	assert_int_equal(events[2].group, -1);
	assert_true(events[2].on_exec);
	counters_finish(&c, &r);
	assert_non_null(find(&r, "branch-misses"));
	assert_int_equal(closed, opened);
}

static void errors_become_a_tier_and_a_line(void **state)
{
	static const struct {
		int error;
		const char *said;
	} cases[] = {
		{ENOENT, "ENOENT, this machine shows no such event"},
		{ENODEV, "ENODEV, this CPU cannot count that"},
		{EOPNOTSUPP, "EOPNOTSUPP, the machine's counters do not support it"},
		{EACCES, "EACCES, not permitted (perf_event_paranoid"},
		{EPERM, "EPERM, not permitted (perf_event_paranoid"},
		{EINVAL, "EINVAL, the kernel takes no event of this form"},
		{EMFILE, "EMFILE, too many open files in this process"},
		{EBUSY, "EBUSY, all hardware counters are taken by someone else"},
		{ENOSYS, "ENOSYS, the kernel has no perf_event_open"},
	};
	char line[256];

	(void)state;
	assert_string_equal(counters_probe(&fake, core, line, sizeof(line)), "fake");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reset(NULL);
		hardware_error = cases[i].error;
		assert_string_equal(counters_probe(&fake, core, line, sizeof(line)),
				    "software");
		assert_non_null(strstr(line, cases[i].said));
		assert_int_equal(closed, opened);
	}
}

static void a_group_is_read_at_once(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	counters_open(&c, &fake, 1, core);
	counters_finish(&c, &r);
	assert_int_equal(reads, 1 + 4); /* the set, and four software events */
	assert_string_equal(r.set, "core");
	assert_int_equal(r.nmissing, 0);
	for (int i = 0; i < 4; i++) { /* by their ids, whatever the order */
		assert_string_equal(r.values[i].name, core->events[i].name);
		assert_int_equal(r.values[i].value, 1000 + i);
	}
	/* A kernel that does not: each by itself, and none in a group. */
	reset(NULL);
	whole_groups = false;
	counters_open(&c, &fake, 1, core);
	for (int i = 0; i < 4; i++)
		assert_int_equal(events[i].group, -1);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "branches")->value, 1002);
	assert_int_equal(closed, opened);
}

static void what_is_missing_is_told(void **state)
{
	struct counters c;
	struct counters_reading r;
	json_t *o;

	(void)state;
	counters_open(&c, &fake, 1, tlb);
	counters_finish(&c, &r);
	assert_null(find(&r, "dTLB-store-misses")); /* left out, not zero */
	assert_non_null(find(&r, "iTLB-load-misses"));
	assert_int_equal(r.nmissing, 1);
	o = counters_to_json(&r);
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "missing"),
							      "dTLB-store-misses")),
			    "ENOENT");
	assert_string_equal(json_string_value(json_object_get(o, "set")), "tlb");
	json_decref(o);
	reset(NULL);
	read_error = EIO;
	counters_open(&c, &fake, 1, core);
	counters_finish(&c, &r);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.nmissing, COUNTER_GROUP);
	assert_int_equal(closed, opened);
}

/* Why a read failed is told of each event, and that a read gave nothing. */
static void reads_that_fail_are_told(void **state)
{
	static const struct {
		int error;
		bool empty;
		int told;
		const char *name;
	} cases[] = {
		{ENOSPC, false, ENOSPC, "ENOSPC"},
		{ENODEV, false, ENODEV, "ENODEV"},
		{0, true, EIO, "EIO"},
	};
	struct counters c;
	struct counters_reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reset(NULL);
		read_error = cases[i].error;
		read_empty = cases[i].empty;
		counters_open(&c, &fake, 1, core);
		counters_finish(&c, &r);
		assert_int_equal(r.count, 0);
		assert_int_equal(r.nmissing, COUNTER_GROUP);
		for (int k = 0; k < COUNTER_GROUP; k++)
			assert_int_equal(r.missing[k].error, cases[i].told);
		assert_string_equal(counters_error_name(cases[i].told), cases[i].name);
		assert_int_equal(closed, opened);
	}
}

/* The kernel's own format, of a file. */
static void raw_counts_become_events(void **state)
{
	struct counters c;
	struct counters_reading r;
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/harness/test/perf_counts.txt", getenv("top_srcdir"));
	raw_counts_read(path);
	counters_open(&c, &raw_counts, 1, core);
	counters_finish(&c, &r);
	assert_string_equal(r.tier, "synthetic");
	assert_true(find(&r, "cycles")->value == 3000000000);
	assert_true(find(&r, "instructions")->value == 4500000000);
	assert_true(find(&r, "branches")->value == 900000000);
	assert_int_equal(find(&r, "branch-misses")->value, 9000000);
	assert_false(find(&r, "cycles")->scaled);
	counters_open(&c, &raw_counts, 1, tlb);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "dTLB-load-misses")->value, 5000000); /* 4 of 80 % */
	assert_true(find(&r, "dTLB-load-misses")->scaled);
	counters_open(&c, &raw_counts, 1, &counter_sets[2]);
	counters_finish(&c, &r);
	assert_int_equal(find(&r, "cache-misses")->value, 1000000);
	assert_false(find(&r, "cache-misses")->scaled);      /* 98 % is enough */
	counters_open(&c, &raw_counts, 1, &counter_sets[3]); /* numa is not in it */
	counters_finish(&c, &r);
	assert_string_equal(r.tier, "none");
	assert_int_equal(r.nmissing, 4);
}

/* Software events are there on every machine, and the kernel reads them in the same format. */
static void the_kernel_reads_its_own_events(void **state)
{
	struct counters c;
	struct counters_reading r;

	(void)state;
	counters_open(&c, &counters_of_kernel, 0, NULL);
	if (!c.count)
		skip(); /* a container's filter, say */
	counters_finish(&c, &r);
	assert_int_equal(r.nmissing, 0);
	assert_string_equal(r.tier, "software");
	assert_non_null(find(&r, "task-clock"));
}

static void sets_take_turns(void **state)
{
	counter_choice choice = 0;
	char why[256];

	(void)state;
	assert_int_equal(counter_sets_parse(&choice, "numa,core,callgrind", why, sizeof(why)),
			 0);
	assert_int_equal(counter_sets_turns(choice), 2);
	assert_string_equal(counter_sets_turn(choice, 0)->name, "core");
	assert_string_equal(counter_sets_turn(choice, 1)->name, "numa");
	assert_string_equal(counter_sets_turn(choice, 2)->name, "core");
	assert_true(counter_sets_have(choice, COUNTERS_CALLGRIND));
	assert_false(counter_sets_have(choice, COUNTERS_MODEL));
	assert_int_equal(counter_sets_parse(&choice, "software", why, sizeof(why)), 0);
	assert_null(counter_sets_turn(choice, 0));
	assert_int_equal(counter_sets_parse(&choice, "core,l4", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "'l4'"));
	assert_non_null(strstr(why, "core, tlb, cache, numa, software, callgrind, locality"));
	assert_int_equal(counter_sets_parse(&choice, "", why, sizeof(why)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ratios_share_a_group, reset),
		cmocka_unit_test_setup(shared_counters_are_scaled_and_flagged, reset),
		cmocka_unit_test_setup(what_fits_no_group_counts_alone, reset),
		cmocka_unit_test_setup(errors_become_a_tier_and_a_line, reset),
		cmocka_unit_test_setup(a_group_is_read_at_once, reset),
		cmocka_unit_test_setup(what_is_missing_is_told, reset),
		cmocka_unit_test_setup(reads_that_fail_are_told, reset),
		cmocka_unit_test(raw_counts_become_events),
		cmocka_unit_test(the_kernel_reads_its_own_events),
		cmocka_unit_test(sets_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
