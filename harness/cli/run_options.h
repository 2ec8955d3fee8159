/* The options of `ashlar-bench run`. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include <argp.h>
#include "harness/run/request.h"

/* Parses; ends the program with one message and STATUS_USAGE on a mistake. */
void run_options_parse(int argc, char **argv, struct run_request *request);

/* The same for a verb that takes them beside its own: a child whose input is a request that was
 * begun.  Arguments are the verb's. */
extern const struct argp run_options_argp;
/* What a job file says, in place of --job. */
void run_options_job(struct run_request *request, const char *path);

#endif
