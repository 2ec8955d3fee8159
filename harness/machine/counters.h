/* Event counters of one child process, from its exec to its end, user mode only.
 *
 * Events that belong into one ratio are opened as one group, so that the kernel
 * counts them over the same windows; where it has fewer counters than asked for it
 * takes turns, which shows in running < enabled: the value is then scaled by
 * enabled/running, and flagged below 0.95.  Children and threads of the child are
 * counted too (inherit), which excludes reading a group in one call, so every event
 * is read by itself.  Source: perf_event_open(2).
 *
 * Where there is no hardware counter (most virtual machines) the software events
 * remain, and `tier` says so.  The system calls sit behind a table of three functions, so
 * that a made-up source can stand in for hardware that the machine lacks. */
#ifndef HARNESS_COUNTERS_H
#define HARNESS_COUNTERS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COUNTERS_MAX 24
#define COUNTERS_FLAG_BELOW 0.95 /* share of the time that an event was really counted */

struct counter_value {
	char name[48];
	uint64_t value; /* scaled to the whole time */
	uint64_t enabled_ns, running_ns;
	bool scaled; /* running/enabled below COUNTERS_FLAG_BELOW */
};

struct counters_reading {
	const char *tier; /* "pmu", "software" or "none"; a fake source's own name */
	int count;
	struct counter_value values[COUNTERS_MAX];
};

/* Where events come from. */
struct counter_source {
	const char *tier; /* what a reading with hardware events is called */
	/* Fills type and config of a hardware event by its name.  Returns 0 or an errno. */
	int (*encode)(const char *name, struct perf_event_attr *attr);
	/* As perf_event_open with cpu -1 and no flags but close-on-exec: a descriptor,
	 * or -1 with errno. */
	int (*open)(struct perf_event_attr *attr, pid_t pid, int group);
	/* value, enabled, running.  Returns 0, or -1 with errno. */
	int (*read)(int fd, uint64_t out[3]);
	void (*close)(int fd);
};

extern const struct counter_source counters_of_kernel;

struct counters {
	const struct counter_source *source;
	bool hardware;
	int count;
	struct {
		char name[48];
		int fd;
	} open[COUNTERS_MAX];
};

/* Finds out, on the calling process, which tier the machine offers.  `line` gets one
 * sentence that says which and why.  Returns "pmu" (the source's tier), "software" or
 * "none". */
const char *counters_probe(const struct counter_source *source, char *line, size_t size);

/* Opens the events of a stopped child that has not executed its program yet; they
 * begin to count with the exec.  Events that cannot be had are left out. */
void counters_open(struct counters *counters, const struct counter_source *source, pid_t pid,
		   bool hardware);
/* Reads and closes. */
void counters_finish(struct counters *counters, struct counters_reading *reading);

#endif
