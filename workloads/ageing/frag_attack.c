/* frag-attack: frees that leave no two neighbours free, then objects twice the size.
 *
 * A program after Robson (1971), who proved how much waste an adversary can force on
 * any allocator that does not move: fill with small objects, free every second one, so
 * that most holes are as small as they were objects, and ask for objects twice the size
 * with the bytes gained, and so on through the sizes.  Live bytes never exceed the
 * first fill; what the heap grows beyond it is fragmentation.  Unlike Robson's, this
 * adversary does not look at addresses: it knows the order of allocation only. */
#include <stdio.h>
#include "workloads/lib/blocks.h"

enum { OPS, LIVE_MIB, FIRST, ROUNDS };

#define MOST_ROUNDS 12

static const struct wl_param params[] = {
	{"ops", "allocations, rounded up to whole attacks", "0.5 to 0.8 s under glibc", 8000000,
	 1, 1000000000},
	{"live_mib", "live bytes of the first fill, MiB", "own: a heap beyond 32 MiB", 48, 1,
	 65536},
	{"size_first", "largest object of the first fill, bytes", "own", 32, 16, 65536},
	{"rounds", "doublings of the size", "32 bytes to 16 KiB", 9, 1, MOST_ROUNDS},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* Objects lie in the order of their allocation, the freed ones taken out. */
struct state {
	uint64_t attacks, first, n; /* n: objects live now */
	struct block *block;
};

/* Number of objects of each round, settled by the nominal sizes alone.  At most half
 * of what is live goes in a round, so that holes of all ages stay. */
static uint64_t per_attack(const struct wl_run *run, uint64_t *most)
{
	uint64_t size = (uint64_t)run->values[FIRST];
	uint64_t made = ((uint64_t)run->values[LIVE_MIB] << 20) / size, n = made, total = made;

	*most = n;
	for (int64_t round = 0; round < run->values[ROUNDS]; round++) {
		uint64_t freed = made / 2, next = freed / 2;

		n = n - freed + next;
		if (n > *most)
			*most = n;
		total += next;
		made = next;
	}
	return total;
}

static int setup(struct wl_run *run)
{
	uint64_t most, total = per_attack(run, &most);
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	s->attacks = ((uint64_t)run->values[OPS] + total - 1) / total;
	s->first = ((uint64_t)run->values[LIVE_MIB] << 20) / (uint64_t)run->values[FIRST];
	s->block = wl_table(most * sizeof(*s->block));
	run->expected_allocs = s->attacks * total;
	return 0;
}

/* More than three quarters of the nominal size: in the same class or the one below. */
static void add(struct wl_thread *t, struct state *s, uint64_t count, uint64_t size)
{
	for (uint64_t i = 0; i < count; i++)
		block_make(t, &s->block[s->n++], size - rng_below(&t->rng, size / 4),
			   WL_TOUCH_PAGES);
}

/* Frees every second of the last `count` objects; the others close up. */
static uint64_t thin_out(struct wl_thread *t, struct state *s, uint64_t count)
{
	uint64_t from = s->n - count, to = from, freed = 0;

	for (uint64_t i = 0; i < count; i++)
		if (i % 2) {
			block_drop(t, &s->block[from + i]);
			freed++;
		} else {
			s->block[to++] = s->block[from + i];
		}
	s->n = to;
	return freed;
}

static void attack(struct wl_run *run, struct wl_thread *t, struct state *s, bool last)
{
	uint64_t size = (uint64_t)run->values[FIRST], made = s->first;
	char name[32];

	add(t, s, made, size);
	if (last)
		wl_phase(run, "filled");
	for (int64_t round = 0; round < run->values[ROUNDS]; round++) {
		made = thin_out(t, s, made) / 2;
		size *= 2;
		add(t, s, made, size);
		snprintf(name, sizeof(name), "size-%llu", (unsigned long long)size);
		if (last)
			wl_phase(run, name);
	}
	blocks_drop(t, s->block, s->n);
	s->n = 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;

	for (uint64_t i = 0; i < s->attacks; i++)
		attack(run, &run->threads[0], s, i + 1 == s->attacks);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->block, s->n, WL_TOUCH_PAGES);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t most, total = per_attack(run, &most);
	uint64_t fill = (uint64_t)run->values[LIVE_MIB] << 20;

	return ((uint64_t)run->values[OPS] / total + 1) *
	       (fill + fill / 2 * (uint64_t)run->values[ROUNDS]);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[LIVE_MIB] << 20;
}

static uint64_t table_bytes(const struct wl_run *run)
{
	uint64_t most;

	per_attack(run, &most);
	return most * sizeof(struct block);
}

const struct workload workload_frag_attack = {
	.name = "frag-attack",
	.summary = "every second object freed, then objects twice the size, from 32 bytes to "
		   "16 KiB",
	.isolates = "memory that holes between live objects waste when sizes only grow",
	.cannot_tell = "what real programs suffer: this is built to hurt",
	.source = "after Robson, \"An estimate of the store size necessary for dynamic storage "
		  "allocation\" (1971)",
	.touch = "one byte in each OS page of an object and its last byte are written",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
