/* glibc-thread: threads that replace objects of widely different sizes, each its own.
 *
 * The behaviour of bench-malloc-thread in glibc's benchtests: 1024 slots per thread,
 * sizes from 4 to 32768 bytes whose frequency falls with the inverse square, each
 * object written in full.  The original runs for two seconds and counts; here the
 * number of replacements is fixed. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, SLOTS, SIZE_MIN, SIZE_MAX_ };

static const struct wl_param params[] = {
	{"ops", "replacements by all threads together", "0.5 to 0.8 s under glibc", 20000000, 1,
	 10000000000},
	{"threads", "threads", "2: the smallest with threads side by side", 2, 1, 64},
	{"slots", "objects per thread", "glibc bench-malloc-thread: 1024", 1024, 1, 1000000},
	{"size_min", "smallest object, bytes", "glibc bench-malloc-thread: 4", 4, 1, 1048576},
	{"size_max", "largest object, bytes", "glibc bench-malloc-thread: 32768", 32768, 1,
	 16777216},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	uint64_t ops;
	struct block *slot;
} __attribute__((aligned(128)));

static int setup(struct wl_run *run)
{
	uint64_t threads = (uint64_t)run->values[THREADS], ops = (uint64_t)run->values[OPS];
	uint64_t slots = (uint64_t)run->values[SLOTS];
	struct lane *lanes;

	if (sizes_ordered(run, SIZE_MIN, SIZE_MAX_) < 0)
		return -1;
	lanes = run->state = wl_table(threads * sizeof(*lanes));
	for (uint64_t i = 0; i < threads; i++) {
		lanes[i].ops = ops / threads + (i < ops % threads);
		lanes[i].slot = wl_table(slots * sizeof(struct block));
	}
	run->expected_allocs = ops + threads * slots;
	return 0;
}

static size_t random_size(struct wl_thread *t)
{
	return dist_inverse_square(&t->rng, (uint64_t)t->run->values[SIZE_MIN],
				   (uint64_t)t->run->values[SIZE_MAX_]);
}

static void body(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	uint64_t slots = (uint64_t)t->run->values[SLOTS];

	for (uint64_t i = 0; i < slots; i++)
		block_make(t, &lane->slot[i], random_size(t), WL_TOUCH_ALL);
	for (uint64_t i = 0; i < lane->ops; i++) {
		struct block *b = &lane->slot[rng_below(&t->rng, slots)];

		block_drop(t, b);
		block_make(t, b, random_size(t), WL_TOUCH_ALL);
	}
	blocks_drop(t, lane->slot, slots);
}

static int run(struct wl_run *run)
{
	wl_workers_run(run, run->state, sizeof(struct lane), body);
	wl_phase(run, "emptied");
	return 0;
}

static double mean_size(const struct wl_run *run)
{
	return dist_inverse_square_mean((uint64_t)run->values[SIZE_MIN],
					(uint64_t)run->values[SIZE_MAX_]);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)(run->values[THREADS] * run->values[SLOTS]) *
			  mean_size(run)) +
	       (1 << 20);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] * mean_size(run)) + peak_bytes(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[THREADS] * run->values[SLOTS]) * sizeof(struct block);
}

const struct workload workload_glibc_thread = {
	.name = "glibc-thread",
	.summary = "threads replace their own objects of 4 to 32768 bytes, mostly tiny",
	.isolates = "whether threads that share nothing disturb each other",
	.cannot_tell = "remote frees, and heaps beyond the CPU's caches",
	.source = "glibc benchtests, bench-malloc-thread",
	.touch = "every byte is written, the first read before the free",
	.params = params,
	.takes_turns = true,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
};
