/* cross-rate: threads that allocate and free, a given share of it for one another.
 *
 * The behaviour of rptest in rpmalloc: sizes from 8 to 16,000 bytes that fall off
 * linearly in number, batches of objects freed in scattered order, every second batch
 * by another thread.  Which batches change hands is settled by their number, and the
 * threads pass them on in a ring, one at a time. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/ring.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, CROSS, BATCH, SIZE_MIN, SIZE_MAX_ };

#define MOST_BATCH 100000
#define DELAY 4 /* batches that a thread holds before it frees one of its own */

static const struct wl_param params[] = {
	{"ops", "allocations by all threads, rounded up to whole batches",
	 "0.5 to 0.8 s under glibc", 4000000, 1, 10000000000},
	{"threads", "threads, in a ring", "2: the smallest ring of others", 2, 1, 64},
	{"cross_percent", "share of the batches that the next thread frees",
	 "rptest: every second", 50, 0, 100},
	{"batch", "objects of a batch", "own: rptest varies some hundred", 200, 1, MOST_BATCH},
	{"size_min", "smallest object, bytes", "rptest: 8", 8, 1, 1048576},
	{"size_max", "largest object, bytes", "rptest: 16000", 16000, 1, 1048576},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct ring_place place;
	uint64_t batches;
	struct block *batch[DELAY + 1]; /* one is being filled or passed on */
	struct block *held[DELAY];      /* own batches to free, the oldest first */
	uint64_t holds;
} __attribute__((aligned(128)));

static uint64_t batches_of(const struct wl_run *run)
{
	return batches_for(run->values[OPS],
			   (uint64_t)(run->values[BATCH] * run->values[THREADS]));
}

static int setup(struct wl_run *run)
{
	int64_t threads = run->values[THREADS];
	struct lane *lanes;

	if (sizes_ordered(run, SIZE_MIN, SIZE_MAX_) < 0)
		return -1;
	lanes = run->state = wl_table((size_t)threads * sizeof(*lanes));
	for (int64_t i = 0; i < threads; i++) {
		ring_init(&lanes[i].place, &lanes[(i + 1) % threads].place);
		lanes[i].batches = batches_of(run);
		for (int k = 0; k <= DELAY; k++)
			lanes[i].batch[k] =
				wl_table((size_t)run->values[BATCH] * sizeof(struct block));
	}
	run->expected_allocs = batches_of(run) * (uint64_t)(run->values[BATCH] * threads);
	return 0;
}

/* The smaller of two uniform draws: a density that falls linearly to nothing. */
static size_t random_size(struct wl_run *run, struct wl_thread *t)
{
	uint64_t low = (uint64_t)run->values[SIZE_MIN],
		 span = (uint64_t)run->values[SIZE_MAX_] - low + 1;
	uint64_t a = rng_below(&t->rng, span), b = rng_below(&t->rng, span);

	return low + (a < b ? a : b);
}

/* In steps of a prime, which visits all places of a batch whose length it does not
 * divide, and else the rest one after the other. */
static void free_scattered(struct wl_thread *t, struct block *batch, uint64_t n)
{
	for (uint64_t i = 0, at = 0; i < n; i++, at = (at + 79) % n)
		if (batch[at].at)
			block_drop(t, &batch[at]);
	blocks_drop(t, batch, n);
}

static void hold(struct wl_thread *t, struct lane *lane, struct block *batch, uint64_t n)
{
	if (lane->holds == DELAY) {
		free_scattered(t, lane->held[0], n);
		memmove(lane->held, lane->held + 1, (DELAY - 1) * sizeof(lane->held[0]));
		lane->holds--;
	}
	lane->held[lane->holds++] = batch;
}

/* A table for the next batch: one that is not held.  Called when at most DELAY are. */
static struct block *spare(struct lane *lane)
{
	for (int i = 0; i <= DELAY; i++) {
		bool used = false;

		for (uint64_t k = 0; k < lane->holds; k++)
			used |= lane->held[k] == lane->batch[i];
		if (!used)
			return lane->batch[i];
	}
	abort(); /* there are more tables than can be held */
}

static void body(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	struct wl_run *run = t->run;
	uint64_t n = (uint64_t)run->values[BATCH], share = (uint64_t)run->values[CROSS];

	for (uint64_t number = 0; number < lane->batches; number++) {
		struct block *batch = spare(lane);

		for (uint64_t i = 0; i < n; i++)
			block_make(t, &batch[i], random_size(run, t), WL_TOUCH_PAGES);
		if ((number + 1) * share / 100 == number * share / 100) {
			hold(t, lane, batch, n);
			continue;
		}
		/* All threads pass on the batch of this number. */
		free_scattered(t, ring_pass(&lane->place, batch), n);
		ring_done(&lane->place);
	}
	for (uint64_t i = 0; i < lane->holds; i++)
		free_scattered(t, lane->held[i], n);
}

static int run(struct wl_run *run)
{
	wl_workers_run(run, run->state, sizeof(struct lane), body);
	wl_phase(run, "emptied");
	return 0;
}

static uint64_t mean_size(const struct wl_run *run)
{
	return (uint64_t)(run->values[SIZE_MIN] +
			  (run->values[SIZE_MAX_] - run->values[SIZE_MIN]) / 3 + 1);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return batches_of(run) * (uint64_t)(run->values[BATCH] * run->values[THREADS]) *
	       mean_size(run);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[BATCH] * run->values[THREADS]) * (DELAY + 2) *
	       mean_size(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[THREADS] * run->values[BATCH]) * (DELAY + 1) *
	       sizeof(struct block);
}

const struct workload workload_cross_rate = {
	.name = "cross-rate",
	.summary = "batches of 8 to 16,000 bytes, every second freed by the next thread",
	.isolates = "cost of remote frees among local ones, at an exact share",
	.cannot_tell = "uncoordinated threads: these wait for each other at each exchange",
	.source = "rptest of rpmalloc's benchmarks, as in mimalloc-bench",
	.touch = "one byte in each OS page of an object and its last byte are written",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
};
