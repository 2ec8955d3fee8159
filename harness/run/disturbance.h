/* What disturbed a sample: others that ran meanwhile, never its own work.
 *
 * A sample whose threads outnumber the CPUs waits for itself, in every block; that is its
 * workload and no disturbance.  So waiting counts only as far as it is above what the same cell
 * and contender wait when nothing else disturbs them, and as others can have caused it. */
#ifndef HARNESS_DISTURBANCE_H
#define HARNESS_DISTURBANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/matrix/cell.h"

/* Shares of the trial's duration.  Time of others and stolen time come in steps of a clock
 * tick, of which some fall to the wrong side: below so many ns they say nothing. */
#define DISTURBED_OTHERS 0.05
#define DISTURBED_OTHERS_NS 50000000u
#define DISTURBED_STEAL 0.01
#define DISTURBED_STEAL_NS 20000000u
#define DISTURBED_THROTTLING 0.01
/* Waiting beyond the baseline, of the CPU time; the baseline is the median of the quiet samples
 * plus three times their scaled median absolute deviation, once there are so many. */
#define DISTURBED_WAITING 0.01
#define DISTURBED_QUIET 3
/* Threads that one other may have kept from running at a time: so many times the CPU time of
 * others, steal and throttling is the most that all of them made the sample wait. */
#define DISTURBED_AT_ONCE 4

/* What one sample of a cell met. */
struct disturbance_facts {
	uint64_t duration_ns, cpu_ns;
	uint64_t others_ns, steal_ns, throttled_ns, runqueue_delay_ns;
};

/* The waiting of the quiet samples of one cell and contender: delay over CPU time. */
struct disturbance_baseline {
	double *shares;
	int count, room;
};

/* Whether times are taken in this mode, so that disturbance matters. */
bool disturbance_matters(enum cell_mode mode);

/* Writes what disturbed a sample, as results/README.md has it, "" if nothing did; returns
 * whether anything.  A sample that is quiet but for its waiting becomes part of the baseline.
 */
bool disturbance_judge(struct disturbance_baseline *baseline,
		       const struct disturbance_facts *facts, char *text, size_t size);

void disturbance_baseline_free(struct disturbance_baseline *baseline);

#endif
