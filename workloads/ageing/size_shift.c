/* size-shift: a program changes the sizes it works with, and the heap with them.
 *
 * The heap is filled with small objects, 90 % of which are freed at random; then it
 * is filled up with objects eight times as large, 90 % of all are freed, and so on
 * through four ranges of sizes, then from the start.  What stays of each range keeps
 * slabs of its sizes open; whether their empty neighbours serve the next range shows
 * in the memory held. */
#include <stdio.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, LIVE_MIB, DRAIN };

#define RANGES 4

static const struct range {
	uint64_t low, high;
} ranges[RANGES] = {{16, 127}, {128, 1023}, {1024, 8191}, {8192, 65535}};

static const struct wl_param params[] = {
	{"ops", "allocations, rounded up to whole rounds through the sizes",
	 "0.5 to 0.8 s under glibc", 2400000, 1, 1000000000},
	{"live_mib", "live bytes when full, MiB", "own: a heap beyond 32 MiB", 48, 1, 65536},
	{"drain_percent", "share of the objects freed before the sizes change",
	 "own: leaves something in nearly every slab of small objects", 90, 0, 100},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	uint64_t rounds, n;
	struct block *block; /* 0..n live, in no order that means anything */
};

static double mean_size(int range)
{
	return dist_loguniform_mean(ranges[range].low, ranges[range].high);
}

/* Objects of a range that make up what was drained, by the mean size. */
static uint64_t count_of(const struct wl_run *run, int range, bool first)
{
	double bytes = (double)run->values[LIVE_MIB] * 0x1p20;

	if (!first)
		bytes *= (double)run->values[DRAIN] / 100;
	return (uint64_t)(bytes / mean_size(range));
}

static uint64_t per_round(const struct wl_run *run, bool first)
{
	uint64_t sum = 0;

	for (int i = 0; i < RANGES; i++)
		sum += count_of(run, i, first && i == 0);
	return sum;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t first = per_round(run, true), more = per_round(run, false),
		 ops = (uint64_t)run->values[OPS];

	run->state = s;
	s->rounds = ops <= first || !more ? 1 : 1 + (ops - first + more - 1) / more;
	/* Only once the smallest are many: what later ranges leave of them is a tenth. */
	s->block = wl_table((count_of(run, 0, true) + more) * sizeof(*s->block));
	run->expected_allocs = first + (s->rounds - 1) * more;
	return 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	char name[32];

	for (uint64_t round = 0; round < s->rounds; round++)
		for (int i = 0; i < RANGES; i++) {
			bool first = round == 0 && i == 0, mark = round + 1 == s->rounds;

			if (!first)
				blocks_shrink(t, s->block, &s->n,
					      s->n - s->n * (uint64_t)run->values[DRAIN] / 100);
			snprintf(name, sizeof(name), "drained-%d", i);
			if (mark && !first)
				wl_phase(run, name);
			for (uint64_t n = count_of(run, i, first); n > 0; n--)
				block_make(
					t, &s->block[s->n++],
					dist_loguniform(&t->rng, ranges[i].low, ranges[i].high),
					WL_TOUCH_PAGES);
			snprintf(name, sizeof(name), "to-%llu",
				 (unsigned long long)ranges[i].high);
			if (mark)
				wl_phase(run, name);
		}
	blocks_shrink(t, s->block, &s->n, 0);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->block, s->n, WL_TOUCH_PAGES);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t more = per_round(run, false);

	return ((uint64_t)run->values[OPS] / (more ? more : 1) + 2) * RANGES *
	       ((uint64_t)run->values[LIVE_MIB] << 20);
}

/* The survivors' bytes come on top of each refill; with a small drain they all stay. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	uint64_t full = (uint64_t)run->values[LIVE_MIB] << 20;

	return full + full / 10 * (uint64_t)(100 - run->values[DRAIN]) / 10;
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (count_of(run, 0, true) + per_round(run, false)) * sizeof(struct block);
}

const struct workload workload_size_shift = {
	.name = "size-shift",
	.summary = "the heap drained of 90 % at random and filled again with sizes eight times "
		   "larger",
	.isolates = "whether memory of one size serves another when a program changes phase",
	.cannot_tell = "threads, and slow change: each shift is complete at once",
	.source = "own; size shifts as in long-running servers and caches",
	.touch = "one byte in each OS page of an object and its last byte are written",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
