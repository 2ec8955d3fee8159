/* thread-return: many threads that build up a heap each and give it back.
 *
 * A program grows a pool of threads for a burst of work; each thread fills a heap of its
 * own (full), works in it by replacing objects (worked), and frees nearly all of it at
 * random (returned).  The burst comes again, some rounds; after the last one nothing
 * happens for a while (idle).  Then a share of the threads ends, leaving what they kept to
 * the first thread (ended), and the process idles once more.  What threads hold back each for
 * itself (caches, heaps of their own, pages that nobody visits while they sleep)
 * adds up, and no call of theirs comes to change it. */
#include <pthread.h>
#include <stdio.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, LIVE_MIB, SIZE_MIN, SIZE_MAX_, KEEP, ROUNDS, END, IDLE };

#define MOST_ROUNDS 8 /* of three marks each, and four at the end: CHANNEL_MARKS */

static const struct wl_param params[] = {
	{"ops", "replacements by all threads, spread over the rounds",
	 "0.5 to 0.8 s under glibc", 3000000, 1, 1000000000},
	{"threads", "threads, each with a heap of its own",
	 "own: a small server's pool; more than CPUs, as pools are", 32, 1, 64},
	{"live_mib", "live bytes of all threads together when full, MiB",
	 "own: large beside what threads may cache", 128, 1, 65536},
	{"size_min", "smallest object, bytes", "own", 64, 16, 1048576},
	{"size_max", "largest object, bytes; as many objects per doubling of size", "own",
	 16384, 16, 1048576},
	{"keep_percent", "share of its objects that a thread keeps after the burst, at random",
	 "own: what belongs to open connections", 2, 0, 100},
	{"rounds", "bursts", "own: the second shows whether the first one's memory serves it",
	 3, 1, MOST_ROUNDS},
	{"end_percent", "share of the threads that end after the last burst",
	 "own: half, so that both kinds are seen", 50, 0, 100},
	{"idle_ms", "idle time after the last burst and after the end of threads, ms",
	 "0: no wait", 0, 0, 3600000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct lane {
	struct wl_worker worker;
	struct block *block; /* 0..n live, in no order that means anything */
	uint64_t full, n, ops;
	bool ends;
} __attribute__((aligned(128)));

struct state {
	pthread_barrier_t gate; /* all threads and the first: begin and end of each mark */
	pthread_barrier_t stay; /* the first, and those that do not end */
	struct lane *lanes;
};

static double mean_size(const struct wl_run *run)
{
	return dist_loguniform_mean((uint64_t)run->values[SIZE_MIN],
				    (uint64_t)run->values[SIZE_MAX_]);
}

/* At least one for each thread: work is done on something. */
static uint64_t per_thread(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[LIVE_MIB] * 0x1p20 / mean_size(run) /
			  (double)run->values[THREADS]) +
	       1;
}

static uint64_t kept_of(const struct wl_run *run)
{
	return per_thread(run) * (uint64_t)run->values[KEEP] / 100;
}

static uint64_t share(uint64_t all, uint64_t parts, uint64_t part)
{
	return all / parts + (part < all % parts);
}

static int setup(struct wl_run *run)
{
	uint64_t threads = (uint64_t)run->values[THREADS], full = per_thread(run),
		 ends = threads * (uint64_t)run->values[END] / 100;
	struct state *s;

	if (sizes_ordered(run, SIZE_MIN, SIZE_MAX_) < 0)
		return -1;
	s = run->state = wl_table(sizeof(*s));
	pthread_barrier_init(&s->gate, NULL, (unsigned)threads + 1);
	pthread_barrier_init(&s->stay, NULL, (unsigned)(threads - ends) + 1);
	s->lanes = wl_table(threads * sizeof(*s->lanes));
	for (uint64_t i = 0; i < threads; i++) {
		s->lanes[i].full = full;
		s->lanes[i].ops = share((uint64_t)run->values[OPS], threads, i);
		s->lanes[i].ends = i < ends;
		s->lanes[i].block = wl_table(full * sizeof(struct block));
	}
	/* The first burst begins with nothing, the others with what was kept. */
	run->expected_allocs =
		(uint64_t)run->values[OPS] +
		threads * (full + ((uint64_t)run->values[ROUNDS] - 1) * (full - kept_of(run)));
	return 0;
}

static void make(struct wl_thread *t, struct block *b)
{
	block_make(t, b,
		   dist_loguniform(&t->rng, (uint64_t)t->run->values[SIZE_MIN],
				   (uint64_t)t->run->values[SIZE_MAX_]),
		   WL_TOUCH_PAGES);
}

/* Waits for the first thread's mark to be over. */
static void rest(pthread_barrier_t *gate)
{
	pthread_barrier_wait(gate);
	pthread_barrier_wait(gate);
}

static void body(struct wl_thread *t, void *argument)
{
	struct state *s = t->run->state;
	struct lane *lane = argument;
	uint64_t rounds = (uint64_t)t->run->values[ROUNDS];

	for (uint64_t round = 0; round < rounds; round++) {
		while (lane->n < lane->full)
			make(t, &lane->block[lane->n++]);
		rest(&s->gate);
		for (uint64_t ops = share(lane->ops, rounds, round); ops > 0; ops--) {
			struct block *b = &lane->block[rng_below(&t->rng, lane->n)];

			block_drop(t, b);
			make(t, b);
		}
		rest(&s->gate);
		blocks_shrink(t, lane->block, &lane->n, kept_of(t->run));
		rest(&s->gate);
	}
	if (lane->ends)
		return;
	rest(&s->stay);
	blocks_shrink(t, lane->block, &lane->n, 0);
}

static void mark(struct wl_run *run, const char *name, int64_t round)
{
	char text[32];

	snprintf(text, sizeof(text), "%s-%lld", name, (long long)round + 1);
	wl_phase(run, text);
}

/* The end of some threads, with the others asleep all the while. */
static void end(struct wl_run *run, struct state *s)
{
	int64_t threads = run->values[THREADS];

	for (int64_t i = 0; i < threads; i++)
		if (s->lanes[i].ends)
			wl_worker_join(&s->lanes[i].worker);
	pthread_barrier_wait(&s->stay);
	wl_phase(run, "ended");
	wl_idle(run, run->values[IDLE]);
	wl_phase(run, "idle-ended");
	for (int64_t i = 0; i < threads; i++)
		if (s->lanes[i].ends)
			blocks_shrink(&run->threads[0], s->lanes[i].block, &s->lanes[i].n, 0);
	pthread_barrier_wait(&s->stay);
	for (int64_t i = 0; i < threads; i++)
		if (!s->lanes[i].ends)
			wl_worker_join(&s->lanes[i].worker);
	wl_phase(run, "emptied");
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	int64_t threads = run->values[THREADS];

	for (int64_t i = 0; i < threads; i++)
		wl_worker_start(&s->lanes[i].worker, &run->threads[i + 1], body, &s->lanes[i]);
	for (int64_t round = 0; round < run->values[ROUNDS]; round++) {
		static const char *const parts[] = {"full", "worked", "returned"};

		for (int part = 0; part < 3; part++) {
			pthread_barrier_wait(&s->gate);
			mark(run, parts[part], round);
			if (part == 2 && round + 1 == run->values[ROUNDS]) {
				wl_idle(run, run->values[IDLE]);
				wl_phase(run, "idle");
			}
			pthread_barrier_wait(&s->gate);
		}
	}
	end(run, s);
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[THREADS]; i++)
		blocks_live(floor, s->lanes[i].block, s->lanes[i].n, WL_TOUCH_PAGES);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)(per_thread(run) * (uint64_t)run->values[THREADS]) *
			  mean_size(run));
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return per_thread(run) * (uint64_t)run->values[THREADS] * sizeof(struct block);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] * mean_size(run)) +
	       (uint64_t)run->values[ROUNDS] * peak_bytes(run);
}

const struct workload workload_thread_return = {
	.name = "thread-return",
	.summary = "threads that fill a heap each, give nearly all of it back, idle, and end",
	.isolates = "memory that threads hold back each for itself, asleep or ended",
	.cannot_tell = "objects that pass between threads: only what the ended ones leave does",
	.source = "own; pools of threads in servers, after a burst",
	.touch = "one byte in each OS page of an object and its last byte are written, the "
		 "first is read before the free",
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
