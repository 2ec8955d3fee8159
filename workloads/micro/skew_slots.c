/* skew-slots: a heap in which a few objects change all the time and most hardly ever.
 *
 * The behaviour of alloc-test in mimalloc-bench: slots are chosen by the rule of
 * 80/20 applied six times over, and object sizes halve in frequency with each
 * doubling.  Groups of slots are the seven outcomes of six choices: k times "the busy
 * fifth" has probability C(6,k) 0.8^k 0.2^(6-k) and that many slots with 0.8 and 0.2
 * exchanged.  A chosen slot's object is replaced; the original empties and fills by
 * turns, which makes the number of allocations a matter of chance. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

#define CHOICES 6

enum { OPS, SLOTS, LARGEST };

static const struct wl_param params[] = {
	{"ops", "replacements", "0.5 to 0.8 s under glibc", 7000000, 1, 10000000000},
	{"slots", "live objects", "alloc-test: 2^18, here for a heap beyond 32 MiB", 1048576,
	 64, 100000000},
	{"size_bits", "largest object: 2 to this power, bytes", "alloc-test: 10", 10, 4, 20},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	struct dist_alias group;
	uint64_t from[CHOICES + 2]; /* first slot of each group, and the end */
	uint64_t filled;            /* kept at marks only */
	struct block *slot;
};

static double outcomes(int k, double busy)
{
	static const double choose[CHOICES + 1] = {1, 6, 15, 20, 15, 6, 1};
	double p = choose[k];

	for (int i = 0; i < CHOICES; i++)
		p *= i < k ? busy : 1 - busy;
	return p;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	double weight[CHOICES + 1], before = 0;

	run->state = s;
	for (int k = 0; k <= CHOICES; k++) {
		weight[k] = outcomes(k, 0.8);
		before += outcomes(k, 0.2);
		s->from[k + 1] = (uint64_t)(before * (double)run->values[SLOTS] + 0.5);
		/* Small numbers of slots leave the busiest group none by rounding. */
		if (s->from[k + 1] <= s->from[k])
			s->from[k] = s->from[k + 1] - 1;
	}
	dist_alias_init(&s->group, weight, CHOICES + 1);
	s->slot = wl_table((size_t)run->values[SLOTS] * sizeof(*s->slot));
	run->expected_allocs = (uint64_t)(run->values[SLOTS] + run->values[OPS]);
	return 0;
}

/* 5 to 8 bytes half the time, 9 to 16 a quarter, and so on: alloc-test's classes. */
static size_t random_size(struct wl_run *run, struct wl_thread *t)
{
	uint64_t bits = rng_next(&t->rng);
	unsigned shift =
		2 + (unsigned)__builtin_ctzll(bits | (uint64_t)1 << (run->values[LARGEST] - 3));

	return 1 + ((size_t)1 << shift) + ((bits >> 32) & (((size_t)1 << shift) - 1));
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t slots = (uint64_t)run->values[SLOTS];

	for (uint64_t i = 0; i < slots; i++)
		block_make(t, &s->slot[i], random_size(run, t), WL_TOUCH_FIRST);
	s->filled = slots;
	wl_phase(run, "ramp");
	for (int64_t i = 0; i < run->values[OPS]; i++) {
		uint32_t k = dist_alias_pick(&s->group, &t->rng);
		struct block *b =
			&s->slot[s->from[k] + rng_below(&t->rng, s->from[k + 1] - s->from[k])];

		block_drop(t, b);
		block_make(t, b, random_size(run, t), WL_TOUCH_FIRST);
	}
	wl_phase(run, "steady");
	blocks_drop(t, s->slot, slots);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	(void)run;
	blocks_live(floor, s->slot, s->filled, WL_TOUCH_FIRST);
}

/* Each class adds about 3 bytes to the mean: twice the size at half the frequency;
 * the last class takes what is left and counts double. */
static uint64_t mean_size(const struct wl_run *run)
{
	return 3 * (uint64_t)run->values[LARGEST];
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[SLOTS] + run->values[OPS]) * mean_size(run);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[SLOTS] * mean_size(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[SLOTS] * sizeof(struct block);
}

const struct workload workload_skew_slots = {
	.name = "skew-slots",
	.summary = "a million slots of small objects, replaced by the rule of 80/20 six times "
		   "over",
	.isolates = "placement when few objects are young and most are old: each free goes to "
		    "another slab",
	.cannot_tell = "threads, phases, and objects above a kilobyte",
	.source = "alloc-test in mimalloc-bench (80/20 to the sixth, geometric sizes)",
	.touch = "the first byte of each object is written, and read before the free",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
