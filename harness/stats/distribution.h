/* A distribution of durations as buckets: what the latency files of several samples
 * add up to.  Percentiles are taken from the sum of histograms; percentiles of
 * single runs are never averaged. */
#ifndef HARNESS_DISTRIBUTION_H
#define HARNESS_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

/* A percentile with fewer values beyond it is not quoted. */
#define DISTRIBUTION_MIN_BEYOND 100

/* A bucket is at most this wide, as a share of its values (workloads/shared/histogram.h): two
 * percentiles that are closer are not told apart. */
#define DISTRIBUTION_BUCKET (1.0 / 128)

struct distribution_bucket {
	double from_ns, to_ns;
	uint64_t count;
};

/* Zero-initialise; free with distribution_free.  The buckets are in ascending order
 * and of one scheme: two with the same from_ns are the same bucket. */
struct distribution {
	struct distribution_bucket *bucket;
	size_t nbuckets, room;
	uint64_t count; /* sum of bucket[].count */
	double max_ns;  /* largest value seen, or the last bucket's end if not told */
};

void distribution_add(struct distribution *d, double from_ns, double to_ns, uint64_t count);
void distribution_merge(struct distribution *into, const struct distribution *from);
/* The value in ns below which the share p (0 to 1) lies: the middle of its bucket,
 * at most max_ns.  NaN with fewer than DISTRIBUTION_MIN_BEYOND values beyond. */
double distribution_percentile(const struct distribution *d, double p);
void distribution_free(struct distribution *d);

#endif
