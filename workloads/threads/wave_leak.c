/* wave-leak: waves of threads, each of which leaves one small block behind.
 *
 * The behaviour of mleak in mimalloc-bench: ten threads start, each allocates, and ends
 * without freeing; thousands of waves show whether what a thread's heap held comes
 * back.  Here the blocks left behind are freed by the first thread two waves later, so
 * the live bytes stay flat and what grows is the allocator's. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, SIZE, SCRATCH };

#define MOST_SCRATCH 1000
#define WAVES 3 /* whose blocks live: this one's and two before */

static const struct wl_param params[] = {
	{"ops", "threads in all, rounded up to whole waves", "0.5 to 0.8 s under glibc", 12000,
	 1, 100000000},
	{"threads", "threads of a wave", "mleak: 10", 10, 1, 64},
	{"size", "bytes of the block that stays", "mleak: 128", 128, 1, 1048576},
	{"scratch", "blocks that a thread allocates and frees before it ends",
	 "own: enough to make it take pages", 20, 0, MOST_SCRATCH},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct block left[WAVES];
	struct block scratch[MOST_SCRATCH];
	uint64_t wave;
} __attribute__((aligned(128)));

struct state {
	uint64_t waves;
	struct lane *lanes;
};

static uint64_t waves_of(const struct wl_run *run)
{
	return (uint64_t)((run->values[OPS] + run->values[THREADS] - 1) / run->values[THREADS]);
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	s->waves = waves_of(run);
	s->lanes = wl_table((size_t)run->values[THREADS] * sizeof(*s->lanes));
	run->expected_allocs = s->waves * (uint64_t)run->values[THREADS] *
			       (uint64_t)(run->values[SCRATCH] + 1);
	return 0;
}

static void body(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;

	for (int64_t i = 0; i < t->run->values[SCRATCH]; i++)
		block_make(t, &lane->scratch[i], 16 + rng_below(&t->rng, 1024), WL_TOUCH_FIRST);
	block_make(t, &lane->left[lane->wave % WAVES], (size_t)t->run->values[SIZE],
		   WL_TOUCH_FIRST);
	blocks_drop(t, lane->scratch, (uint64_t)t->run->values[SCRATCH]);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t threads = run->values[THREADS];

	for (uint64_t wave = 0; wave < s->waves; wave++) {
		for (int64_t i = 0; i < threads; i++) {
			struct lane *lane = &s->lanes[i];

			blocks_drop(t, &lane->left[wave % WAVES], 1);
			lane->wave = wave;
			wl_worker_start(&lane->worker, &run->threads[i + 1], body, lane);
		}
		for (int64_t i = 0; i < threads; i++)
			wl_worker_join(&s->lanes[i].worker);
		/* Early and late: what one wave costs in memory, and what thousands do. */
		if (wave == s->waves / 10)
			wl_phase(run, "a tenth");
	}
	wl_phase(run, "steady");
	for (int64_t i = 0; i < threads; i++)
		blocks_drop(t, s->lanes[i].left, WAVES);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[THREADS]; i++)
		blocks_live(floor, s->lanes[i].left, WAVES, WL_TOUCH_FIRST);
}

static uint64_t thread_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[SIZE] + (uint64_t)run->values[SCRATCH] * 528;
}

/* What never reuses memory gives each thread a piece of a MiB, used or not. */
static uint64_t total_bytes(const struct wl_run *run)
{
	return waves_of(run) * (uint64_t)run->values[THREADS] * (thread_bytes(run) + (1 << 20));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[THREADS] * WAVES * thread_bytes(run);
}

const struct workload workload_wave_leak = {
	.name = "wave-leak",
	.summary = "waves of ten threads, each leaving a block of 128 bytes to another",
	.isolates = "what of a thread's heap comes back after it ended",
	.cannot_tell = "speed: most of the time is pthread_create",
	.source = "mleak in mimalloc-bench, its blocks freed at last",
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
