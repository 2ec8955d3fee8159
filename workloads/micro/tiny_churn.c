/* tiny-churn: very small objects that live very briefly, mostly last in first out.
 *
 * The behaviour of cfrac in mimalloc-bench: big numbers of a few digits, reference
 * counted, made and dropped inside expressions.  A stack of depth at most `depth`
 * walks up and down at random; one free in sixteen takes not the top but some lower
 * entry, the number that outlived its expression.
 *
 * The walk is a cycle made beforehand, which starts and ends empty, so the driver's
 * share of the time is a read of four bytes per call. */
#include "workloads/lib/calls.h"
#include "workloads/lib/page_floor.h"

#define CYCLE 4096 /* allocations per round of the walk */
#define OUT_OF_ORDER 16

enum { OPS, DEPTH };

static const struct wl_param params[] = {
	{"ops", "allocations, rounded up to whole rounds of 4096", "0.5 to 0.8 s under glibc",
	 60000000, 1, 10000000000},
	{"depth", "greatest number of live objects", "cfrac keeps a few dozen temporaries", 48,
	 2, 1000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct step {
	uint16_t size;  /* of an allocation; 0 = a free */
	uint16_t entry; /* a free's: how far below the top */
};

struct state {
	uint64_t rounds;
	uint32_t live; /* kept at marks only */
	struct step steps[2 * CYCLE];
	void *object[1000];
	uint16_t size[1000];
};

/* Two to eight words, each next one half as likely. */
static uint16_t digits(struct rng *r)
{
	uint16_t size = 16;

	for (uint64_t bits = rng_next(r); size < 64 && (bits & 1); bits >>= 1)
		size += 8;
	return size;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	struct rng *r = &run->threads[0].rng;
	uint32_t live = 0, made = 0;

	run->state = s;
	s->rounds = ((uint64_t)run->values[OPS] + CYCLE - 1) / CYCLE;
	run->expected_allocs = s->rounds * CYCLE;
	for (struct step *step = s->steps; step < s->steps + 2 * CYCLE; step++) {
		bool push = live == 0 || (live < run->values[DEPTH] && rng_next(r) >> 63);

		if (made == CYCLE)
			push = false;
		if (push) {
			step->size = digits(r);
			live++;
			made++;
		} else {
			if (live > 1 && rng_below(r, OUT_OF_ORDER) == 0)
				step->entry = (uint16_t)rng_below(r, live);
			live--;
		}
	}
	return 0;
}

static inline void walk(struct state *s, struct wl_thread *t, uint32_t from, uint32_t to)
{
	const struct step *end = s->steps + to;
	uint32_t live = s->live;

	for (const struct step *step = s->steps + from; step < end; step++) {
		if (step->size) {
			void *p = wl_malloc(t, step->size);

			/* Sizes are multiples of 8: word by word is what a bignum does. */
			if (!t->verify)
				for (uint32_t w = 0; w < step->size / 8u; w++)
					((volatile uint64_t *)p)[w] = w;
			s->object[live] = p;
			s->size[live++] = step->size;
		} else {
			uint32_t at = --live - step->entry;
			void *p = s->object[at];
			uint16_t size = s->size[at];

			s->object[at] = s->object[live];
			s->size[at] = s->size[live];
			wl_look(p);
			wl_free(t, p, size);
		}
	}
	s->live = live;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	for (uint64_t i = 0; i + 1 < s->rounds; i++)
		walk(s, t, 0, 2 * CYCLE);
	/* The last round stops halfway for the mark. */
	walk(s, t, 0, CYCLE);
	wl_phase(run, "steady");
	walk(s, t, CYCLE, 2 * CYCLE);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (uint32_t i = 0; i < s->live; i++)
		page_floor_object(floor, s->object[i], s->size[i], WL_TOUCH_ALL);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return ((uint64_t)run->values[OPS] + CYCLE) * 25; /* the mean is below 24 */
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[DEPTH] * 64;
}

const struct workload workload_tiny_churn = {
	.name = "tiny-churn",
	.summary = "tiny objects made and dropped at once, mostly last in first out",
	.isolates = "length of the shortest path of malloc and free",
	.cannot_tell = "anything about memory, threads, caches or sizes above 64 bytes",
	.source = "cfrac in mimalloc-bench: big numbers of a factoring program",
	.touch = "every byte written, the first read before the free",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
