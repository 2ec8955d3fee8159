/* Latency histograms as the run left them in its channel: percentiles that their
 * counts can carry, and the table on disk. */
#ifndef HARNESS_LATENCY_H
#define HARNESS_LATENCY_H

#include <stdint.h>
#include "workloads/shared/channel.h"

#define LATENCY_PERCENTILES 5
#define LATENCY_BEYOND 100 /* values that must lie beyond a percentile that is quoted */

extern const double latency_quantiles[LATENCY_PERCENTILES];  /* 0.5 … 0.9999 */
extern const char *const latency_names[LATENCY_PERCENTILES]; /* "p50" … "p99_99" */
extern const char *const latency_kinds[CHANNEL_HIST_KINDS];  /* "alloc", "free", "request" */

struct latency_summary {
	uint64_t count, max_ns;
	int64_t value_ns[LATENCY_PERCENTILES]; /* -1: too few values beyond it */
};

/* Percentiles are the upper edge of the bucket they fall into: at most 1/128 too
 * high, never too low. */
void latency_summarise(const struct channel_histogram *histogram,
		       struct latency_summary *summary);

/* Writes the non-empty buckets of all kinds.  Returns whether there were any; -1
 * with errno when the file could not be written. */
int latency_write(const struct channel *channel, const char *path);

#endif
