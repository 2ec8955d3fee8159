/* own-lines: threads that replace small objects, each only its own.
 *
 * No thread ever touches an object of another.  Where the allocator all the same hands parts
 * of one cache line to two of them (places that went through a common cache, slabs that
 * several threads fill from), each write of one takes the line from the other: false sharing
 * that no change of the program removes.  On two CPUs it hardly shows in time, so the lines are
 * counted: after every round the threads rest, and of the lines that hold live objects
 * those are told that hold some of two threads or more.  That count is of addresses, and exact.
 *
 * Sizes by the inverse square, as in bench-malloc-thread of glibc, but up to 4 KiB: above that
 * objects begin on lines of their own with any allocator. */
#include <pthread.h>
#include <stdio.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, SLOTS, SIZE_MIN, SIZE_MAX_, ROUNDS };

static const struct wl_param params[] = {
	{"ops", "replacements by all threads together", "0.5 to 0.8 s under glibc", 12000000, 1,
	 10000000000},
	{"threads", "threads", "2: the fewest that can share", 2, 1, 64},
	{"slots", "objects per thread", "glibc bench-malloc-thread: 1024", 1024, 1, 1000000},
	{"size_min", "smallest object, bytes", "own: 8", 8, 1, 1048576},
	{"size_max", "largest object, bytes", "own: 4096, a page", 4096, 1, 16777216},
	{"rounds", "times that the threads rest and lines are counted",
	 "own: what is right at the end by chance is not so each time", 8, 1, 30},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct state *state;
	uint64_t ops;
	struct block *slot;
} __attribute__((aligned(128)));

struct state {
	pthread_barrier_t rest; /* of the threads and the first one */
	struct lane lane[];
};

static int setup(struct wl_run *run)
{
	uint64_t threads = (uint64_t)run->values[THREADS], ops = (uint64_t)run->values[OPS];
	uint64_t slots = (uint64_t)run->values[SLOTS];
	struct state *s;

	if (sizes_ordered(run, SIZE_MIN, SIZE_MAX_) < 0)
		return -1;
	s = run->state = wl_table(sizeof(*s) + threads * sizeof(s->lane[0]));
	pthread_barrier_init(&s->rest, NULL, (unsigned)threads + 1);
	for (uint64_t i = 0; i < threads; i++) {
		s->lane[i].state = s;
		s->lane[i].ops = ops / threads + (i < ops % threads);
		s->lane[i].slot = wl_table(slots * sizeof(struct block));
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
	uint64_t slots = (uint64_t)t->run->values[SLOTS], done = 0;
	uint64_t rounds = (uint64_t)t->run->values[ROUNDS];

	for (uint64_t i = 0; i < slots; i++)
		block_make(t, &lane->slot[i], random_size(t), WL_TOUCH_ALL);
	for (uint64_t round = 1; round <= rounds; round++) {
		for (; done < lane->ops * round / rounds; done++) {
			struct block *slot = &lane->slot[rng_below(&t->rng, slots)];

			block_drop(t, slot);
			block_make(t, slot, random_size(t), WL_TOUCH_ALL);
		}
		if (wl_repeats(t->run))
			continue; /* no marks, and the threads take turns */
		pthread_barrier_wait(&lane->state->rest);
		pthread_barrier_wait(&lane->state->rest);
	}
	blocks_drop(t, lane->slot, slots);
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[THREADS]; i++) {
		page_floor_owner(floor, (unsigned)i);
		blocks_live(floor, s->lane[i].slot, (uint64_t)run->values[SLOTS], WL_TOUCH_ALL);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	char name[32];

	if (wl_repeats(run)) {
		wl_workers_run(run, s->lane, sizeof(s->lane[0]), body);
		return 0;
	}
	for (int64_t i = 0; i < run->values[THREADS]; i++)
		wl_worker_start(&s->lane[i].worker, &run->threads[i + 1], body, &s->lane[i]);
	for (int64_t round = 1; round <= run->values[ROUNDS]; round++) {
		pthread_barrier_wait(&s->rest);
		snprintf(name, sizeof(name), "round %lld", (long long)round);
		wl_phase(run, name);
		pthread_barrier_wait(&s->rest);
	}
	for (int64_t i = 0; i < run->values[THREADS]; i++)
		wl_worker_join(&s->lane[i].worker);
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

const struct workload workload_own_lines = {
	.name = "own-lines",
	.summary = "threads replace their own objects of 8 to 4096 bytes; shared lines are "
		   "counted",
	.isolates = "whether threads that exchange nothing come to share cache lines",
	.cannot_tell = "what sharing costs where two CPUs are far apart; remote frees",
	.source = "sizes and slots of bench-malloc-thread in glibc's benchtests",
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
	.live = live,
};
