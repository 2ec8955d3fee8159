/* What a run set measures, where and with what: everything that is needed to read its
 * samples, and to complete it when it was interrupted. */
#ifndef HARNESS_MANIFEST_H
#define HARNESS_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "harness/matrix/cell.h"
#include "harness/matrix/schedule.h"
#include "harness/contenders/contender.h"

struct manifest {
	char suite[16];
	uint64_t seed;
	int blocks;                     /* the most that any cell has */
	int budget_s;                   /* 0 = none */
	int timeout_s;                  /* 0 = each workload's own */
	bool keep_dumps;                /* of callgrind, for `explain` */
	char started[32], finished[32]; /* "" = not finished */
	char host[80], revision[80];
	struct cell *cells;
	int ncells;
	char world[32];         /* that all contenders run in, by name */
	char libc[80];          /* its C library */
	json_t *world_packages; /* NULL of the system's own */
	struct contender *contenders;
	int ncontenders;
	json_t *command, *capacity, *counters, *environment, *unfinished;
	json_t *stages; /* of a set that was extended, the first plan before all; else null */
	/* Of a part of a plan that is measured on many machines (cluster/), else null: which
	 * turns of the schedule it has, and on which node. */
	json_t *shard;
	json_t *merged; /* of a set that was made of such parts: of which; else null */
};

/* The contender that runs beside those that come later, and twice in cells with `again`: the
 * one that ratios are formed with. */
int manifest_reference(const struct manifest *manifest);

/* Which sample comes when: all stages, and of a shard its turns.  Free it with schedule_free().
 */
void manifest_schedule(const struct manifest *manifest, struct schedule *schedule);

/* Notes the manifest's cells with their blocks and its contenders as the plan that `command`
 * asked for: of the first stage or of one more. */
void manifest_note_stage(struct manifest *manifest, const char *started, json_t *command,
			 const char *revision);

/* The node that a shard is measured on, as its samples name it; null where there is none. */
const char *manifest_node(const struct manifest *manifest);

/* A new object as described in results/README.md. */
json_t *manifest_to_json(const struct manifest *manifest);

/* Fills a manifest from such an object.  Libraries are not looked for: their build-ids
 * are those of the time of the run.  Returns 0, or -1 with `why` filled. */
int manifest_from_json(struct manifest *manifest, const json_t *object, char *why,
		       size_t why_size);

void manifest_free(struct manifest *manifest);

#endif
