/* Where each shard of a plan is, from its folder, from Slurm where it was submitted, else from
 * the notes that shards leave. */
#ifndef HARNESS_CLUSTER_STATUS_H
#define HARNESS_CLUSTER_STATUS_H

/* Prints a line a shard and one of sums.  Returns STATUS_OK, STATUS_FAILED when a shard failed
 * that nobody measures again, or STATUS_USAGE after its message. */
int cluster_status(const char *dir);

#endif
