/* false-sharing-active and -passive: do two threads' small objects share a cache line?
 *
 * After Berger et al. (Hoard, 2000).  Active: each thread allocates an object, writes to
 * it many times and frees it, again and again; if the allocator hands out neighbours
 * to threads that run at once, each write takes the line from the other.  Passive: the
 * first object of each thread came from one thread, which allocated them side by side;
 * each is freed by the thread that got it, and an allocator that gives the place back
 * to it goes on sharing the line. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, WRITES, SIZE };

static const struct wl_param params[] = {
	{"ops", "objects written to by all threads together", "0.5 to 0.8 s under glibc", 20000,
	 1, 1000000000},
	{"threads", "threads at a time", "2: the fewest that can share", 2, 1, 64},
	{"writes", "writes to each object", "own: so many that allocation is no cost", 20000, 1,
	 100000000},
	{"size", "bytes of each object, of which the first is written",
	 "Hoard's cache-thrash: 1; here 8, so that damage behind the first byte shows", 8, 1,
	 4096},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct block first; /* passive: what the first thread allocated for it */
	uint64_t objects;
} __attribute__((aligned(128)));

static bool passive(const struct wl_run *run)
{
	return run->workload->name[sizeof("false-sharing-") - 1] == 'p';
}

static int setup(struct wl_run *run)
{
	uint64_t threads = (uint64_t)run->values[THREADS], ops = (uint64_t)run->values[OPS];
	struct lane *lanes = wl_table(threads * sizeof(*lanes));

	run->state = lanes;
	for (uint64_t i = 0; i < threads; i++)
		lanes[i].objects = ops / threads + (i < ops % threads);
	run->expected_allocs = ops + (passive(run) ? threads : 0);
	return 0;
}

static void write_often(struct wl_thread *t, struct block *b)
{
	volatile unsigned char *byte = b->at;

	wl_own(t, b->at, 1);
	*byte = 0;
	for (int64_t i = 0; i < t->run->values[WRITES]; i++)
		*byte = (unsigned char)(*byte + 1);
}

static void drop(struct wl_thread *t, struct block *b)
{
	if (*(const unsigned char *)b->at != (unsigned char)t->run->values[WRITES])
		wl_die(t->run,
		       "damaged block: the byte at %p does not hold the number of writes",
		       b->at);
	block_drop(t, b);
}

static void body(struct wl_thread *t, void *argument)
{
	struct lane *lane = argument;
	struct block b[2] = {{NULL, 0}, {NULL, 0}};

	if (lane->first.at) {
		write_often(t, &lane->first);
		drop(t, &lane->first);
	}
	for (uint64_t i = 0; i < lane->objects; i++) {
		block_make(t, &b[i & 1], (size_t)t->run->values[SIZE], WL_TOUCH_FIRST);
		write_often(t, &b[i & 1]);
		/* Overlap shows between two that live: verify mode frees one later. */
		if (!t->verify)
			drop(t, &b[i & 1]);
		else if (b[!(i & 1)].at)
			drop(t, &b[!(i & 1)]);
	}
	for (int i = 0; i < 2; i++)
		if (b[i].at)
			drop(t, &b[i]);
}

/* A mark of the objects that lie side by side is taken before the threads start. */
static int run(struct wl_run *run)
{
	struct lane *lanes = run->state;
	int64_t threads = run->values[THREADS];

	if (passive(run)) {
		for (int64_t i = 0; i < threads; i++)
			block_make(&run->threads[0], &lanes[i].first, (size_t)run->values[SIZE],
				   WL_TOUCH_FIRST);
		wl_phase(run, "handed out");
	}
	for (int64_t i = 0; i < threads; i++)
		wl_worker_start(&lanes[i].worker, &run->threads[i + 1], body, &lanes[i]);
	for (int64_t i = 0; i < threads; i++)
		wl_worker_join(&lanes[i].worker);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct lane *lanes = run->state;

	for (int64_t i = 0; i < run->values[THREADS]; i++)
		blocks_live(floor, &lanes[i].first, 1, WL_TOUCH_FIRST);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[OPS] + run->values[THREADS]) *
	       (uint64_t)run->values[SIZE];
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)(2 * run->values[THREADS]) * (uint64_t)run->values[SIZE];
}

const struct workload workload_false_sharing_active = {
	.name = "false-sharing-active",
	.summary = "threads write many times to small objects, each to its own",
	.isolates = "whether objects of threads that run at once share cache lines",
	.cannot_tell = "cost of allocation, which is next to none; with one CPU nothing at all",
	.source = "cache-thrash of Hoard (Berger et al., ASPLOS 2000), as in mimalloc-bench",
	.touch = "the first byte of each object is written and read `writes` times",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "objects",
	.live = live,
};

const struct workload workload_false_sharing_passive = {
	.name = "false-sharing-passive",
	.summary = "the same, after each thread freed an object from among its neighbours'",
	.isolates = "whether a place freed remotely makes later objects share its cache line",
	.cannot_tell = "cost of allocation, which is next to none; with one CPU nothing at all",
	.source = "cache-scratch of Hoard (Berger et al., ASPLOS 2000), as in mimalloc-bench",
	.touch = "the first byte of each object is written and read `writes` times",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "objects",
	.live = live,
};
