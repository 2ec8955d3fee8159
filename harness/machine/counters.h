/* Event counters of one child process, from its exec to its end, user mode only.
 *
 * The events of a set (counter_sets.h) are opened as one group, so that the kernel
 * counts them over the same windows, and read in one call; where it has fewer counters than
 * asked for it takes turns, which shows in running < enabled: the value is then scaled by
 * enabled/running, and flagged below 0.95.  Children and threads of the child are
 * counted too (inherit).  Kernels before 4.13 do not read an inherited group in one call: there
 * every event is read by itself.  Source: perf_event_open(2).
 *
 * User mode alone, as that is what perf_event_paranoid 2 lets everybody count: figures would
 * else depend on who ran the bench.
 *
 * Where there is no hardware counter (most virtual machines) the software events
 * remain, and `tier` says so.  The system calls sit behind a table of functions, so
 * that a made-up source can stand in for hardware that the machine lacks. */
#ifndef HARNESS_COUNTERS_H
#define HARNESS_COUNTERS_H

#include <jansson.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "harness/machine/counter_sets.h"

#define COUNTERS_MAX 24
#define COUNTERS_FLAG_BELOW 0.95 /* share of the time that an event was really counted */
/* What one read gives at most: how many, enabled, running, then value and id of each. */
#define COUNTERS_WORDS (3 + 2 * COUNTERS_MAX)

struct counter_value {
	char name[48];
	uint64_t value; /* scaled to the whole time */
	uint64_t enabled_ns, running_ns;
	bool scaled; /* running/enabled below COUNTERS_FLAG_BELOW */
};

/* An event that could not be had. */
struct counter_missing {
	char name[48];
	int error; /* errno; 0: it never got a counter */
};

struct counters_reading {
	const char
		*tier; /* "pmu", "software", "callgrind" or "none"; a fake source's own name */
	const char *set; /* NULL: software events alone */
	int count, nmissing;
	struct counter_value values[COUNTERS_MAX];
	struct counter_missing missing[COUNTER_GROUP];
};

/* Where events come from. */
struct counter_source {
	const char *tier; /* what a reading with hardware events is called */
	/* Fills type and config of a hardware event by its name.  Returns 0 or an errno. */
	int (*encode)(const char *name, struct perf_event_attr *attr);
	/* As perf_event_open with cpu -1 and no flags but close-on-exec: a descriptor,
	 * or -1 with errno. */
	int (*open)(struct perf_event_attr *attr, pid_t pid, int group);
	/* As PERF_EVENT_IOC_ID.  Returns 0, or -1 with errno. */
	int (*id)(int fd, uint64_t *id);
	/* As read(2), in words: how many were read, or -1 with errno. */
	int (*read)(int fd, uint64_t *words, int most);
	void (*close)(int fd);
};

extern const struct counter_source counters_of_kernel;

struct counters {
	const struct counter_source *source;
	const struct counter_set *set;
	bool hardware;
	int count, nmissing;
	struct counter_open {
		char name[48];
		int fd, leader; /* leader: index of the event whose read has this one; itself */
		uint64_t id;
	} open[COUNTERS_MAX];
	struct counter_missing missing[COUNTER_GROUP];
};

/* Finds out, on the calling process, what serves a hardware set here, or software events
 * (NULL).  `line` gets one sentence that says what is counted, or why it is not.  Returns "pmu"
 * (the source's tier), "software" or "none". */
const char *counters_probe(const struct counter_source *source, const struct counter_set *set,
			   char *line, size_t size);

/* Opens a hardware set (or NULL) and the software events of a stopped child that has not
 * executed its program yet; they begin to count with the exec.  Events that cannot be had are
 * left out, and told in the reading. */
void counters_open(struct counters *counters, const struct counter_source *source, pid_t pid,
		   const struct counter_set *set);
/* What serves the events that are open: the source's tier, "software" or "none". */
const char *counters_tier(const struct counters *counters);
void counters_close(struct counters *counters);
/* Reads and closes. */
void counters_finish(struct counters *counters, struct counters_reading *reading);

/* The object `counters` of a sample, as results/README.md says; a new one. */
json_t *counters_to_json(const struct counters_reading *reading);

/* The name and the meaning of an errno that the kernel gives for an event. */
const char *counters_error_name(int error);
const char *counters_error_words(int error);

#endif
