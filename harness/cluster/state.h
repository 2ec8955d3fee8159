/* What a shard leaves of itself in the plan's folder while it is measured, so that who looks
 * there sees where it runs: DIR/state/K.json.  It is a note and no proof: whether a shard is
 * finished says its own folder, and a note that cannot be written stops nothing. */
#ifndef HARNESS_CLUSTER_STATE_H
#define HARNESS_CLUSTER_STATE_H

#include <stdbool.h>
#include "harness/cluster/node.h"

struct cluster_state {
	struct cluster_node node;
	char since[32], ended[32]; /* UTC; ended is "" while it runs */
	int status;                /* exit status, once it ended */
	char line[400];            /* what it complained of last, once it ended */
	bool ours;                 /* this very process measures it */
	bool alive, gone;          /* it is of this machine, and its process lives or is gone */
};

void cluster_state_begin(const char *dir, int shard, const struct cluster_node *node);
void cluster_state_end(const char *dir, int shard, const struct cluster_node *node, int status);

/* False when there is no note, or none that can be read. */
bool cluster_state_read(const char *dir, int shard, struct cluster_state *state);

#endif
