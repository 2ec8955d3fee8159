/* The worker's command line, parsed without a single allocation. */
#ifndef WORKLOADS_OPTIONS_H
#define WORKLOADS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/workload.h"

struct options {
	const struct workload *workload;
	enum wl_mode mode;
	uint64_t seed;
	int channel_fd; /* -1 = none given */
	bool list, help;
	bool start; /* no workload: start_objects objects, and the end */
	int64_t start_objects;
	const char *cdf;    /* file of distributions; NULL = none */
	const char *replay; /* a trace's file; NULL = none */
	int64_t values[WL_MAX_PARAMS];
};

/* Returns 0, or -1 with one sentence in `why` that names what was wrong and what is
 * accepted. */
int options_parse(int argc, char **argv, struct options *options, char *why, size_t why_size);

extern const char options_usage[];

#endif
