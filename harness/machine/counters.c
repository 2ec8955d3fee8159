#include "harness/machine/counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_LIBPFM
#include <perfmon/pfmlib_perf_event.h>
#endif
#include "harness/base/message.h"

/* Groups of at most four: what the smallest PMU counts at once beside its fixed
 * counters.  The names are libpfm4's general ones. */
static const char *const hardware_groups[][5] = {
	{"PERF_COUNT_HW_INSTRUCTIONS", "PERF_COUNT_HW_CPU_CYCLES",
	 "PERF_COUNT_HW_BRANCH_MISSES", "PERF_COUNT_HW_CACHE_L1D:READ:MISS", NULL},
	{"PERF_COUNT_HW_CACHE_DTLB:READ:MISS", "PERF_COUNT_HW_CACHE_DTLB:WRITE:MISS", NULL},
	{"PERF_COUNT_HW_CACHE_REFERENCES", "PERF_COUNT_HW_CACHE_MISSES", NULL},
};

static const struct {
	const char *name;
	uint64_t config;
} software_events[] = {
	{"task-clock", PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", PERF_COUNT_SW_PAGE_FAULTS},
	{"cpu-migrations", PERF_COUNT_SW_CPU_MIGRATIONS},
	{"context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES},
};

static void plain_attr(struct perf_event_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr->disabled = 1;
	attr->enable_on_exec = 1;
	attr->inherit = 1;
	attr->exclude_hv = 1;
	attr->exclude_kernel = 1; /* all that an ordinary user may count */
}

static void add(struct counters *c, const char *name, int fd)
{
	snprintf(c->open[c->count].name, sizeof(c->open[0].name), "%s", name);
	c->open[c->count++].fd = fd;
}

static int open_hardware(struct counters *c, const char *name, pid_t pid, int group)
{
	struct perf_event_attr attr;
	int error, fd;

	plain_attr(&attr);
	error = c->source->encode(name, &attr);
	if (error) {
		errno = error;
		return -1;
	}
	/* Only a leader waits for the exec: members count whenever it does. */
	if (group >= 0) {
		attr.disabled = 0;
		attr.enable_on_exec = 0;
	}
	fd = c->source->open(&attr, pid, group);
	if (fd < 0 && group >= 0 && errno == EINVAL) {
		/* The group is full or may not be mixed: counted alone, and flagged by its
		 * times if it had to take turns. */
		attr.disabled = 1;
		attr.enable_on_exec = 1;
		fd = c->source->open(&attr, pid, -1);
	}
	return fd;
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
		fd = c->source->open(&attr, pid, -1);
		if (fd < 0 && (errno == EACCES || errno == EPERM) && i < 2) {
			attr.exclude_kernel = 1;
			fd = c->source->open(&attr, pid, -1);
		}
		if (fd >= 0)
			add(c, software_events[i].name, fd);
	}
}

void counters_open(struct counters *c, const struct counter_source *source, pid_t pid,
		   bool hardware)
{
	memset(c, 0, sizeof(*c));
	c->source = source;
	if (hardware)
		for (size_t g = 0; g < sizeof(hardware_groups) / sizeof(hardware_groups[0]);
		     g++) {
			int leader = -1;

			for (int i = 0; hardware_groups[g][i]; i++) {
				int fd = open_hardware(c, hardware_groups[g][i], pid, leader);

				if (fd < 0)
					continue;
				if (leader < 0)
					leader = fd;
				add(c, hardware_groups[g][i], fd);
				c->hardware = true;
			}
		}
	open_software(c, pid);
}

void counters_finish(struct counters *c, struct counters_reading *reading)
{
	memset(reading, 0, sizeof(*reading));
	reading->tier = c->hardware ? c->source->tier : c->count ? "software" : "none";
	for (int i = 0; i < c->count; i++) {
		struct counter_value *v = &reading->values[reading->count];
		uint64_t raw[3];

		/* An event that never ran has no value that could be scaled. */
		if (c->source->read(c->open[i].fd, raw) == 0 && (raw[2] > 0 || raw[1] == 0)) {
			snprintf(v->name, sizeof(v->name), "%s", c->open[i].name);
			v->enabled_ns = raw[1];
			v->running_ns = raw[2];
			v->value = raw[0];
			if (raw[2] > 0 && raw[2] < raw[1])
				v->value = (uint64_t)llround((double)raw[0] *
							     ((double)raw[1] / (double)raw[2]));
			v->scaled = (double)raw[2] < COUNTERS_FLAG_BELOW * (double)raw[1];
			reading->count++;
		}
	}
	for (int i = c->count - 1; i >= 0; i--) /* members before their leader */
		c->source->close(c->open[i].fd);
	c->count = 0;
}

static const char *explain(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "this machine shows no hardware counters";
	case EACCES:
	case EPERM:
		return "not permitted (perf_event_paranoid, or a container's filter)";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	case EBUSY:
		return "all hardware counters are taken by someone else";
	case ENOSYS:
		return "the kernel has no perf_event_open";
	default:
		return strerror(error);
	}
}

const char *counters_probe(const struct counter_source *source, char *line, size_t size)
{
	struct counters c;
	struct perf_event_attr attr;
	const char *tier;
	int error, fd = -1;

	plain_attr(&attr);
	error = source->encode(hardware_groups[0][0], &attr);
	if (!error) {
		fd = source->open(&attr, 0, -1);
		error = fd < 0 ? errno : 0;
	}
	if (fd >= 0)
		source->close(fd);
	counters_open(&c, source, 0, !error);
	tier = c.hardware ? source->tier : c.count ? "software" : "none";
	if (c.hardware)
		because(line, size, "%d hardware and software events, user mode", c.count);
	else
		because(line, size, "%s: %s", explain(error),
			c.count ? "software events only" : "no events at all");
	for (int i = c.count - 1; i >= 0; i--)
		source->close(c.open[i].fd);
	return tier;
}

/* --- the kernel as a source ------------------------------------------------ */

#ifdef HAVE_LIBPFM
static int kernel_encode(const char *name, struct perf_event_attr *attr)
{
	static int ready = -1;
	struct perf_event_attr found = {.size = sizeof(found)};
	pfm_perf_encode_arg_t arg = {.attr = &found, .size = sizeof(arg)};

	if (ready < 0)
		ready = pfm_initialize() == PFM_SUCCESS;
	if (!ready ||
	    pfm_get_os_event_encoding(name, PFM_PLM3, PFM_OS_PERF_EVENT, &arg) != PFM_SUCCESS)
		return ENOENT;
	attr->type = found.type;
	attr->config = found.config;
	attr->config1 = found.config1;
	attr->config2 = found.config2;
	return 0;
}
#else
static int kernel_encode(const char *name, struct perf_event_attr *attr)
{
	(void)name;
	(void)attr;
	return ENOENT;
}
#endif

static int kernel_open(struct perf_event_attr *attr, pid_t pid, int group)
{
	return (int)syscall(SYS_perf_event_open, attr, pid, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static int kernel_read(int fd, uint64_t out[3])
{
	ssize_t n = read(fd, out, 3 * sizeof(out[0]));

	if (n == (ssize_t)(3 * sizeof(out[0])))
		return 0;
	if (n >= 0)
		errno = EIO;
	return -1;
}

static void kernel_close(int fd)
{
	close(fd);
}

const struct counter_source counters_of_kernel = {
	.tier = "pmu",
	.encode = kernel_encode,
	.open = kernel_open,
	.read = kernel_read,
	.close = kernel_close,
};
