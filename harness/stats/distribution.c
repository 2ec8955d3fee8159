#include "harness/stats/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void distribution_add(struct distribution *d, double from_ns, double to_ns, uint64_t count)
{
	size_t low = 0, high = d->nbuckets;

	if (count == 0)
		return;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (d->bucket[middle].from_ns < from_ns)
			low = middle + 1;
		else
			high = middle;
	}
	d->count += count;
	if (low < d->nbuckets && d->bucket[low].from_ns == from_ns) {
		d->bucket[low].count += count;
		return;
	}
	if (d->nbuckets == d->room) {
		d->room = d->room ? 2 * d->room : 256;
		d->bucket = realloc(d->bucket, d->room * sizeof(*d->bucket));
		if (!d->bucket)
			abort();
	}
	memmove(d->bucket + low + 1, d->bucket + low, (d->nbuckets - low) * sizeof(*d->bucket));
	d->bucket[low] = (struct distribution_bucket){from_ns, to_ns, count};
	d->nbuckets++;
}

void distribution_merge(struct distribution *into, const struct distribution *from)
{
	for (size_t i = 0; i < from->nbuckets; i++)
		distribution_add(into, from->bucket[i].from_ns, from->bucket[i].to_ns,
				 from->bucket[i].count);
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

double distribution_percentile(const struct distribution *d, double p)
{
	/* The 1e-9 keeps 0.999 * 100000 from becoming rank 99901 by rounding. */
	uint64_t rank = (uint64_t)ceil(p * (double)d->count - 1e-9), seen = 0;
	double middle;

	if (d->count == 0 || rank > d->count || d->count - rank < DISTRIBUTION_MIN_BEYOND)
		return NAN;
	for (size_t i = 0; i < d->nbuckets; i++) {
		seen += d->bucket[i].count;
		if (seen < rank || seen == 0)
			continue;
		middle = (d->bucket[i].from_ns + d->bucket[i].to_ns) / 2;
		return d->max_ns > 0 && middle > d->max_ns ? d->max_ns : middle;
	}
	return NAN;
}

void distribution_free(struct distribution *d)
{
	free(d->bucket);
	memset(d, 0, sizeof(*d));
}
