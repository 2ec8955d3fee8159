/* One set of results from the shards of a plan. */
#ifndef HARNESS_CLUSTER_MERGE_H
#define HARNESS_CLUSTER_MERGE_H

#include <stdbool.h>

struct cluster_merge_request {
	const char *const *dirs;
	int ndirs;
	const char *out;
	bool partial; /* merge what is whole and fits where something is amiss */
	bool pool;    /* nodes of unlike classes become one set */
};

/* Writes the set `out`, or where the nodes are of several classes and are not pooled one for
 * each, OUT.CLASS (the first eight digits), each made whole and then renamed.  Returns
 * STATUS_OK, or another exit status after its message; then nothing was written. */
int cluster_merge(const struct cluster_merge_request *request);

#endif
