/* One measurement and what became of it; the record that is written for it. */
#ifndef HARNESS_SAMPLE_H
#define HARNESS_SAMPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "harness/base/build_id.h"
#include "harness/base/sample_fields.h"
#include "harness/matrix/cell.h"
#include "harness/contenders/contender.h"
#include "harness/machine/counters.h"
#include "harness/machine/lackey.h"
#include "harness/trial/latency.h"
#include "workloads/shared/channel.h"

/* Records of different major numbers are not comparable: the work has changed. */
#define SUITE_VERSION "2.2"

enum sample_status { SAMPLE_OK, SAMPLE_FAILED, SAMPLE_TIMEOUT, SAMPLE_SKIPPED, SAMPLE_ABORTED };

extern const char *const sample_statuses[]; /* SAMPLE_ABORTED is never recorded */

struct sample {
	/* What was to be measured. */
	int id, block, order;
	int attempt; /* 1: the block is repeated, as it was disturbed */
	const struct cell *cell;
	const struct contender *contender;
	uint64_t seed;
	int64_t values[WL_MAX_PARAMS]; /* the cell's, with the rate that a load came to */
	const char *node;              /* of a cluster; NULL = no cluster */
	const char *distributions; /* file for sizes and lifetimes: all is booked and no time
				      means anything; NULL = a measurement */

	/* What became of it. */
	enum sample_status status;
	char reason[320];
	char started[32];
	uint64_t duration_ns; /* of the whole trial */

	/* Of the timed part. */
	uint64_t cpu_ns, user_ns, sys_ns, wall_ns;
	uint64_t ops, allocs, expected_allocs;
	char ops_unit[32];
	int64_t instructions;             /* -1 = not counted */
	int64_t allocator_instructions;   /* within the allocator and what it calls; -1 */
	int64_t usable_size_instructions; /* the part of those for malloc_usable_size */
	bool has_dump;                    /* callgrind's output is kept in the set */
	uint64_t peak_rss_bytes, table_bytes;
	uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches;
	uint64_t runqueue_delay_ns, steal_ns;
	uint64_t others_ns, throttled_ns, throttled_periods; /* of the whole trial */
	bool timed;         /* whether what disturbs matters; `disturbed` is then set */
	char disturbed[64]; /* by what, as in results/README.md */
	uint64_t arrivals_ns, served_ns; /* open loop at a rate (workloads/shared/channel.h) */

	uint64_t begin_ns; /* the phases' times count from here */
	unsigned nmarks;
	struct channel_mark marks[CHANNEL_MARKS];

	bool has_timeline, has_latency;
	struct latency_summary latency[CHANNEL_HIST_KINDS];
	uint64_t clock_cost_ns, sample_every;
	struct counters_reading counters;

	struct channel_replay replay; /* of a trace: .used */
	struct channel_locality locality;
	struct lackey_figures
		own; /* what the allocator touches for itself; 0 calls = not known */
	struct channel_footprint footprint; /* of mode footprint: count */
	/* replay.contexts of each */
	uint64_t wait_ns[CHANNEL_THREADS], alive_ns[CHANNEL_THREADS], idle_ns[CHANNEL_THREADS];

	char allocator_file[CHANNEL_PATH], usable_size_file[CHANNEL_PATH];
	char build_id[BUILD_ID_TEXT], version[128];
	char libc[32]; /* the C library's own word for its version */
};

/* Sets the status and the reason, unless an earlier one stands: the first failure is
 * the cause, what follows are its consequences. */
void sample_fail(struct sample *sample, enum sample_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An open loop that served less of its requests per second than this share of what arrived has
 * no latency: what waits grows as long as the run lasts. */
#define SAMPLE_SATURATED 0.98

/* Requests per second of an open loop: as they arrived and as they were answered; 0 = none. */
double sample_offered_rate(const struct sample *sample);
double sample_achieved_rate(const struct sample *sample);
bool sample_saturated(const struct sample *sample);

/* Resident bytes of mode footprint: their area over allocation calls (each checkpoint stands
 * for the calls since the one before), and their most.  0 where there are none. */
uint64_t sample_area(const struct sample *sample);
uint64_t sample_most(const struct sample *sample);

/* A new object as described in results/README.md. */
json_t *sample_to_json(const struct sample *sample);

/* All parameters of a cell with the values given. */
json_t *sample_params(const struct cell *cell, const int64_t *values);

#endif
