/* The options of `ashlar-bench run`. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include "harness/run/request.h"

/* Parses; ends the program with one message and STATUS_USAGE on a mistake. */
void run_options_parse(int argc, char **argv, struct run_request *request);

#endif
