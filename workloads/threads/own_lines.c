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
#include "workloads/lib/replacing.h"

enum { ROUNDS = REPLACING_PARAMS };

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

struct state {
	pthread_barrier_t rest; /* of the threads and the first one */
	struct replacing *lane;
};

static int setup(struct wl_run *run)
{
	struct replacing *lane = replacing_make(run);
	struct state *s;

	if (!lane)
		return -1;
	s = run->state = wl_table(sizeof(*s));
	s->lane = lane;
	pthread_barrier_init(&s->rest, NULL, (unsigned)run->values[REPLACING_THREADS] + 1);
	return 0;
}

static void body(struct wl_thread *t, void *argument)
{
	struct replacing *lane = argument;
	struct state *s = t->run->state;
	uint64_t rounds = (uint64_t)t->run->values[ROUNDS];

	replacing_fill(t, lane);
	for (uint64_t round = 1; round <= rounds; round++) {
		replacing_go(t, lane, lane->ops * round / rounds);
		if (wl_repeats(t->run))
			continue; /* no marks, and the threads take turns */
		pthread_barrier_wait(&s->rest);
		pthread_barrier_wait(&s->rest);
	}
	replacing_empty(t, lane);
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[REPLACING_THREADS]; i++) {
		page_floor_owner(floor, (unsigned)i);
		blocks_live(floor, s->lane[i].slot, (uint64_t)run->values[REPLACING_SLOTS],
			    WL_TOUCH_ALL);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	int64_t threads = run->values[REPLACING_THREADS];
	char name[32];

	if (wl_repeats(run)) {
		wl_workers_run(run, s->lane, sizeof(s->lane[0]), body);
		return 0;
	}
	for (int64_t i = 0; i < threads; i++)
		wl_worker_start(&s->lane[i].worker, &run->threads[i + 1], body, &s->lane[i]);
	for (int64_t round = 1; round <= run->values[ROUNDS]; round++) {
		pthread_barrier_wait(&s->rest);
		snprintf(name, sizeof(name), "round %lld", (long long)round);
		wl_phase(run, name);
		pthread_barrier_wait(&s->rest);
	}
	for (int64_t i = 0; i < threads; i++)
		wl_worker_join(&s->lane[i].worker);
	wl_phase(run, "emptied");
	return 0;
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
	.total_bytes = replacing_total_bytes,
	.peak_bytes = replacing_peak_bytes,
	.table_bytes = replacing_table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
