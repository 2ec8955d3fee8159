/* The folder of this machine in which a shard is worked on, by one process at a time. */
#ifndef HARNESS_CLUSTER_SCRATCH_H
#define HARNESS_CLUSTER_SCRATCH_H

#include "harness/cluster/node.h"

struct cluster_scratch {
	char *folder;
	char *lock_path; /* beside it, as the folder comes and goes */
	int lock;
};

/* Takes the folder of a shard and of this node since it was started, and removes what nobody
 * can go on with: of another start of this node, or of another machine of its name, unless
 * somebody works in it.  `base` NULL = TMPDIR, else /tmp.  Returns STATUS_OK, or after its
 * message STATUS_USAGE (another process works on the shard) or STATUS_FAILED. */
int cluster_scratch_take(struct cluster_scratch *scratch, const char *base, const char *plan_id,
			 int shard, const struct cluster_node *node);

/* Removes what an interrupted run left in the folder where it cannot be gone on with: by
 * another node, on a machine that was another one then, with another suite or workloads that
 * were another build.  Says so. */
void cluster_scratch_clear(const struct cluster_scratch *scratch, int shard,
			   const struct cluster_node *node);

/* Lets others have it; what is in it stays. */
void cluster_scratch_release(struct cluster_scratch *scratch);

#endif
