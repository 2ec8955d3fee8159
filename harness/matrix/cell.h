/* A cell of the matrix: one workload or program with one set of parameters, measured
 * in one mode. */
#ifndef HARNESS_CELL_H
#define HARNESS_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/matrix/command.h"
#include "workloads/shared/program.h"
#include "workloads/shared/workload.h"

enum cell_mode {
	MODE_THROUGHPUT,   /* no timers in the run */
	MODE_LATENCY,      /* a sample of the calls is timed */
	MODE_MEMORY,       /* throughput's run with idle phases: memory is what is looked at */
	MODE_VERIFY,       /* every block is filled and checked */
	MODE_INSTRUCTIONS, /* under callgrind */
	MODE_LOCALITY,     /* of one thread: where what is touched lies, by a model */
	MODE_FOOTPRINT,    /* what is resident, by the number of calls */
	MODE_SHARING,      /* threads by turns: lines that go from one to another, by a model */
	MODE_COUNT
};

extern const char *const cell_modes[MODE_COUNT];
/* MODE_COUNT when the name is unknown. */
enum cell_mode cell_mode_find(const char *name);

struct cell {
	char name[320]; /* workload, then its non-default parameters: "larson:threads=4" */
	const struct workload *workload; /* one of these two */
	const struct program *program;
	const struct command *command; /* beside program: it is one of the user's */
	enum cell_mode mode;
	int64_t values[WL_MAX_PARAMS]; /* in the order of cell_params() */
	int load; /* open loop: rate as percent of the capacity; 0 = as given */
	/* Where the clock is held: by how much each call of the workload moves it; 0 = not.  In
	 * mode footprint it moves unless that is wanted otherwise. */
	int64_t step_ns;
	int blocks; /* to be measured */
	bool again; /* the reference runs twice in each of them */
};

/* Fills a cell with the defaults of a workload, trace, program or command.  False: no such
 * name. */
bool cell_init(struct cell *cell, const char *workload, enum cell_mode mode);

/* "key=value,key=value"; the key `load` is percent of capacity, `step_ns` (modes
 * instructions, locality, footprint and sharing of own workloads and traces) how far each call
 * moves the held clock.  Returns 0, or -1 with `why` naming what was wrong and what is
 * accepted. */
int cell_set(struct cell *cell, const char *settings, char *why, size_t why_size);

const struct wl_param *cell_params(const struct cell *cell);
const char *cell_workload_name(const struct cell *cell);
/* What the worker is told to run for an own workload: its name, of a trace its file as well;
 * free it. */
char *cell_worker_name(const struct cell *cell);
/* Index of a parameter, -1 when it has none of that name. */
int cell_find_param(const struct cell *cell, const char *name);
/* Whether cell_set() knows the key: a parameter's, or one of those above. */
bool cell_takes(const struct cell *cell, const char *key);
/* Does an own workload with these values fit the memory that is free here now?  Returns 0,
 * or -1 with `why` naming the parameter to blame and what is accepted. */
int cell_check_room(const struct cell *cell, char *why, size_t why_size);
/* Bytes that it requests in all; 0 = unknown (programs). */
uint64_t cell_total_bytes(const struct cell *cell);

#endif
