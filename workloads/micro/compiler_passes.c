/* compiler-passes: a function goes through a compiler's passes, each with its own heap.
 *
 * A pass makes a new generation of the function's nodes and, while it runs, has tables
 * cleared by calloc, a worklist that grows by realloc and chunks of an arena; at its end
 * the temporaries and the generation before it go, oldest first.  A few objects per
 * function, symbols and debug strings, stay until the unit is done, between all that is
 * temporary. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, PASSES, UNIT };

#define MOST_NODES 4000
#define SYMBOL_EVERY 16
#define ARENA_CHUNK 16384
#define CHUNKS 4

static const struct wl_param params[] = {
	{"ops", "functions", "0.5 to 0.8 s under glibc", 18000, 1, 10000000},
	{"passes", "passes over each function", "own: a tenth of a real compiler's", 8, 1, 100},
	{"unit", "functions of a translation unit", "own: symbols live this long", 1500, 1,
	 100000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	uint32_t *nodes; /* per function */
	struct block generation[2][MOST_NODES];
	struct block temporary[3 + CHUNKS];
	struct block *symbol; /* of the unit */
	uint64_t symbols;
};

#define FIRST_WORKLIST 64

static uint64_t worklist_steps(uint32_t nodes)
{
	uint64_t steps = 0;

	for (uint64_t room = FIRST_WORKLIST; room < nodes * sizeof(void *); room *= 2)
		steps++;
	return steps;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t unit = 0, most = 0;

	run->state = s;
	s->nodes = wl_table((size_t)run->values[OPS] * sizeof(*s->nodes));
	for (int64_t i = 0; i < run->values[OPS]; i++) {
		/* Half the functions below 60 nodes, one in a hundred above 1000. */
		double n = 1 + dist_lognormal(&run->threads[0].rng, 4.1, 1.2);
		uint64_t symbols;

		s->nodes[i] = n < MOST_NODES ? (uint32_t)n : MOST_NODES;
		symbols = 1 + s->nodes[i] / SYMBOL_EVERY;
		unit = i % run->values[UNIT] ? unit + symbols : symbols;
		if (unit > most)
			most = unit;
		run->expected_allocs +=
			symbols + (uint64_t)run->values[PASSES] * (s->nodes[i] + 3 + CHUNKS +
								   worklist_steps(s->nodes[i]));
	}
	s->symbol = wl_table(most * sizeof(*s->symbol));
	return 0;
}

static void begin_pass(struct wl_thread *t, struct state *s, uint32_t nodes)
{
	for (int i = 0; i < 2; i++) { /* bitmap of nodes, table of values */
		struct block *b = &s->temporary[i];

		b->size = i ? nodes * sizeof(uint64_t) : (nodes + 63) / 64 * nodes / 8 + 8;
		b->at = wl_calloc(t, 1, b->size);
	}
	block_make(t, &s->temporary[2], FIRST_WORKLIST, WL_TOUCH_ALL);
	for (int i = 0; i < CHUNKS; i++)
		block_make(t, &s->temporary[3 + i], ARENA_CHUNK >> i, WL_TOUCH_PAGES);
}

static void grow_worklist(struct wl_thread *t, struct block *b, uint64_t entries)
{
	while (b->size < entries * sizeof(void *)) {
		b->at = wl_realloc(t, b->at, b->size, b->size * 2);
		b->size *= 2;
		wl_touch(t, (char *)b->at + b->size / 2, b->size / 2, WL_TOUCH_ALL);
	}
}

static void pass(struct wl_thread *t, struct state *s, uint32_t nodes, int number)
{
	struct block *now = s->generation[number & 1], *before = s->generation[!(number & 1)];

	begin_pass(t, s, nodes);
	for (uint32_t i = 0; i < nodes; i++) {
		/* Expressions, statements, blocks: 32 to 128 bytes by eights. */
		block_make(t, &now[i], 32 + 8 * rng_below(&t->rng, 13), WL_TOUCH_ALL);
		grow_worklist(t, &s->temporary[2], i + 1);
	}
	blocks_drop(t, s->temporary, 3 + CHUNKS);
	if (number)
		blocks_drop(t, before, nodes);
}

static void end_unit(struct wl_thread *t, struct state *s)
{
	blocks_drop(t, s->symbol, s->symbols);
	s->symbols = 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int passes = (int)run->values[PASSES];

	for (int64_t f = 0; f < run->values[OPS]; f++) {
		uint32_t nodes = s->nodes[f];

		if (f && f % run->values[UNIT] == 0)
			end_unit(t, s);
		for (uint32_t i = 0; i < 1 + nodes / SYMBOL_EVERY; i++)
			block_make(t, &s->symbol[s->symbols++],
				   dist_loguniform(&t->rng, 16, 256), WL_TOUCH_ALL);
		for (int p = 0; p < passes; p++)
			pass(t, s, nodes, p);
		blocks_drop(t, s->generation[(passes - 1) & 1], nodes);
	}
	run->ops = (uint64_t)run->values[OPS];
	wl_phase(run, "steady");
	end_unit(t, s);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->symbol, s->symbols, WL_TOUCH_ALL);
}

/* 124 nodes on average, 80 bytes each, with tables of about as much and the chunks. */
static uint64_t function_bytes(void)
{
	return 124 * (80 + 16) + 4096 + 2 * ARENA_CHUNK;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[OPS] * run->values[PASSES]) * function_bytes();
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[UNIT] * 9 * 90 + MOST_NODES * 300 + MOST_NODES * 520 +
	       2 * ARENA_CHUNK;
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] * sizeof(uint32_t);
}

const struct workload workload_compiler_passes = {
	.name = "compiler-passes",
	.summary = "functions through compiler passes: generations of nodes, cleared tables, "
		   "growing worklists",
	.isolates = "phases: what one pass frees serves the next, around symbols that stay",
	.cannot_tell = "a real compiler's share of allocation: cc1plus has that",
	.source = "own; passes of an optimising compiler",
	.touch = "nodes, worklists and symbols in full, calloc's tables not, arenas per page",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "functions",
	.live = live,
};
