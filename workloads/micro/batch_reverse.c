/* batch-reverse: batches of small objects, freed in reverse, in order or every second.
 *
 * The behaviour of sh6bench and sh8bench (MicroQuill), written from descriptions only:
 * objects of sizes that favour the small are allocated in batches; most batches are
 * freed at once, by turns youngest first, oldest first and in two interleaved passes,
 * while every fifth stays until four more are done.  In sh8bench other threads free:
 * here every `cross_every`th batch goes to the next thread of a ring. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/ring.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, BATCH, CROSS };

#define MOST_BATCH 100000
#define STAY_EVERY 5

static const struct wl_param params[] = {
	{"ops", "allocations by all threads, rounded up to whole batches",
	 "0.5 to 0.8 s under glibc", 24000000, 1, 10000000000},
	{"threads", "threads, in a ring", "2: the smallest ring of others", 2, 1, 64},
	{"batch", "objects of a batch", "own", 500, 1, MOST_BATCH},
	{"cross_every", "every so many batches one is freed by the next thread; 0 = none (sh6)",
	 "sh8bench frees on other threads; the share is our own", 4, 0, 1000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct ring_place place;
	struct block *now, *stays; /* two tables */
	bool held;                 /* `stays` is full */
} __attribute__((aligned(128)));

static uint64_t batches_of(const struct wl_run *run)
{
	return batches_for(run->values[OPS],
			   (uint64_t)(run->values[BATCH] * run->values[THREADS]));
}

static int setup(struct wl_run *run)
{
	int64_t threads = run->values[THREADS];
	struct lane *lanes = wl_table((size_t)threads * sizeof(*lanes));

	run->state = lanes;
	for (int64_t i = 0; i < threads; i++) {
		ring_init(&lanes[i].place, &lanes[(i + 1) % threads].place);
		lanes[i].now = wl_table((size_t)run->values[BATCH] * sizeof(struct block));
		lanes[i].stays = wl_table((size_t)run->values[BATCH] * sizeof(struct block));
	}
	run->expected_allocs = batches_of(run) * (uint64_t)(run->values[BATCH] * threads);
	return 0;
}

/* 1 to 1000 bytes, half of them up to 32, an eighth above 200. */
static size_t random_size(struct wl_thread *t)
{
	uint64_t bits = rng_next(&t->rng), low = (uint32_t)(bits >> 3);

	if (bits & 1)
		return 1 + rng_scale32((uint32_t)low, 32);
	if (bits & 6)
		return 33 + rng_scale32((uint32_t)low, 168);
	return 201 + rng_scale32((uint32_t)low, 800);
}

static void free_batch(struct wl_thread *t, struct block *batch, uint64_t n, uint64_t number)
{
	if (number % 3 == 0) {
		for (uint64_t i = n; i-- > 0;)
			block_drop(t, &batch[i]);
	} else if (number % 3 == 1) {
		blocks_drop(t, batch, n);
	} else {
		for (uint64_t i = 0; i < n; i += 2)
			block_drop(t, &batch[i]);
		blocks_drop(t, batch, n);
	}
}

static void body(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	uint64_t n = (uint64_t)t->run->values[BATCH], batches = batches_of(t->run);
	uint64_t cross = (uint64_t)t->run->values[CROSS];

	for (uint64_t number = 0; number < batches; number++) {
		for (uint64_t i = 0; i < n; i++)
			block_make(t, &lane->now[i], random_size(t), WL_TOUCH_FIRST);
		if (cross && number % cross == cross - 1) {
			free_batch(t, ring_pass(&lane->place, lane->now), n, number);
			ring_done(&lane->place);
		} else if (number % STAY_EVERY == 0) {
			struct block *swap = lane->stays;

			if (lane->held)
				free_batch(t, lane->stays, n, number);
			lane->stays = lane->now;
			lane->now = swap;
			lane->held = true;
		} else {
			free_batch(t, lane->now, n, number);
		}
	}
	if (lane->held)
		free_batch(t, lane->stays, n, 0);
}

static int run(struct wl_run *run)
{
	wl_workers_run(run, run->state, sizeof(struct lane), body);
	wl_phase(run, "emptied");
	return 0;
}

#define MEAN_SIZE 127 /* 16.5 / 2 + 116.5 * 3 / 8 + 600.5 / 8 */

static uint64_t total_bytes(const struct wl_run *run)
{
	return batches_of(run) * (uint64_t)(run->values[BATCH] * run->values[THREADS]) *
	       MEAN_SIZE;
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return 2 * (uint64_t)(run->values[BATCH] * run->values[THREADS]) * MEAN_SIZE;
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return 2 * (uint64_t)(run->values[THREADS] * run->values[BATCH]) * sizeof(struct block);
}

const struct workload workload_batch_reverse = {
	.name = "batch-reverse",
	.summary = "batches of 1 to 1000 bytes freed youngest first, in order or interleaved",
	.isolates = "the order of frees, which decides what free lists look like afterwards",
	.cannot_tell = "long lifetimes: the oldest object sees five batches",
	.source = "descriptions of MicroQuill's sh6bench and sh8bench",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
};
