#include "harness/machine/counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "harness/base/message.h"

static const struct {
	const char *name;
	uint64_t config;
} software_events[] = {
	{"task-clock", PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", PERF_COUNT_SW_PAGE_FAULTS},
	{"cpu-migrations", PERF_COUNT_SW_CPU_MIGRATIONS},
	{"context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES},
};

static const uint64_t times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

static void plain_attr(struct perf_event_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | times;
	attr->disabled = 1;
	attr->enable_on_exec = 1;
	attr->inherit = 1;
	attr->exclude_hv = 1;
	attr->exclude_kernel = 1;
}

static void add(struct counters *c, const char *name, int fd, int leader)
{
	struct counter_open *e = &c->open[c->count];

	snprintf(e->name, sizeof(e->name), "%s", name);
	e->fd = fd;
	e->leader = leader < 0 ? c->count : leader;
	/* Without an id it is read by itself. */
	if (c->source->id(fd, &e->id) < 0)
		e->leader = c->count;
	c->count++;
}

/* An event at the head of a group, or alone.  `attr` is left as it was taken. */
static int open_leader(const struct counters *c, struct perf_event_attr *attr, pid_t pid)
{
	int fd = c->source->open(attr, pid, -1);

	if (fd < 0 && errno == EINVAL && attr->read_format & PERF_FORMAT_GROUP) {
		/* A kernel that does not read inherited groups. */
		attr->read_format = times;
		fd = c->source->open(attr, pid, -1);
	}
	return fd;
}

/* Returns 0 or an errno. */
static int open_hardware(struct counters *c, const struct counter_event *e, pid_t pid,
			 int *leader)
{
	struct perf_event_attr attr;
	int error, fd;

	plain_attr(&attr);
	error = c->source->encode(e->pfm, &attr);
	if (error)
		return error;
	if (*leader < 0) {
		fd = open_leader(c, &attr, pid);
		if (fd < 0)
			return errno;
		if (attr.read_format & PERF_FORMAT_GROUP)
			*leader = c->count;
		add(c, e->name, fd, -1);
		return 0;
	}
	/* Only a leader waits for the exec: members count whenever it does. */
	attr.disabled = 0;
	attr.enable_on_exec = 0;
	fd = c->source->open(&attr, pid, c->open[*leader].fd);
	if (fd >= 0) {
		add(c, e->name, fd, *leader);
		return 0;
	}
	if (errno != EINVAL)
		return errno;
	/* The group is full or may not be mixed: counted alone, and flagged by its
	 * times if it had to take turns. */
	attr.disabled = 1;
	attr.enable_on_exec = 1;
	fd = open_leader(c, &attr, pid);
	if (fd < 0)
		return errno;
	add(c, e->name, fd, -1);
	return 0;
}

static void miss(struct counter_missing *list, int *count, const char *name, int error)
{
	if (*count == COUNTER_GROUP)
		return;
	snprintf(list[*count].name, sizeof(list[*count].name), "%s", name);
	list[(*count)++].error = error;
}

static void open_set(struct counters *c, pid_t pid)
{
	int leader = -1;

	for (const struct counter_event *e = c->set->events; e->name; e++) {
		int error = open_hardware(c, e, pid, &leader);

		if (error)
			miss(c->missing, &c->nmissing, e->name, error);
		else
			c->hardware = true;
	}
}

static void open_software(struct counters *c, pid_t pid)
{
	for (size_t i = 0; i < sizeof(software_events) / sizeof(software_events[0]); i++) {
		struct perf_event_attr attr;
		int fd;

		plain_attr(&attr);
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = software_events[i].config;
		/* Switches and migrations happen in the kernel: counting user mode alone would
		 * see none and call that zero.  So all modes, or not at all. */
		attr.exclude_kernel = 0;
		fd = open_leader(c, &attr, pid);
		if (fd < 0 && (errno == EACCES || errno == EPERM) && i < 2) {
			attr.exclude_kernel = 1;
			fd = open_leader(c, &attr, pid);
		}
		if (fd >= 0)
			add(c, software_events[i].name, fd, -1);
	}
}

void counters_open(struct counters *c, const struct counter_source *source, pid_t pid,
		   const struct counter_set *set)
{
	memset(c, 0, sizeof(*c));
	c->source = source;
	c->set = set;
	if (set)
		open_set(c, pid);
	open_software(c, pid);
}

/* Fills one value.  An event that never ran has no value that could be scaled. */
static void take(struct counters_reading *reading, const struct counter_open *e, uint64_t raw,
		 uint64_t enabled, uint64_t running)
{
	struct counter_value *v = &reading->values[reading->count];

	if (running == 0 && enabled > 0) {
		miss(reading->missing, &reading->nmissing, e->name, 0);
		return;
	}
	snprintf(v->name, sizeof(v->name), "%s", e->name);
	v->enabled_ns = enabled;
	v->running_ns = running;
	v->value = raw;
	if (running > 0 && running < enabled)
		v->value = (uint64_t)llround((double)raw * ((double)enabled / (double)running));
	v->scaled = (double)running < COUNTERS_FLAG_BELOW * (double)enabled;
	reading->count++;
}

/* Of the event `at`, in what its leader's read gave.  Three words are one event without a
 * group: value, enabled, running; a group of one has five.  `error` is why it is missing where
 * they do not have it. */
static void take_from(const struct counters *c, struct counters_reading *reading, int at,
		      const uint64_t *words, int n, int error)
{
	const struct counter_open *e = &c->open[at];

	if (n == 3) {
		take(reading, e, words[0], words[1], words[2]);
		return;
	}
	for (uint64_t i = 0; n > 3 && i < words[0] && 3 + 2 * (int)i + 1 < n; i++)
		if (words[3 + 2 * i + 1] == e->id) {
			take(reading, e, words[3 + 2 * i], words[1], words[2]);
			return;
		}
	miss(reading->missing, &reading->nmissing, e->name, error);
}

const char *counters_tier(const struct counters *c)
{
	return c->hardware ? c->source->tier : c->count ? "software" : "none";
}

void counters_close(struct counters *c)
{
	for (int i = c->count - 1; i >= 0; i--) /* members before their leader */
		c->source->close(c->open[i].fd);
	c->count = 0;
}

void counters_finish(struct counters *c, struct counters_reading *reading)
{
	uint64_t words[COUNTERS_WORDS];
	int read_of = -1, n = 0, error = 0;

	memset(reading, 0, sizeof(*reading));
	reading->tier = counters_tier(c);
	reading->set = c->set ? c->set->name : NULL;
	memcpy(reading->missing, c->missing, sizeof(c->missing));
	reading->nmissing = c->nmissing;
	for (int i = 0; i < c->count; i++) {
		if (c->open[i].leader != read_of) {
			read_of = c->open[i].leader;
			n = c->source->read(c->open[read_of].fd, words, COUNTERS_WORDS);
			error = n < 0 ? errno : EIO; /* also where it gave too little */
		}
		take_from(c, reading, i, words, n, error);
	}
	counters_close(c);
}
