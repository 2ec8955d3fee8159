/* Where trials run and what they run with. */
#ifndef HARNESS_PLACE_H
#define HARNESS_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/machine/counters.h"

/* What all trials of a run set share. */
struct trial_place {
	const char *out;     /* folder of the run set: timeline/ and latency/ exist in it */
	const char *scratch; /* folder for what does not outlive the run */
	const struct counter_source *source;
	/* Hardware sets take turns over blocks, with software events beside each; that of
	 * callgrind simulates caches and branches where instructions are counted. */
	counter_choice counters;
	const char *valgrind; /* NULL = none */
	int timeout_s;        /* of one sample; 0 = what the workload or program says */
	uint64_t seed;        /* of the padding */
	bool keep_dumps;      /* callgrind's output goes into the run set */
	const char *record;   /* programs are recorded into this file, not measured; or NULL */
};

#endif
