/* aligned-calloc: the two ways to ask for more than malloc promises.
 *
 * Every second call is an aligned_alloc, its alignment going through the powers of two
 * from 16 bytes to `alignment_max`; the others are callocs.  Objects are replaced at
 * random, so calloc must often zero memory that was used before, and large ones show
 * whether an allocator knows that fresh pages are zero. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, SLOTS, ALIGNMENT, SIZE_MAX_ };

static const struct wl_param params[] = {
	{"ops", "replacements, every second one aligned", "0.5 to 0.8 s under glibc", 2000000,
	 1, 10000000000},
	{"slots", "live objects", "own: more than thread caches hold", 4000, 1, 10000000},
	{"alignment_max", "largest alignment, bytes; a power of two",
	 "64 KiB: a buffer for direct I/O or a device", 65536, 16, 16777216},
	{"size_max", "largest object, bytes; as many per doubling from 16",
	 "own: beyond every threshold for mmap", 262144, 16, 67108864},
	{NULL, NULL, NULL, 0, 0, 0},
};

static int setup(struct wl_run *run)
{
	int64_t alignment = run->values[ALIGNMENT];

	if (alignment & (alignment - 1)) {
		wl_fail(run,
			"aligned-calloc: alignment_max=%lld: a power of two from 16 to "
			"16777216 "
			"is accepted",
			(long long)alignment);
		return -1;
	}
	run->state = wl_table((size_t)run->values[SLOTS] * sizeof(struct block));
	run->expected_allocs = (uint64_t)(run->values[OPS] + run->values[SLOTS]);
	return 0;
}

/* Small sizes are the rule: every other draw is cut off at 1 KiB. */
static uint64_t random_size(struct wl_run *run, struct wl_thread *t)
{
	uint64_t high = (uint64_t)run->values[SIZE_MAX_];

	if (high > 1024 && rng_below(&t->rng, 8))
		high = 1024;
	return dist_loguniform(&t->rng, 16, high);
}

static void fill(struct wl_run *run, struct wl_thread *t, struct block *b, uint64_t call)
{
	unsigned steps = (unsigned)__builtin_ctzll((uint64_t)run->values[ALIGNMENT]) - 3;
	uint64_t alignment = (uint64_t)16 << call / 2 % steps;

	b->size = random_size(run, t);
	if (call % 2) {
		b->at = wl_calloc(t, 1, b->size);
	} else {
		/* aligned_alloc wants a multiple; beyond an OS page most want a page or so. */
		b->size = (b->size + alignment - 1) & ~(alignment - 1);
		b->at = wl_aligned(t, alignment, b->size);
	}
	wl_touch(t, b->at, b->size, WL_TOUCH_FIRST);
}

static int run(struct wl_run *run)
{
	struct block *slots = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t n = (uint64_t)run->values[SLOTS], call = 0;

	for (uint64_t i = 0; i < n; i++)
		fill(run, t, &slots[i], call++);
	wl_phase(run, "ramp");
	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct block *b = &slots[rng_below(&t->rng, n)];

		block_drop(t, b);
		fill(run, t, b, call++);
	}
	wl_phase(run, "steady");
	blocks_drop(t, slots, n);
	wl_phase(run, "emptied");
	return 0;
}

/* Which pages calloc's zeros were written to, the allocator alone knows: the floor is
 * that of the written bytes. */
static void live(const struct wl_run *run, struct page_floor *floor)
{
	blocks_live(floor, run->state, (uint64_t)run->values[SLOTS], WL_TOUCH_FIRST);
}

static double mean_size(const struct wl_run *run)
{
	double high = (double)run->values[SIZE_MAX_];
	unsigned steps = (unsigned)__builtin_ctzll((uint64_t)run->values[ALIGNMENT]) - 3;

	/* An eighth of the draws go to the largest size; rounding up to an alignment adds
	 * half of the mean alignment to every second. */
	return 240 + (high - 16) / __builtin_log((high + 1) / 16) / 8 +
	       (double)run->values[ALIGNMENT] / steps;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)(run->values[OPS] + run->values[SLOTS]) * mean_size(run));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[SLOTS] * mean_size(run));
}

const struct workload workload_aligned_calloc = {
	.name = "aligned-calloc",
	.summary =
		"aligned_alloc through all alignments, and calloc through all sizes, by turns",
	.isolates = "cost and waste of alignment, and of zeroing what may be zero already",
	.cannot_tell = "the ordinary path: no call is malloc",
	.source = "own; sweeps over alignment and zeroed size",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
