/* Where a value lies in a channel's histogram, and back.
 *
 * Below 2^7 ns each value has its bucket; above, the doubling [2^e, 2^(e+1)) has 2^7
 * buckets of 2^(e-7) ns each. */
#ifndef WORKLOADS_HISTOGRAM_H
#define WORKLOADS_HISTOGRAM_H

#include "workloads/shared/channel.h"

static inline unsigned histogram_index(uint64_t ns)
{
	unsigned e;

	if (ns < 1u << CHANNEL_HIST_SUB_BITS)
		return (unsigned)ns;
	e = 63 - (unsigned)__builtin_clzll(ns);
	if (e > 39)
		return CHANNEL_HIST_BUCKETS - 1;
	return ((e - CHANNEL_HIST_SUB_BITS + 1) << CHANNEL_HIST_SUB_BITS) +
	       (unsigned)((ns >> (e - CHANNEL_HIST_SUB_BITS)) &
			  ((1u << CHANNEL_HIST_SUB_BITS) - 1));
}

/* Smallest value of the bucket; the next one's is the first value beyond it. */
static inline uint64_t histogram_from(unsigned index)
{
	unsigned group = index >> CHANNEL_HIST_SUB_BITS;
	uint64_t sub = index & ((1u << CHANNEL_HIST_SUB_BITS) - 1);

	if (group == 0)
		return sub;
	return (sub + (1u << CHANNEL_HIST_SUB_BITS)) << (group - 1);
}

static inline void histogram_add(struct channel_histogram *h, uint64_t ns)
{
	h->count++;
	h->sum_ns += ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->bucket[histogram_index(ns)]++;
}

static inline void histogram_merge(struct channel_histogram *into,
				   const struct channel_histogram *from)
{
	into->count += from->count;
	into->sum_ns += from->sum_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	for (unsigned i = 0; i < CHANNEL_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

#endif
