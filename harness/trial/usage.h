/* What a process that is not ours used: between two moments, or in all. */
#ifndef HARNESS_USAGE_H
#define HARNESS_USAGE_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "harness/machine/procfs.h"
#include "harness/trial/sample.h"

struct usage {
	uint64_t cpu_ns, at_ns;
	struct proc_counts counts;
};

/* Of a process as it is now.  False: it is gone. */
bool usage_take(pid_t pid, struct usage *usage);

/* Fills the sample's times, counts and peak with what was used since.  False: it is gone. */
bool usage_since(pid_t pid, const struct usage *before, struct sample *sample);

/* Of a child that has ended, from wait4 and its probe.  Fails the sample where the probe told
 * no peak. */
void usage_of_batch(const struct channel *channel, const struct rusage *usage,
		    struct sample *sample);

/* Of a process that the probe picked in a tree, from the probe alone: from the moment that it
 * got its allocator until it called exit. */
void usage_of_picked(const struct channel *channel, struct sample *sample);

#endif
