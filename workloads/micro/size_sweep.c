/* size-sweep: the cost of an allocation by its size, all else equal.
 *
 * Batches of one size are allocated and freed in order, for each power of two from 8
 * bytes to `largest`, as in figure 6 of the snmalloc paper.  The batch is short enough
 * to stay in every allocator's thread cache where there is one for the size, so the
 * steps in the curve are the edges of caches and classes. */
#include <stdio.h>
#include "workloads/lib/blocks.h"

enum { OPS, SIZE, LARGEST, BATCH };

static const struct wl_param params[] = {
	{"ops", "allocations, shared equally by the sizes (each rounded up to whole batches)",
	 "0.5 to 0.8 s under glibc", 1400000, 1, 10000000000},
	{"size", "the only size, bytes; 0 = all powers of two from 8 to largest",
	 "own: 0 for the sweep, a size for one point of the curve", 0, 0, 16777216},
	{"largest", "largest size of the sweep, bytes", "snmalloc paper, figure 6: to 64 KiB",
	 65536, 8, 16777216},
	{"batch", "objects that live together", "own: below the thread caches' capacities", 32,
	 1, 100000},
	{NULL, NULL, NULL, 0, 0, 0},
};

#define SIZES 22

struct state {
	int sizes;
	size_t size[SIZES];
	uint64_t rounds;
	uint64_t live; /* kept at marks only */
	struct block *block;
};

static int count_sizes(const struct wl_run *run, size_t *size)
{
	int n = 0;

	if (run->values[SIZE]) {
		size[0] = (size_t)run->values[SIZE];
		return 1;
	}
	for (size_t s = 8; s <= (size_t)run->values[LARGEST]; s *= 2)
		size[n++] = s;
	return n;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t batch = (uint64_t)run->values[BATCH], each;

	run->state = s;
	s->sizes = count_sizes(run, s->size);
	each = ((uint64_t)run->values[OPS] + (uint64_t)s->sizes - 1) / (uint64_t)s->sizes;
	s->rounds = (each + batch - 1) / batch;
	s->block = wl_table(batch * sizeof(*s->block));
	run->expected_allocs = s->rounds * batch * (uint64_t)s->sizes;
	return 0;
}

static void build(struct state *s, struct wl_thread *t, uint64_t batch, size_t size)
{
	for (uint64_t i = 0; i < batch; i++)
		block_make(t, &s->block[i], size, WL_TOUCH_FIRST);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t batch = (uint64_t)run->values[BATCH];

	for (int i = 0; i < s->sizes; i++) {
		char name[32];

		for (uint64_t round = 1; round < s->rounds; round++) {
			build(s, t, batch, s->size[i]);
			blocks_drop(t, s->block, batch);
		}
		build(s, t, batch, s->size[i]);
		snprintf(name, sizeof(name), "size-%zu", s->size[i]);
		s->live = batch;
		wl_phase(run, name);
		s->live = 0;
		blocks_drop(t, s->block, batch);
	}
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->block, s->live, WL_TOUCH_FIRST);
}

static uint64_t largest(const struct wl_run *run)
{
	return (uint64_t)(run->values[SIZE] ? run->values[SIZE] : run->values[LARGEST]);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	size_t size[SIZES];
	uint64_t sum = 0;
	int n = count_sizes(run, size);

	for (int i = 0; i < n; i++)
		sum += size[i] * ((uint64_t)run->values[OPS] / (uint64_t)n +
				  (uint64_t)run->values[BATCH]);
	return sum;
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[BATCH] * largest(run);
}

const struct workload workload_size_sweep = {
	.name = "size-sweep",
	.summary = "short batches of one size, for each power of two from 8 bytes to 64 KiB",
	.isolates = "which sizes an allocator's caches serve, and what one costs beyond them",
	.cannot_tell = "how sizes disturb each other: only one is in use at a time",
	.source = "figure 6 of snmalloc (Lietar et al., ISMM 2019)",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
