/* Memory over time of one process, looked at from outside while it runs. */
#ifndef HARNESS_TIMELINE_H
#define HARNESS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct channel;

#define TIMELINE_EVERY_NS 10000000u

struct timeline_point {
	uint64_t at_ns, rss_bytes, anon_bytes;
	int64_t live_bytes;
};

struct timeline {
	int statm;
	const struct channel *channel; /* for the live bytes; NULL = unknown (programs) */
	struct timeline_point *points;
	size_t count, room;
	uint64_t begin_ns;
};

void timeline_begin(struct timeline *timeline, pid_t pid, const struct channel *channel);
/* Takes one point; for child_watch(). */
void timeline_tick(void *timeline);
/* Writes the table (results/README.md) unless it is empty; live bytes of a program
 * are "nan".  Frees the points.  Returns whether a file was written, -1 with errno
 * when it could not be. */
int timeline_end(struct timeline *timeline, const char *path);

#endif
