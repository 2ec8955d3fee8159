/* The options of `ashlar-bench run`. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/matrix/suite.h"

#define RUN_ARGUMENTS 64

struct run_options {
	struct suite_choice choice;
	const char *workloads[RUN_ARGUMENTS], *settings[RUN_ARGUMENTS];
	const char *allocators[RUN_ARGUMENTS];
	int nallocators;
	int budget_s;    /* 0 = none */
	int timeout_s;   /* 0 = each workload's own */
	const char *out; /* NULL = the default */
	uint64_t seed;
	bool seed_given, resume, dry_run, quiet, no_report;
};

/* Seconds of "90", "90s", "10m" or "2h"; -1 when it is none of these. */
int run_parse_duration(const char *text);

/* Parses; ends the program with one message and STATUS_USAGE on a mistake. */
void run_options_parse(int argc, char **argv, struct run_options *options);

#endif
