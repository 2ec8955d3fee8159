/* Shards handed to Slurm: a job array of those that are not finished, and a job that merges
 * them.  Scheduling, retry and accounting are Slurm's; DIR/slurm.json keeps the ids. */
#ifndef HARNESS_CLUSTER_SLURM_H
#define HARNESS_CLUSTER_SLURM_H

#include <stdbool.h>
#include <stddef.h>

struct cluster_submit_request {
	const char *dir;            /* of the plan, on a file system that all nodes have */
	const char *out;            /* of the merge; NULL = DIR/merged */
	const char *bench;          /* this program on the nodes; NULL = its path here */
	const char *scratch;        /* of the shards; NULL = their default */
	bool pool, partial;         /* options of the merge */
	const char *const *options; /* of sbatch, for all jobs */
	int noptions;
};

/* Submits all shards that are neither finished nor in the queue already, and anew the merge
 * after all of them.  Returns STATUS_OK, or another exit status after its message. */
int cluster_submit(const struct cluster_submit_request *request);

#endif
