/* Job files as requests: [global] says what options say, every other section is a workload or a
 * command.  A mistake ends the program with one message that is led by file and line, and
 * STATUS_USAGE. */
#ifndef HARNESS_RUN_JOB_H
#define HARNESS_RUN_JOB_H

#include "harness/run/request.h"

/* Sets one option by its long name; flags take yes or no.  Returns 0, or -1 with `why`: there
 * is none of that name.  A bad value ends the program. */
typedef int run_job_set(struct run_request *request, const char *key, char *value, char *why,
			size_t why_size);

/* Reads a job file into the request, its options by `set`. */
void run_job_read(struct run_request *request, const char *path, run_job_set *set);
/* When all options are known: sections take over what they do not say themselves. */
void run_job_complete(struct run_request *request);

#endif
