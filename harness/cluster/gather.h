/* The shards of a plan, found in one folder or several, each looked at before anything is made
 * of it. */
#ifndef HARNESS_CLUSTER_GATHER_H
#define HARNESS_CLUSTER_GATHER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "harness/cluster/node.h"
#include "harness/cluster/plan.h"

struct gathered_shard {
	char *folder;     /* null = left out, or not there */
	json_t *manifest; /* of it */
	const char *machine_class;
	struct cluster_node node;
};

struct gathered {
	struct cluster_plan plan; /* the one that was added to most */
	struct gathered_shard *shards;
	int amiss; /* how many shards are missing, half, of another plan or contender, or there
		      twice; each was told in one line on stderr */
};

/* Looks at `n` folders of the same plan.  What is told but keeps nothing from being merged, as
 * a clock that is wrong, is not amiss.  Returns STATUS_OK, or STATUS_USAGE after its message:
 * a folder without a plan, or with another one. */
int gather(struct gathered *all, const char *const *dirs, int n);
void gathered_free(struct gathered *all);

#endif
