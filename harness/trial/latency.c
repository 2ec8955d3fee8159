#include "harness/trial/latency.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include "workloads/shared/histogram.h"

const double latency_quantiles[LATENCY_PERCENTILES] = {0.5, 0.9, 0.99, 0.999, 0.9999};
const char *const latency_names[LATENCY_PERCENTILES] = {"p50", "p90", "p99", "p99_9", "p99_99"};
const char *const latency_kinds[CHANNEL_HIST_KINDS] = {
	[CHANNEL_HIST_ALLOC] = "alloc",
	[CHANNEL_HIST_FREE] = "free",
	[CHANNEL_HIST_REQUEST] = "request",
};

void latency_summarise(const struct channel_histogram *h, struct latency_summary *s)
{
	s->count = h->count;
	s->max_ns = h->max_ns;
	for (int p = 0; p < LATENCY_PERCENTILES; p++) {
		double beyond = (double)h->count * (1 - latency_quantiles[p]);
		uint64_t rank = (uint64_t)ceil((double)h->count * latency_quantiles[p]),
			 below = 0;

		s->value_ns[p] = -1;
		/* A hair below, because 1 - 0.99 is not a hundredth in binary. */
		if (beyond < LATENCY_BEYOND - 1e-6)
			continue;
		for (unsigned b = 0; b < CHANNEL_HIST_BUCKETS; b++) {
			below += h->bucket[b];
			if (below >= rank && below > 0) {
				uint64_t edge = histogram_from(b + 1) - 1;

				s->value_ns[p] = (int64_t)(edge < h->max_ns ? edge : h->max_ns);
				break;
			}
		}
	}
}

int latency_write(const struct channel *channel, const char *path)
{
	FILE *file;
	int any = 0;

	for (int k = 0; k < CHANNEL_HIST_KINDS; k++)
		any |= channel->latency[k].count > 0;
	if (!any)
		return 0;
	file = fopen(path, "we");
	if (!file)
		return -1;
	fputs("kind\tfrom_ns\tto_ns\tcount\n", file);
	for (int k = 0; k < CHANNEL_HIST_KINDS; k++)
		for (unsigned b = 0; b < CHANNEL_HIST_BUCKETS; b++)
			if (channel->latency[k].bucket[b])
				fprintf(file, "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
					latency_kinds[k], histogram_from(b),
					histogram_from(b + 1), channel->latency[k].bucket[b]);
	return ferror(file) | fclose(file) ? -1 : 1;
}
