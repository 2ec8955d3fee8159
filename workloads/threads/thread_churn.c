/* thread-churn: a pool that makes a thread for each task and lets it end.
 *
 * Each task allocates a few hundred objects, frees nearly all and leaves its results,
 * one object in twelve, to the first thread, which frees them one wave later.  What
 * counts is what an allocator does when a thread first allocates and when it ends:
 * making, filling and flushing the thread's cache. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, TASK };

#define RESULT_EVERY 12
#define MOST_TASK 10000

static const struct wl_param params[] = {
	{"ops", "allocations, rounded up to whole waves of tasks", "0.5 to 0.8 s under glibc",
	 4000000, 1, 1000000000},
	{"threads", "tasks at a time: a wave", "2: the smallest with threads side by side", 2,
	 1, 64},
	{"task", "allocations of a task, after which its thread ends",
	 "own: enough to fill caches, too few to pay for them", 400, RESULT_EVERY, MOST_TASK},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct block result[2][MOST_TASK / RESULT_EVERY + 1]; /* this wave's, the last one's */
	uint64_t results;
	struct block own[MOST_TASK];
	unsigned wave;
};

struct state {
	uint64_t waves;
	struct lane *lanes;
};

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t wave = (uint64_t)(run->values[THREADS] * run->values[TASK]);

	run->state = s;
	s->waves = ((uint64_t)run->values[OPS] + wave - 1) / wave;
	s->lanes = wl_table((size_t)run->values[THREADS] * sizeof(*s->lanes));
	for (int64_t i = 0; i < run->values[THREADS]; i++)
		s->lanes[i].results = (uint64_t)run->values[TASK] / RESULT_EVERY;
	run->expected_allocs = s->waves * wave;
	return 0;
}

static void task(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	uint64_t n = (uint64_t)t->run->values[TASK], results = 0;

	for (uint64_t i = 0; i < n; i++)
		block_make(t, &lane->own[i], dist_loguniform(&t->rng, 16, 2048),
			   WL_TOUCH_FIRST);
	for (uint64_t i = 0; i < n; i++)
		if (i % RESULT_EVERY == RESULT_EVERY - 1)
			lane->result[lane->wave & 1][results++] = lane->own[i];
		else
			block_drop(t, &lane->own[i]);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t threads = run->values[THREADS];

	for (uint64_t wave = 0; wave < s->waves; wave++) {
		for (int64_t i = 0; i < threads; i++) {
			s->lanes[i].wave = (unsigned)wave;
			wl_worker_start(&s->lanes[i].worker, &run->threads[i + 1], task,
					&s->lanes[i]);
		}
		for (int64_t i = 0; i < threads; i++)
			wl_worker_join(&s->lanes[i].worker);
		for (int64_t i = 0; i < threads; i++)
			blocks_drop(t, s->lanes[i].result[!(wave & 1)], s->lanes[i].results);
	}
	wl_phase(run, "steady");
	for (int64_t i = 0; i < threads; i++)
		blocks_drop(t, s->lanes[i].result[!(s->waves & 1)], s->lanes[i].results);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[THREADS]; i++)
		for (int half = 0; half < 2; half++)
			blocks_live(floor, s->lanes[i].result[half], s->lanes[i].results,
				    WL_TOUCH_FIRST);
}

#define MEAN_SIZE 420 /* of sizes uniform in their logarithm from 16 to 2048 */

/* What never reuses memory gives each thread a piece of a MiB, used or not. */
static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t wave = (uint64_t)(run->values[THREADS] * run->values[TASK]);
	uint64_t threads = (uint64_t)(run->values[OPS] / run->values[TASK]) + 1;

	return ((uint64_t)run->values[OPS] + wave) * MEAN_SIZE + (threads << 20);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[THREADS] * run->values[TASK]) * MEAN_SIZE * 5 / 4;
}

const struct workload workload_thread_churn = {
	.name = "thread-churn",
	.summary = "a thread for each task of some hundred allocations, its results freed by "
		   "another",
	.isolates = "first use and end of an allocator's thread state",
	.cannot_tell = "cost of threads that stay; pthread_create itself is part of the time",
	.source = "own; thread-pool churn as in server frameworks without a pool",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
