/* Running what a manifest says into its folder, turn by turn. */
#ifndef HARNESS_RUNNER_H
#define HARNESS_RUNNER_H

#include <stdio.h>
#include "harness/run/disturbance.h"
#include "harness/run/manifest.h"
#include "harness/run/runset.h"
#include "harness/matrix/schedule.h"
#include "harness/trial/trial.h"

struct runner {
	struct manifest *manifest;
	struct runset *set;
	struct trial_place place;
	struct schedule schedule;
	bool *done; /* by sample id; those of repeats come behind all others */
	struct turn_state {
		double seconds; /* its samples, the first time */
		bool disturbed; /* the first time */
		bool again;     /* has a sample of the repeat */
	} * turns;
	struct disturbance_baseline *baselines; /* [cell * contenders + contender] */
	double repeated_s;
	bool no_repeat;
	bool *ran;       /* of each cell: a sample that was not skipped */
	double *cell_s;  /* seconds of a turn of each cell, as far as measured; 0 = not yet */
	int *last_block; /* of each cell, while the folder is read */
	double spent_s;  /* on what the folder held already of the last stage */
	uint64_t deadline_ns; /* 0 = no budget */
	bool quiet;
	FILE *progress;         /* NULL = standard output */
	struct contender again; /* the reference under its second name; borrows all else */
};

/* Makes the schedule and marks what the folder holds already.  Returns 0, or -1 with
 * `why`: the records are of another plan. */
int runner_begin(struct runner *runner, char *why, size_t why_size);

/* A block that was disturbed is repeated whole once all others are done, as long as repeats
 * take no more than this share of what the blocks took. */
#define RUNNER_REPEATS 0.2

/* Number of samples that are still to be measured, repeats apart. */
int runner_missing(const struct runner *runner);

/* Of these the ones that were there once: of blocks that the manifest does not say the budget
 * had no room for. */
int runner_lost(const struct runner *runner);

enum runner_end {
	RUNNER_DONE,        /* all, or all that the budget had room for */
	RUNNER_INTERRUPTED, /* ended by the user */
	RUNNER_BROKEN       /* a record could not be written; `why` says it */
};

enum runner_end runner_go(struct runner *runner, char *why, size_t why_size);
void runner_free(struct runner *runner);

#endif
