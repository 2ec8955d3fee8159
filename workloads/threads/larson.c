/* larson: a server whose threads come and go while the objects stay.
 *
 * Larson and Krishnan, "Memory allocation for long-running server applications" (1998):
 * each thread owns an array of slots; it frees the object in a random slot and puts a
 * new one there.  After `rounds` times the number of slots it hands the array to a
 * successor and ends, so the first object that each
 * thread finds in a slot is one that another thread allocated.  The original runs for some
 * seconds and counts; here the number of replacements is fixed, whatever the number of threads.
 */
#include <semaphore.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/page_floor.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, SLOTS, ROUNDS, SIZE_MIN, SIZE_MAX_ };

static const struct wl_param params[] = {
	{"ops", "replacements by all threads together", "0.5 to 0.8 s under glibc", 28000000, 1,
	 10000000000},
	{"threads", "threads at a time",
	 "2: the smallest with remote frees between running threads", 2, 1, 64},
	{"slots", "objects per thread", "mimalloc-bench: larson 5 8 1000 5000 100", 5000, 1,
	 1000000},
	{"rounds", "replacements per slot before a thread ends", "mimalloc-bench: 100", 100, 1,
	 1000000},
	{"size_min", "smallest object, bytes", "mimalloc-bench: 8", 8, 1, 1048576},
	{"size_max", "largest object, bytes", "mimalloc-bench: 1000", 1000, 1, 1048576},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct slot {
	void *object;
	uint64_t size;
};

/* What one thread hands to the next. */
struct lane {
	struct wl_worker worker[2]; /* the thread that runs and its predecessor, in turn */
	unsigned now;               /* which of them runs */
	uint64_t generations;       /* threads that began here */
	struct slot *slots;
	uint64_t left; /* replacements still to do */
	sem_t *done;   /* posted by the last thread */
} __attribute__((aligned(128)));

struct state {
	bool filled; /* kept at marks only */
	sem_t done;
	struct lane lanes[];
};

static int setup(struct wl_run *run)
{
	uint64_t threads = (uint64_t)run->values[THREADS], slots = (uint64_t)run->values[SLOTS];
	struct state *s;

	if (run->values[SIZE_MIN] > run->values[SIZE_MAX_]) {
		wl_fail(run, "larson: size_min=%lld is above size_max=%lld",
			(long long)run->values[SIZE_MIN], (long long)run->values[SIZE_MAX_]);
		return -1;
	}
	s = run->state = wl_table(sizeof(*s) + threads * sizeof(s->lanes[0]));
	sem_init(&s->done, 0, 0);
	for (uint64_t i = 0; i < threads; i++) {
		s->lanes[i].done = &s->done;
		s->lanes[i].slots = wl_table(slots * sizeof(struct slot));
		s->lanes[i].left = (uint64_t)run->values[OPS] / threads +
				   (i < (uint64_t)run->values[OPS] % threads);
	}
	run->expected_allocs = (uint64_t)run->values[OPS] + threads * slots;
	return 0;
}

static inline void fill(struct wl_thread *t, struct slot *slot, size_t size)
{
	slot->size = size;
	slot->object = wl_malloc(t, size);
	wl_touch(t, slot->object, size, WL_TOUCH_FIRST);
}

static void replace(struct wl_thread *t, struct lane *lane)
{
	const int64_t *values = t->run->values;
	uint64_t slots = (uint64_t)values[SLOTS], n = slots * (uint64_t)values[ROUNDS];
	uint64_t low = (uint64_t)values[SIZE_MIN];
	uint64_t sizes = (uint64_t)values[SIZE_MAX_] - low + 1;
	struct rng rng = t->rng; /* a copy on this thread's own stack */

	if (n > lane->left)
		n = lane->left;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t bits = rng_next(&rng);
		struct slot *slot = &lane->slots[rng_scale32((uint32_t)bits, slots)];

		wl_look(slot->object);
		wl_free(t, slot->object, slot->size);
		fill(t, slot, low + rng_scale32((uint32_t)(bits >> 32), sizes));
	}
	lane->left -= n;
	t->rng = rng;
}

/* A thread's life.  It waits until its predecessor has ended altogether, allocator's
 * thread-exit work included, so that each lane makes the same calls in the same order
 * under every allocator; and it starts its successor itself, as the original does. */
static void generation(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	unsigned me = lane->now;

	if (lane->generations++)
		wl_worker_join(&lane->worker[!me]);
	replace(t, lane);
	if (lane->left) {
		lane->now = !me;
		wl_worker_start(&lane->worker[!me], t, generation, lane);
	} else {
		sem_post(lane->done);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	int64_t threads = run->values[THREADS], slots = run->values[SLOTS];
	struct wl_thread *t = &run->threads[0];

	for (int64_t i = 0; i < threads; i++)
		for (int64_t n = 0; n < slots; n++)
			fill(t, &s->lanes[i].slots[n],
			     dist_uniform(&t->rng, (uint64_t)run->values[SIZE_MIN],
					  (uint64_t)run->values[SIZE_MAX_]));
	s->filled = true;
	wl_phase(run, "ramp");
	for (int64_t i = 0; i < threads; i++)
		wl_worker_start(&s->lanes[i].worker[0], &run->threads[i + 1], generation,
				&s->lanes[i]);
	for (int64_t i = 0; i < threads; i++)
		while (sem_wait(&s->done) < 0)
			continue; /* a signal */
	for (int64_t i = 0; i < threads; i++)
		wl_worker_join(&s->lanes[i].worker[s->lanes[i].now]);
	wl_phase(run, "steady");
	for (int64_t i = 0; i < threads; i++)
		for (int64_t n = 0; n < slots; n++)
			wl_free(t, s->lanes[i].slots[n].object, s->lanes[i].slots[n].size);
	s->filled = false;
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; s->filled && i < run->values[THREADS]; i++)
		for (int64_t n = 0; n < run->values[SLOTS]; n++)
			page_floor_object(floor, s->lanes[i].slots[n].object,
					  s->lanes[i].slots[n].size, WL_TOUCH_FIRST);
}

static uint64_t mean_size(const struct wl_run *run)
{
	return (uint64_t)(run->values[SIZE_MIN] + run->values[SIZE_MAX_] + 1) / 2;
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[THREADS] * run->values[SLOTS]) * mean_size(run);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] * mean_size(run) + peak_bytes(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[THREADS] * run->values[SLOTS]) * sizeof(struct slot);
}

const struct workload workload_larson = {
	.name = "larson",
	.summary = "threads replace objects of 8 to 1000 bytes in slots, then hand them to "
		   "successors",
	.isolates =
		"frees of objects of ended threads, and what is left behind when a thread ends",
	.cannot_tell =
		"cost of frees between threads that run at the same time: prod-cons has those",
	.source = "Larson and Krishnan 1998; parameters as in mimalloc-bench",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
