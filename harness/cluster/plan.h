/* A run set cut into shards, which may be measured anywhere and at any time: plan.json.
 *
 * A shard is a range of turns of the one schedule that the whole set would have on one machine,
 * and a turn is a block of a cell with all its contenders: so a block never spans two nodes,
 * and what is merged has the numbers, orders and seeds of a single run. */
#ifndef HARNESS_CLUSTER_PLAN_H
#define HARNESS_CLUSTER_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include "harness/analysis/result_set.h"
#include "harness/run/manifest.h"
#include "harness/run/request.h"

#define CLUSTER_SCHEMA "ashlar-plan 1"
#define CLUSTER_ID 17 /* 16 digits in hexadecimal, and the end */
/* Shards for each node where nothing is said: see doc/cluster.md. */
#define CLUSTER_SHARDS_PER_NODE 4
#define CLUSTER_MOST 10000 /* shards, and nodes */

struct cluster_shard {
	int first_turn, turns;
	double estimate_s; /* of one machine like that of the estimate */
};

struct cluster_plan {
	char id[CLUSTER_ID];
	char created[32];
	struct manifest set; /* that it is to become; its libraries are not looked for */
	struct cluster_shard *shards;
	int nshards;
	int nodes;            /* that the estimate counts with */
	bool no_repeat;       /* as run's options, for every shard */
	bool strict;          /* likewise */
	json_t *counter_sets; /* asked for, a number as counter_choice */
	json_t *hashes;       /* contender: SHA-256 of its library, as planned */
	json_t *history;      /* how it was made and added to */
};

/* Fills a plan with what the request chooses, without shards.  argv (without its first) is
 * recorded.  Returns STATUS_OK, or another exit status after its message. */
int cluster_plan_new(const struct run_request *request, int argc, char **argv,
		     struct cluster_plan *plan);

/* Adds blocks, cells or contenders to a plan's set, as `run --resume` does to a set;
 * `*added` is false where it has all of it.  Returns as cluster_plan_new(). */
int cluster_plan_extend(const struct run_request *request, int argc, char **argv,
			struct cluster_plan *plan, bool *added);

/* Adds the blocks that a precision needs by a pilot (precision.h); likewise. */
int cluster_plan_narrow(struct result_set *pilot, double precision, int argc, char **argv,
			struct cluster_plan *plan, bool *added);

/* Cuts the turns that no shard has yet into `count` more (fewer where there are not as many
 * turns), of about equal time.  `pilot` (or null) says how long a sample takes. */
void cluster_plan_cut(struct cluster_plan *plan, int count, const struct result_set *pilot);

/* Seconds until all shards from `first` on are done where each node takes the next one once it
 * is free. */
double cluster_plan_seconds(const struct cluster_plan *plan, int first, int nodes);

/* DIR/plan.json, replaced in one step; its folder is made.  Returns 0, or -1 with `why`. */
int cluster_plan_write(const struct cluster_plan *plan, const char *dir, char *why,
		       size_t why_size);
/* Returns 0, or -1 with `why`: no plan, not one of this version, or damaged. */
int cluster_plan_read(struct cluster_plan *plan, const char *dir, char *why, size_t why_size);
void cluster_plan_free(struct cluster_plan *plan);

#endif
