/* What a user wants of a run, however it was said. */
#ifndef HARNESS_REQUEST_H
#define HARNESS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/matrix/command.h"
#include "harness/machine/counter_sets.h"
#include "harness/matrix/suite.h"

#define REQUEST_ARGUMENTS 64

/* One section of a job file: cells with settings of their own. */
struct request_part {
	struct suite_choice choice;
	const char *where; /* "FILE:LINE" of its beginning */
	const char *workloads[REQUEST_ARGUMENTS], *settings[REQUEST_ARGUMENTS];
	struct command draft;
};

/* Where an argument stands that came from a job file. */
struct request_origin {
	const char *text, *where;
};

struct run_request {
	struct suite_choice choice; /* its lists are those below */
	const char *workloads[REQUEST_ARGUMENTS], *settings[REQUEST_ARGUMENTS];
	const char *allocators[REQUEST_ARGUMENTS], *only[REQUEST_ARGUMENTS];
	int nallocators, nonly; /* both as choice.h of contenders/ explains */
	const char *world;      /* NULL = the system's own */
	int budget_s;           /* 0 = none */
	int timeout_s;          /* 0 = each workload's own */
	const char *out;        /* NULL = the default */
	const char *argument;   /* that no option took: what to resume */
	uint64_t seed;
	bool seed_given, suite_given, resume, strict, dry_run, quiet, no_report, no_repeat;
	bool keep_dumps;         /* of callgrind */
	counter_choice counters; /* sets; 0 = the default */
	struct command draft;    /* that the options speak of now */
	struct request_part **parts;
	int nparts; /* 0 = choice alone */
	struct request_origin *origins;
	int norigins;
};

/* Nothing special: the suite quick.  `request` must stay where it is. */
void request_begin(struct run_request *request);

/* Returns 0, or -1 with `why`: a run that goes on cannot be given
 * another plan, only more. */
int request_check(const struct run_request *request, char *why, size_t why_size);

/* What follows is said by this section of a job file.  Returns it; it stays. */
struct request_part *request_add_part(struct run_request *request, const char *where);
/* Notes where an argument stands; request_where() is NULL for what came by an option. */
void request_add_origin(struct run_request *request, const char *text, const char *where);
const char *request_where(const struct run_request *request, const char *text);

/* Seconds of "90s", "10m" or "2h"; -1 when it is none of these. */
int request_duration(const char *text);

#endif
