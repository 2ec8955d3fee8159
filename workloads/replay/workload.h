/* A trace as a workload: `trace:FILE`, or `trace:NAME=FILE` where it is to have another name
 * than its file. */
#ifndef REPLAY_WORKLOAD_H
#define REPLAY_WORKLOAD_H

#include "workloads/shared/workload.h"

#define REPLAY_PREFIX "trace:"

/* A name is part of file names, labels and cells: letters, digits and . _ + -, and no more than
 * a label has room for. */
#define REPLAY_NAME_MOST 40

/* What is known of a trace before it is replayed. */
struct replay_facts {
	uint64_t events; /* 0 = nothing is known: the worker has not read it */
	uint64_t allocs, total_bytes, peak_live_bytes;
	uint32_t threads;
};

/* A copy of it, with a name, the path and the facts, is the workload of one trace. */
struct replay_workload {
	struct workload workload;
	struct wl_param params[10];
	char name[4200]; /* "trace:" and its name, or its path where it has none */
	char path[4096];
	char summary[200];
	struct replay_facts facts;
};

/* Fills it.  False when name or path are too long. */
bool replay_workload_make(struct replay_workload *made, const char *name, const char *path,
			  const struct replay_facts *facts);

/* Length of the NAME of "NAME=FILE" (without the prefix); 0: it is a file alone, as "./a=b" is.
 */
size_t replay_name_length(const char *text);

/* Its path, for a workload made by it; NULL for others. */
const char *replay_workload_path(const struct workload *workload);

#endif
