/* realloc-growth: vectors and strings that grow by realloc until they are dropped.
 *
 * Many vectors grow side by side, each by a factor towards a length of its own; a
 * finished one is freed and a new one begins in its place.  What was appended is
 * written, so a copy that realloc makes is of memory in use.  The lengths' logarithm
 * is uniform, so most steps concern small vectors and most bytes large ones. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, VECTORS, LENGTH_MIN, LENGTH_MAX, GROWTH };

#define FIRST 16 /* bytes with which each begins */

static const struct wl_param params[] = {
	{"ops", "steps: a vector grows once, or is dropped and begun anew",
	 "0.5 to 0.8 s under glibc", 250000, 1, 10000000000},
	{"vectors", "vectors that grow side by side", "own: a heap beyond 32 MiB", 512, 1,
	 1000000},
	{"length_min", "shortest final length, bytes", "own: a short string", 64, FIRST,
	 1073741824},
	{"length_max", "longest final length, bytes", "own: a file read into memory", 4194304,
	 FIRST, 1073741824},
	{"growth_percent", "length after a step, percent of the one before",
	 "150 (folly, Java, MSVC) or 200 (libstdc++)", 150, 101, 1000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct vector {
	struct block block;
	uint64_t until;
};

static int setup(struct wl_run *run)
{
	if (sizes_ordered(run, LENGTH_MIN, LENGTH_MAX) < 0)
		return -1;
	run->state = wl_table((size_t)run->values[VECTORS] * sizeof(struct vector));
	run->expected_allocs = (uint64_t)run->values[OPS];
	return 0;
}

static void begin(struct wl_run *run, struct wl_thread *t, struct vector *v)
{
	if (v->block.at)
		block_drop(t, &v->block);
	v->until = dist_loguniform(&t->rng, (uint64_t)run->values[LENGTH_MIN],
				   (uint64_t)run->values[LENGTH_MAX]);
	block_make(t, &v->block, FIRST, WL_TOUCH_ALL);
}

static void grow(struct wl_run *run, struct wl_thread *t, struct vector *v)
{
	uint64_t old = v->block.size;
	uint64_t size = old * (uint64_t)run->values[GROWTH] / 100;

	if (size < old + 8)
		size = old + 8;
	if (size > v->until)
		size = v->until;
	v->block.at = wl_realloc(t, v->block.at, old, size);
	v->block.size = size;
	wl_touch(t, (char *)v->block.at + old, size - old, WL_TOUCH_ALL);
}

static int run(struct wl_run *run)
{
	struct vector *vectors = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t n = (uint64_t)run->values[VECTORS];

	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct vector *v = &vectors[rng_below(&t->rng, n)];

		if (!v->block.at || v->block.size >= v->until)
			begin(run, t, v);
		else
			grow(run, t, v);
	}
	wl_phase(run, "steady");
	for (uint64_t i = 0; i < n; i++)
		if (vectors[i].block.at)
			block_drop(t, &vectors[i].block);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct vector *vectors = run->state;

	for (int64_t i = 0; i < run->values[VECTORS]; i++)
		blocks_live(floor, &vectors[i].block, 1, WL_TOUCH_ALL);
}

static double mean_length(const struct wl_run *run)
{
	double low = (double)run->values[LENGTH_MIN],
	       high = (double)run->values[LENGTH_MAX] + 1;

	return high > low ? (high - low) / __builtin_log(high / low) : low;
}

/* A vector's steps sum up to growth / (growth - 1) times its final length. */
static uint64_t total_bytes(const struct wl_run *run)
{
	double growth = (double)run->values[GROWTH] / 100,
	       low = (double)run->values[LENGTH_MIN];
	double middle = __builtin_sqrt(low * (double)run->values[LENGTH_MAX]);
	double steps = 1 + __builtin_log(middle / FIRST) / __builtin_log(growth);

	return (uint64_t)((double)run->values[OPS] / steps * mean_length(run) * growth /
			  (growth - 1));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[VECTORS] * mean_length(run));
}

const struct workload workload_realloc_growth = {
	.name = "realloc-growth",
	.summary = "vectors that grow by realloc to 64 bytes to 4 MiB, side by side",
	.isolates = "whether realloc grows in place, moves pages or copies bytes",
	.cannot_tell = "anything about malloc: nearly all calls are realloc",
	.source = "own; growth factors of common vector classes",
	.touch = "every byte is written when it is appended",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "steps",
	.live = live,
};
