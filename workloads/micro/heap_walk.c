/* heap-walk: a tree built once and walked many times.
 *
 * The behaviour of barnes in mimalloc-bench: 163,840 bodies are allocated, and then the
 * program follows pointers for the rest of its life.  The cost of the allocator's calls
 * is next to nothing; what it can do is place objects that are used together near each
 * other.  To make that a question, the heap is aged first: three objects are made for
 * each one of the tree, two of which are freed at random, so that the tree is built
 * in holes.  It is a binary search tree over random keys, walked in order. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, WALKS, AGED };

static const struct wl_param params[] = {
	{"ops", "bodies of the tree", "barnes: 163,840", 163840, 1, 100000000},
	{"walks", "times that the tree is walked", "0.5 to 0.8 s under glibc", 40, 1, 1000000},
	{"aged", "objects allocated beforehand per body, of which two in three are freed",
	 "own: 3; 0 = a fresh heap", 3, 0, 100},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* What barnes keeps of a body: mass, position, velocity, acceleration. */
struct body {
	struct body *left, *right;
	uint64_t key;
	double state[11];
};

struct state {
	uint64_t aged;
	struct block *old;
	struct body *root;
	struct body **stack; /* of a walk; the depth of a random tree is some 4.3 ln(n) */
	uint64_t room, bodies, visits;
	double sum;
};

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	s->aged = (uint64_t)(run->values[OPS] * run->values[AGED]);
	s->old = wl_table(s->aged * sizeof(*s->old));
	s->room = (uint64_t)run->values[OPS] + 2;
	s->stack = wl_table(s->room * sizeof(*s->stack));
	run->expected_allocs = s->aged + (uint64_t)run->values[OPS];
	return 0;
}

static void age(struct wl_thread *t, struct state *s)
{
	for (uint64_t i = 0; i < s->aged; i++)
		block_make(t, &s->old[i], dist_uniform(&t->rng, 64, 176), WL_TOUCH_FIRST);
	for (uint64_t i = 0; i < s->aged; i++)
		if (rng_below(&t->rng, 3))
			block_drop(t, &s->old[i]);
}

static void check(struct wl_thread *t, const struct body *b)
{
	if (!wl_is_live(t, b))
		wl_die(t->run, "the tree leads to %p, which is no live block", (const void *)b);
}

static void insert(struct wl_thread *t, struct state *s)
{
	struct body *b = wl_malloc(t, sizeof(*b)), **place = &s->root;

	/* Links and key are the tree's; the rest holds the pattern in verify mode. */
	wl_own(t, b, offsetof(struct body, state));
	b->left = b->right = NULL;
	b->key = rng_next(&t->rng);
	wl_touch(t, b->state, sizeof(b->state), WL_TOUCH_ALL);
	while (*place) {
		check(t, *place);
		place = b->key < (*place)->key ? &(*place)->left : &(*place)->right;
	}
	*place = b;
	s->bodies++;
}

/* In order, with a stack of our own: no call hides the cost of following pointers. */
static void walk(struct wl_thread *t, struct state *s)
{
	struct body *b = s->root;
	uint64_t depth = 0;
	double sum = 0;

	while (b || depth) {
		while (b) {
			check(t, b);
			if (depth == s->room)
				wl_die(t->run, "the tree has a loop: a link was overwritten");
			s->stack[depth++] = b;
			b = b->left;
		}
		b = s->stack[--depth];
		sum += b->state[0] + b->state[10];
		s->visits++;
		b = b->right;
	}
	s->sum = sum; /* kept, or the compiler may drop the reads */
}

static void drop_tree(struct wl_thread *t, struct state *s)
{
	uint64_t depth = 0;

	s->stack[depth++] = s->root;
	while (depth) {
		struct body *b = s->stack[--depth];

		check(t, b);
		if (b->left)
			s->stack[depth++] = b->left;
		if (b->right)
			s->stack[depth++] = b->right;
		wl_free(t, b, sizeof(*b));
	}
	s->root = NULL;
	s->bodies = 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;
	uint64_t depth = 0;

	blocks_live(floor, s->old, s->aged, WL_TOUCH_FIRST);
	if (s->root)
		s->stack[depth++] = s->root;
	while (depth) {
		const struct body *b = s->stack[--depth];

		check(&run->threads[0], b);
		page_floor_object(floor, b, sizeof(*b), WL_TOUCH_ALL);
		if (depth + 2 > s->room)
			wl_die(NULL, "the tree has a loop: damaged block");
		if (b->left)
			s->stack[depth++] = b->left;
		if (b->right)
			s->stack[depth++] = b->right;
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	age(t, s);
	for (int64_t i = 0; i < run->values[OPS]; i++)
		insert(t, s);
	wl_phase(run, "built");
	for (int64_t i = 0; i < run->values[WALKS]; i++)
		walk(t, s);
	run->ops = s->visits;
	if (s->visits != (uint64_t)(run->values[OPS] * run->values[WALKS]))
		wl_die(run, "%llu bodies were visited, not %lld: a link was overwritten",
		       (unsigned long long)s->visits,
		       (long long)(run->values[OPS] * run->values[WALKS]));
	wl_phase(run, "walked");
	drop_tree(t, s);
	blocks_drop(t, s->old, s->aged);
	wl_phase(run, "emptied");
	return 0;
}

static uint64_t old_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[OPS] * run->values[AGED]) * 120;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return old_bytes(run) + (uint64_t)run->values[OPS] * sizeof(struct body);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return total_bytes(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	uint64_t bodies = (uint64_t)run->values[OPS];

	return bodies * ((uint64_t)run->values[AGED] * sizeof(struct block) + sizeof(void *));
}

const struct workload workload_heap_walk = {
	.name = "heap-walk",
	.summary = "a tree built in an aged heap and walked many times",
	.isolates = "locality: how near the allocator places what is used together",
	.cannot_tell = "speed of malloc and free: a difference there would be lost",
	.source = "barnes in mimalloc-bench (163,840 bodies), with a heap aged before",
	.touch = "bodies in full; a walk reads links, the first and the last figure",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "visits",
	.live = live,
};
