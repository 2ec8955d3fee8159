/* The machine that measures a shard. */
#ifndef HARNESS_CLUSTER_NODE_H
#define HARNESS_CLUSTER_NODE_H

#include <stdbool.h>

struct cluster_node {
	char name[80];
	char boot[40]; /* the kernel's random number of this boot; "" where there is none */
};

/* This machine, until it starts anew.  `name` (NULL = Slurm's SLURMD_NODENAME, else the host's)
 * is made fit for a file's name. */
void cluster_node_here(struct cluster_node *node, const char *name);

bool cluster_node_same(const struct cluster_node *a, const struct cluster_node *b);

#endif
