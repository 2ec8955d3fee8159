/* set-cover: sets made from sets, most dropped at once, the collection copied in bursts.
 *
 * The behaviour of espresso, the logic minimiser, in mimalloc-bench: a cover is a list
 * of bit sets of some dozen words; intersections and unions of two are made to be
 * looked at, most are thrown away, some take the place of a member; and each pass
 * copies the whole cover into a new list, which grows as it fills, before it drops the
 * old one. */
#include "workloads/lib/blocks.h"

enum { OPS, SETS, WORDS, PASS };

static const struct wl_param params[] = {
	{"ops", "sets made of two others", "0.5 to 0.8 s under glibc", 20000000, 1,
	 10000000000},
	{"sets", "sets of the cover", "espresso's inputs have some hundred", 600, 2, 1000000},
	{"words", "longest set, words of 8 bytes; a cover's sets differ in length",
	 "espresso: a few to a few dozen", 24, 1, 4096},
	{"pass", "sets made between two copies of the cover", "own", 3000, 1, 100000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

#define FIRST_ROOM 16

struct state {
	struct block *cover, *next; /* where they are, in a table of ours */
	struct block list;          /* the list on the heap: its entries are the addresses */
};

static uint64_t list_steps(uint64_t sets)
{
	uint64_t steps = 1;

	for (uint64_t room = FIRST_ROOM; room < sets; room += room / 2)
		steps++;
	return steps;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t sets = (uint64_t)run->values[SETS], ops = (uint64_t)run->values[OPS];
	uint64_t covers = 1 + (ops - 1) / (uint64_t)run->values[PASS];

	run->state = s;
	s->cover = wl_table(sets * sizeof(*s->cover));
	s->next = wl_table(sets * sizeof(*s->next));
	run->expected_allocs = ops + covers * (sets + list_steps(sets));
	return 0;
}

/* Both are read in full where they overlap, as the operations on sets do. */
static void combine(struct wl_thread *t, struct block *b, const struct block *x,
		    const struct block *y)
{
	uint64_t size = x->size < y->size ? x->size : y->size;
	uint64_t *to;

	b->size = size;
	b->at = wl_malloc(t, size);
	if (t->verify)
		return;
	to = b->at;
	for (uint64_t i = 0; i < size / 8; i++)
		to[i] = ((const uint64_t *)x->at)[i] ^ ((const uint64_t *)y->at)[i];
}

static void append(struct wl_thread *t, struct block *list, uint64_t at, void *set)
{
	uint64_t size = list->size;

	if (!list->at) {
		list->size = FIRST_ROOM * sizeof(void *);
		list->at = wl_malloc(t, list->size);
	} else if (at * sizeof(void *) == size) {
		list->size = (at + at / 2) * sizeof(void *);
		list->at = wl_realloc(t, list->at, size, list->size);
	}
	wl_own(t, list->at, (at + 1) * sizeof(void *));
	((void **)list->at)[at] = set;
}

static void check_list(struct wl_thread *t, const struct state *s, uint64_t sets)
{
	for (uint64_t i = 0; i < sets; i++)
		if (((void **)s->list.at)[i] != s->cover[i].at)
			wl_die(t->run, "damaged block: entry %llu of the cover's list changed",
			       (unsigned long long)i);
}

static void new_cover(struct wl_run *run, struct wl_thread *t, struct state *s, bool first)
{
	struct block list = {NULL, 0}, *swap = s->cover;
	uint64_t sets = (uint64_t)run->values[SETS];

	for (uint64_t i = 0; i < sets; i++) {
		uint64_t words = 1 + rng_below(&t->rng, (uint64_t)run->values[WORDS]);

		if (first)
			block_make(t, &s->next[i], words * 8, WL_TOUCH_ALL);
		else
			combine(t, &s->next[i], &s->cover[i], &s->cover[i]);
		append(t, &list, i, s->next[i].at);
	}
	if (!first) {
		check_list(t, s, sets);
		blocks_drop(t, s->cover, sets);
		wl_free(t, s->list.at, s->list.size);
	}
	s->list = list;
	s->cover = s->next;
	s->next = swap;
}

static void step(struct wl_run *run, struct wl_thread *t, struct state *s)
{
	uint64_t bits = rng_next(&t->rng), sets = (uint64_t)run->values[SETS];
	uint64_t i = rng_scale32((uint32_t)bits, sets),
		 j = rng_scale32((uint32_t)(bits >> 32), sets);
	struct block made;

	combine(t, &made, &s->cover[i], &s->cover[j]);
	/* One in eight that loses nothing replaces a member, the rest were only looked at. */
	if (made.size == s->cover[i].size && (bits & 7) == 0) {
		block_drop(t, &s->cover[i]);
		s->cover[i] = made;
		((void **)s->list.at)[i] = made.at;
	} else {
		block_drop(t, &made);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t sets = (uint64_t)run->values[SETS];

	for (int64_t i = 0; i < run->values[OPS]; i++) {
		if (i % run->values[PASS] == 0)
			new_cover(run, t, s, i == 0);
		step(run, t, s);
	}
	wl_phase(run, "steady");
	check_list(t, s, sets);
	blocks_drop(t, s->cover, sets);
	wl_free(t, s->list.at, s->list.size);
	s->list.at = NULL;
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->cover, (uint64_t)run->values[SETS], WL_TOUCH_ALL);
	if (s->list.at)
		page_floor_object(floor, s->list.at, s->list.size, WL_TOUCH_ALL);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t sets = (uint64_t)run->values[SETS], size = (uint64_t)run->values[WORDS] * 8;
	uint64_t covers = 1 + (uint64_t)(run->values[OPS] / run->values[PASS]);

	return (uint64_t)run->values[OPS] * size / 2 + covers * sets * (size / 2 + 40);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return 2 * (uint64_t)run->values[SETS] * ((uint64_t)run->values[WORDS] * 4 + 32);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return 2 * (uint64_t)run->values[SETS] * sizeof(struct block);
}

const struct workload workload_set_cover = {
	.name = "set-cover",
	.summary =
		"bit sets made of two others, most dropped at once, the whole copied now and "
		"then",
	.isolates = "short-lived objects of mixed small sizes among bursts of copies",
	.cannot_tell = "large heaps: everything fits the CPU's second cache",
	.source = "espresso in mimalloc-bench",
	.touch = "every word of a set is written, and those of both it is made of are read",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
