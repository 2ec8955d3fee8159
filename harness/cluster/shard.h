/* One shard of a plan, measured here.
 *
 * It is worked on in a folder of this machine and handed over whole, so a folder that many
 * share is written to once.  A shard is of one node: what another one left, or this one before
 * it was started anew, is not gone on with. */
#ifndef HARNESS_CLUSTER_SHARD_H
#define HARNESS_CLUSTER_SHARD_H

#include <stdbool.h>

struct cluster_shard_request {
	const char *dir;     /* of the plan */
	int shard;           /* from 0 */
	const char *scratch; /* NULL = TMPDIR, else /tmp */
	const char *node;    /* NULL = as node.h says */
	bool quiet;
};

/* Measures what is missing of the shard and hands it over into DIR/shards/K.  Returns the exit
 * status of `run`, after its message; 0 at once when the shard is there. */
int cluster_shard_run(const struct cluster_shard_request *request);

/* Makes this machine forget what it remembers of DIR/shards, as file systems do that many
 * share: what is looked for next is seen, if it was there before this was called. */
void cluster_shards_look(const char *dir);

/* The folder of a shard in DIR; free it. */
char *cluster_shard_folder(const char *dir, int shard);

#endif
