/* mixed-ageing: a heap grows old under generations of threads.
 *
 * The behaviour of mstress in mimalloc-bench: threads come in generations; sizes are 1
 * to 16 words, those of kept objects up to 64, one in a hundred a hundred times as
 * large, one in a thousand a thousand times, one in ten thousand ten thousand times;
 * a quarter of the objects change owner on the way.  There, a changing hands is a race
 * for 1000 shared slots; here each thread passes a quarter of each batch to its
 * neighbour in a ring, so the share is exact.  Kept objects stay when their thread
 * ends, and later threads replace them. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/ring.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, GENERATIONS, KEPT };

#define BATCH 400          /* allocations between two exchanges */
#define PASSED (BATCH / 4) /* go to the neighbour */
#define KEPT_EVERY 5       /* one in this many replaces a kept object */
#define WORD sizeof(uintptr_t)

static const struct wl_param params[] = {
	{"ops", "allocations by all threads, rounded up to whole batches of 400",
	 "0.5 to 0.8 s under glibc", 4500000, 1, 10000000000},
	{"threads", "threads of a generation", "2: the smallest with neighbours", 2, 1, 64},
	{"generations", "times that all threads end and others begin", "mstress: 25", 25, 1,
	 10000},
	{"kept", "kept objects per thread", "own: a heap beyond 32 MiB", 45000, 1, 10000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct ring_place place;
	uint64_t batches; /* of this generation */
	struct block *kept;
	struct block own[BATCH];
	struct block passed[PASSED];
} __attribute__((aligned(128)));

struct state {
	bool filled; /* kept at marks only */
	uint64_t batches;
	struct lane *lanes;
};

static uint64_t batches_of(const struct wl_run *run)
{
	return batches_for(run->values[OPS], BATCH * (uint64_t)run->values[THREADS]);
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	int64_t threads = run->values[THREADS];

	run->state = s;
	s->batches = batches_of(run);
	s->lanes = wl_table((size_t)threads * sizeof(*s->lanes));
	for (int64_t i = 0; i < threads; i++) {
		ring_init(&s->lanes[i].place, &s->lanes[(i + 1) % threads].place);
		s->lanes[i].kept =
			wl_table((size_t)run->values[KEPT] * sizeof(*s->lanes[i].kept));
	}
	run->expected_allocs =
		(uint64_t)threads * (s->batches * BATCH + (uint64_t)run->values[KEPT]);
	return 0;
}

static size_t random_size(struct wl_thread *t, unsigned doublings)
{
	size_t words = (size_t)1 << rng_below(&t->rng, doublings + 1);

	if (rng_below(&t->rng, 100) == 0) {
		uint64_t rare = rng_below(&t->rng, 100);

		words *= rare == 0 ? 10000 : rare <= 10 ? 1000 : 100;
	}
	return words * WORD;
}

/* In mstress a retained object is among the small ones but for its doublings: the rare
 * factors are left to the short-lived, or the heap would be a few giants. */
static void keep(struct wl_thread *t, struct block *b)
{
	block_make(t, b, (WORD << rng_below(&t->rng, 7)) * (rng_below(&t->rng, 50) ? 1 : 100),
		   WL_TOUCH_ALL);
}

static void one_batch(struct wl_thread *t, struct lane *lane)
{
	uint64_t kept = (uint64_t)t->run->values[KEPT];

	for (uint64_t i = 0; i < BATCH; i++)
		if (i % 4 == 3) {
			block_make(t, &lane->passed[i / 4], random_size(t, 4), WL_TOUCH_ALL);
		} else if (i % KEPT_EVERY == 0) {
			struct block *b = &lane->kept[rng_below(&t->rng, kept)];

			block_drop(t, b);
			keep(t, b);
		} else {
			block_make(t, &lane->own[i], random_size(t, 4), WL_TOUCH_ALL);
		}
	blocks_drop(t, lane->own, BATCH);
}

static void generation(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;

	for (uint64_t n = 0; n < lane->batches; n++) {
		one_batch(t, lane);
		blocks_drop(t, ring_pass(&lane->place, lane->passed), PASSED);
		ring_done(&lane->place);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t threads = run->values[THREADS], generations = run->values[GENERATIONS];
	uint64_t kept = (uint64_t)run->values[KEPT];

	for (int64_t i = 0; i < threads; i++)
		for (uint64_t n = 0; n < kept; n++)
			keep(t, &s->lanes[i].kept[n]);
	s->filled = true;
	wl_phase(run, "ramp");
	for (uint64_t g = 0; g < (uint64_t)generations; g++) {
		uint64_t now = s->batches * (g + 1) / (uint64_t)generations -
			       s->batches * g / (uint64_t)generations;

		for (int64_t i = 0; i < threads; i++)
			s->lanes[i].batches = now;
		wl_workers_run(run, s->lanes, sizeof(s->lanes[0]), generation);
	}
	wl_phase(run, "steady");
	for (int64_t i = 0; i < threads; i++)
		blocks_drop(t, s->lanes[i].kept, kept);
	s->filled = false;
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; s->filled && i < run->values[THREADS]; i++)
		blocks_live(floor, s->lanes[i].kept, (uint64_t)run->values[KEPT], WL_TOUCH_ALL);
}

/* 31/5 words and about 3.9 times that with the rare factors; of the kept, 127/7 words
 * and 3 times that. */
#define MEAN_SIZE 200
#define MEAN_KEPT 433

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[THREADS] *
	       ((uint64_t)run->values[KEPT] * MEAN_KEPT + 2 * BATCH * MEAN_SIZE + (1 << 20));
}

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t all = batches_of(run) * BATCH * (uint64_t)run->values[THREADS];

	return all * (MEAN_SIZE + MEAN_KEPT / KEPT_EVERY) + peak_bytes(run);
}

const struct workload workload_mixed_ageing = {
	.name = "mixed-ageing",
	.summary = "generations of threads, a quarter of the objects passed on, some kept for "
		   "long",
	.isolates = "what a heap becomes after many threads, sizes and owners",
	.cannot_tell = "which of these it was: many causes act together",
	.source = "mstress in mimalloc-bench, with an exact share of exchanges",
	.touch = "every byte is written, the first read before the free",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
