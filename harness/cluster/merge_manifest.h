/* What a set that is made of shards says of itself. */
#ifndef HARNESS_CLUSTER_MERGE_MANIFEST_H
#define HARNESS_CLUSTER_MERGE_MANIFEST_H

#include <jansson.h>
#include "harness/cluster/gather.h"

/* The shards of one set: all, or those of a class. */
struct merge_part {
	const struct gathered *all;
	const char *machine_class; /* null = any */
};

/* A shard of the set; null where it has no part in it, or is not there. */
const struct gathered_shard *merge_shard(const struct merge_part *part, int k);

/* The whole plan's manifest, with what its shards say of themselves: a new object. */
json_t *merge_manifest(const struct merge_part *part);

#endif
