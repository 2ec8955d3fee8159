/* op-matrix: one pattern of malloc and free, one size, so that a pair can be priced.
 *
 * What a malloc and its free cost depends on what the program did in between.  The
 * patterns reach the tiers of an allocator one after the other: `steady` its fastest
 * path, batches its thread cache and what is behind it, random replacement and the
 * walk its slabs, handing over its remote frees.
 *
 * The driver's own cost is known exactly: with idle=1 the two calls go to functions
 * that do nothing, one of which returns an address that does not change.  They are
 * calls that the compiler cannot look into, so that registers are saved around them as
 * around real ones; the call and the return are thus the driver's.  Costs of start and
 * end are the same for `ops` and for twice as many, so they cancel in the difference
 * of two runs. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/ring.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/thread.h"

/* Called as the idle functions are, by one instruction: by way of the linkage table each call
 * would have a jump of its own, which is no allocator's. */
#if defined(__GNUC__) && !defined(__clang__)
extern __typeof__(malloc) malloc __attribute__((noplt));
extern __typeof__(free) free __attribute__((noplt));
#endif

enum { OPS, THREADS, PATTERN, SIZE, IDLE };
enum { STEADY, BATCH_100, ALL_10000, RANDOM_10000, WALK, HAND_100, HAND_10000, PATTERNS };

#define MOST 15000
#define WALK_LOW 5000
#define WALK_HIGH MOST
#define WALK_SIZE_LOW 16
#define WALK_SIZE_HIGH 1024

static const struct wl_param params[] = {
	{"ops", "pairs of malloc and free, rounded up to whole batches",
	 "0.5 to 0.8 s under glibc", 60000000, 1, 10000000000},
	{"threads", "threads beside the first, which hand-over patterns need",
	 "one to take over", 1, 1, 1},
	{"pattern",
	 "0 = one at a time, 1 = batches of 100, 2 = 10,000 and then all freed, 3 = one of "
	 "10,000 at random, 4 = live count walking between 5000 and 15,000 with sizes 16 to "
	 "1024, 5 and 6 = batches of 100 and 10,000 freed by another thread",
	 "own: from the fastest path to the slowest", STEADY, 0, PATTERNS - 1},
	{"size", "bytes of each object (not with pattern 4)", "own", 64, 1, 1048576},
	{"idle", "1 = the driver alone: functions that do nothing are called", "own", 0, 0, 1},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	uint64_t ops, batch;
	uint64_t n; /* live, in the patterns that keep some */
	struct block block[2][MOST];
	struct ring_place here, there;
	struct wl_worker worker;
} __attribute__((aligned(128)));

static uint64_t batch_of(const struct wl_run *run)
{
	switch (run->values[PATTERN]) {
	case BATCH_100:
	case HAND_100:
		return 100;
	case ALL_10000:
	case RANDOM_10000:
	case WALK:
	case HAND_10000:
		return 10000;
	default:
		return 1;
	}
}

/* The patterns that keep objects start with as many as a batch has. */
static bool keeps(const struct wl_run *run)
{
	return run->values[PATTERN] == RANDOM_10000 || run->values[PATTERN] == WALK;
}

static uint64_t ops_of(const struct wl_run *run)
{
	uint64_t ops = (uint64_t)run->values[OPS], batch = batch_of(run);

	return keeps(run) ? ops : (ops + batch - 1) / batch * batch;
}

static int setup(struct wl_run *run)
{
	struct state *s;

	if (run->values[IDLE] && run->mode != WL_THROUGHPUT) {
		wl_fail(run, "op-matrix: idle=1 allocates nothing: only mode throughput is "
			     "accepted");
		return -1;
	}
	s = run->state = wl_table(sizeof(*s));
	s->ops = ops_of(run);
	s->batch = batch_of(run);
	ring_init(&s->here, &s->there);
	ring_init(&s->there, &s->here);
	run->expected_allocs = s->ops + (keeps(run) ? s->batch : 0);
	return 0;
}

static unsigned char spare[64]; /* what idle=1 hands out */

/* Called as malloc is: nothing is known of what they do. */
#if __has_attribute(noipa)
#define OPAQUE __attribute__((noipa))
#else
#define OPAQUE __attribute__((noinline, optnone))
#endif

OPAQUE static void *nothing_malloc(size_t size)
{
	(void)size;
	return spare;
}

OPAQUE static void nothing_free(void *p)
{
	(void)p;
}

/* With `idle` all that wl_malloc does, but by another function than malloc. */
static inline void take(struct wl_thread *t, struct block *b, size_t size, bool idle)
{
	b->size = size;
	if (idle) {
		if (__builtin_expect(--t->countdown <= 0, 0))
			wl_out_of_memory(t, size);
		b->at = wl_count_alloc(t, nothing_malloc(size), size);
	} else {
		b->at = wl_malloc(t, size);
	}
	wl_touch(t, b->at, size, WL_TOUCH_FIRST);
}

static inline void give(struct wl_thread *t, struct block *b, bool idle)
{
	wl_look(b->at);
	if (idle) {
		if (__builtin_expect(--t->countdown <= 0, 0))
			wl_out_of_memory(t, b->size);
		nothing_free(b->at);
		t->count->frees++;
		t->count->live_objects--;
		t->count->live_bytes -= (int64_t)b->size;
	} else {
		wl_free(t, b->at, b->size);
	}
	b->at = NULL;
}

static void batches(struct wl_run *run, struct state *s, struct wl_thread *t, bool idle)
{
	size_t size = (size_t)run->values[SIZE];
	struct block *b = s->block[0];

	for (uint64_t done = 0; done < s->ops; done += s->batch) {
		for (uint64_t i = 0; i < s->batch; i++)
			take(t, &b[i], size, idle);
		for (uint64_t i = 0; i < s->batch; i++)
			give(t, &b[i], idle);
	}
}

static void replace(struct wl_run *run, struct state *s, struct wl_thread *t, bool idle)
{
	size_t size = (size_t)run->values[SIZE];

	while (s->n < s->batch)
		take(t, &s->block[0][s->n++], size, idle);
	for (uint64_t i = 0; i < s->ops; i++) {
		struct block *b = &s->block[0][rng_below(&t->rng, s->n)];

		give(t, b, idle);
		take(t, b, size, idle);
	}
	while (s->n > 0)
		give(t, &s->block[0][--s->n], idle);
}

/* Up or down with even chances, reflected at the limits; what goes is a random one. */
static void walk(struct state *s, struct wl_thread *t, bool idle)
{
	struct block *b = s->block[0];
	uint64_t made = 0;

	while (made < s->ops + s->batch) {
		uint64_t bits = rng_next(&t->rng);
		bool up = s->n < s->batch && made < s->batch;

		if (!up)
			up = s->n <= WALK_LOW || (s->n < WALK_HIGH && bits >> 63);
		if (up) {
			size_t size =
				WALK_SIZE_LOW +
				((bits & 0x7fffffff) * (WALK_SIZE_HIGH - WALK_SIZE_LOW + 1) >>
				 31);

			take(t, &b[s->n++], size, idle);
			made++;
		} else {
			uint64_t at = rng_scale32((uint32_t)bits, s->n);

			give(t, &b[at], idle);
			b[at] = b[--s->n];
		}
	}
	while (s->n > 0)
		give(t, &b[--s->n], idle);
}

/* The other thread frees one table while this one fills the other. */
static void taker(struct wl_thread *t, void *argument)
{
	struct state *s = argument;
	bool idle = t->run->values[IDLE];

	for (uint64_t done = 0; done < s->ops; done += s->batch) {
		struct block *b = box_take(&s->there.inbox);

		for (uint64_t i = 0; i < s->batch; i++)
			give(t, &b[i], idle);
		box_put(&s->there.done, b);
	}
}

static void hand_over(struct wl_run *run, struct state *s, struct wl_thread *t, bool idle)
{
	size_t size = (size_t)run->values[SIZE];
	uint64_t number = 0;

	wl_worker_start(&s->worker, &run->threads[1], taker, s);
	for (uint64_t done = 0; done < s->ops; done += s->batch, number++) {
		struct block *b = s->block[number & 1];

		for (uint64_t i = 0; i < s->batch; i++)
			take(t, &b[i], size, idle);
		if (number)
			box_take(&s->there.done); /* the table before this one is free */
		box_put(&s->there.inbox, b);
	}
	box_take(&s->there.done);
	wl_worker_join(&s->worker);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	bool idle = run->values[IDLE];

	switch (run->values[PATTERN]) {
	case RANDOM_10000:
		replace(run, s, t, idle);
		break;
	case WALK:
		walk(s, t, idle);
		break;
	case HAND_100:
	case HAND_10000:
		hand_over(run, s, t, idle);
		break;
	default:
		batches(run, s, t, idle);
	}
	wl_phase(run, "emptied");
	return 0;
}

static uint64_t size_of(const struct wl_run *run)
{
	return run->values[PATTERN] == WALK ? (WALK_SIZE_LOW + WALK_SIZE_HIGH) / 2
					    : (uint64_t)run->values[SIZE];
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (ops_of(run) + batch_of(run)) * size_of(run);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (run->values[PATTERN] == WALK ? WALK_HIGH : 2 * batch_of(run)) * size_of(run);
}

const struct workload workload_op_matrix = {
	.name = "op-matrix",
	.summary =
		"one pattern of malloc and free at one size, its driver's cost known exactly",
	.isolates = "instructions and time of a pair, tier by tier",
	.cannot_tell = "what a program would gain: no program does one thing only",
	.source = "own; patterns of the allocators' own micro benchmarks",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "pairs",
};
