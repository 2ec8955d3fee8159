/* json-dom: documents parsed into trees of nodes and strings, read, and dropped.
 *
 * A document is an object of objects, arrays, strings and numbers.  Every value is a
 * node, keys and strings are blocks of their own, and an array's or object's list of
 * members grows by doubling through realloc, as in common parsers.  A few documents
 * live at a time; one is walked before it is dropped, node by node in depth. */
#include "workloads/lib/calls.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/page_floor.h"

enum { OPS, KEPT, WIDTH };

#define DEPTH 5
#define FIRST_ROOM 4
#define MOST_KEPT 1000

static const struct wl_param params[] = {
	{"ops", "documents", "0.5 to 0.8 s under glibc", 20000, 1, 10000000},
	{"kept", "documents that live at a time", "own: some 6 MiB", 500, 1, MOST_KEPT},
	{"width", "most members of an object or array", "own: with 5 levels some 250 values", 8,
	 1, 64},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* A value: a string or number has text, an object or array has members. */
struct node {
	char *text, *key;
	struct node **member;
	uint32_t members, room;
	uint16_t text_size, key_size;
};

struct state {
	struct node *kept[MOST_KEPT];
};

/* Lengths of strings: median 12, one in a hundred above 130. */
static uint16_t text_size(struct rng *r)
{
	double size = 1 + dist_lognormal(r, 2.5, 1.0);

	return size > 4000 ? 4000 : (uint16_t)size;
}

/* What a value is, drawn in the same order when counting and when building. */
struct plan {
	uint32_t members;
	uint16_t text, key; /* bytes; 0 = none */
};

static struct plan draw(struct wl_run *run, struct rng *r, int depth, bool keyed)
{
	struct plan plan = {0, 0, 0};

	if (keyed)
		plan.key = text_size(r);
	/* Half of the values below the top are containers, until the depth is reached. */
	if (depth == 0 || (depth < DEPTH && rng_next(r) >> 63))
		plan.members = 1 + (uint32_t)rng_below(r, (uint64_t)run->values[WIDTH]);
	else
		plan.text = text_size(r);
	return plan;
}

static uint64_t count(struct wl_run *run, struct rng *r, int depth, bool keyed)
{
	struct plan plan = draw(run, r, depth, keyed);
	uint64_t calls = 1 + (plan.key > 0) + (plan.text > 0);

	for (uint32_t room = FIRST_ROOM; plan.members > room; room *= 2)
		calls++;
	calls += plan.members > 0;
	for (uint32_t i = 0; i < plan.members; i++)
		calls += count(run, r, depth + 1, depth % 2 == 0);
	return calls;
}

static char *make_text(struct wl_thread *t, uint16_t size)
{
	char *text = wl_malloc(t, size);

	wl_touch(t, text, size, WL_TOUCH_ALL);
	return text;
}

static struct node *build(struct wl_run *run, struct wl_thread *t, struct rng *r, int depth,
			  bool keyed);

static void add_member(struct wl_thread *t, struct node *node, struct node *member)
{
	if (node->members == node->room) {
		uint32_t room = node->room ? node->room * 2 : FIRST_ROOM;

		if (node->member)
			node->member =
				wl_realloc(t, node->member, node->room * sizeof(struct node *),
					   room * sizeof(struct node *));
		else
			node->member = wl_malloc(t, room * sizeof(struct node *));
		node->room = room;
	}
	wl_own(t, node->member, (node->members + 1) * sizeof(struct node *));
	node->member[node->members++] = member;
}

static struct node *build(struct wl_run *run, struct wl_thread *t, struct rng *r, int depth,
			  bool keyed)
{
	struct plan plan = draw(run, r, depth, keyed);
	struct node *node = wl_malloc(t, sizeof(*node));

	wl_own(t, node, sizeof(*node));
	*node = (struct node){.text_size = plan.text, .key_size = plan.key};
	if (plan.key)
		node->key = make_text(t, plan.key);
	if (plan.text)
		node->text = make_text(t, plan.text);
	for (uint32_t i = 0; i < plan.members; i++)
		add_member(t, node, build(run, t, r, depth + 1, depth % 2 == 0));
	return node;
}

static void check(struct wl_thread *t, const void *p)
{
	if (!wl_is_live(t, p))
		wl_die(t->run, "a document leads to %p, which is no live block", p);
}

static void drop(struct wl_thread *t, struct node *node)
{
	check(t, node);
	for (uint32_t i = 0; i < node->members; i++) {
		check(t, node->member);
		drop(t, node->member[i]);
	}
	if (node->member)
		wl_free(t, node->member, node->room * sizeof(struct node *));
	if (node->text) {
		wl_look(node->text);
		wl_free(t, node->text, node->text_size);
	}
	if (node->key) {
		wl_look(node->key);
		wl_free(t, node->key, node->key_size);
	}
	wl_free(t, node, sizeof(*node));
}

/* Of a list the places that hold a member: the rest was never written. */
static void name_value(const struct wl_run *run, struct page_floor *floor,
		       const struct node *node, int depth)
{
	check(&run->threads[0], node);
	if (depth > DEPTH)
		wl_die(NULL, "a document is deeper than it was made: damaged block");
	page_floor_object(floor, node, sizeof(*node), WL_TOUCH_ALL);
	if (node->member)
		page_floor_object(floor, node->member, node->members * sizeof(struct node *),
				  WL_TOUCH_ALL);
	if (node->text)
		page_floor_object(floor, node->text, node->text_size, WL_TOUCH_ALL);
	if (node->key)
		page_floor_object(floor, node->key, node->key_size, WL_TOUCH_ALL);
	for (uint32_t i = 0; i < node->members; i++) {
		check(&run->threads[0], node->member);
		name_value(run, floor, node->member[i], depth + 1);
	}
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[KEPT]; i++)
		if (s->kept[i])
			name_value(run, floor, s->kept[i], 0);
}

static int setup(struct wl_run *run)
{
	struct rng r = run->threads[0].rng; /* a copy: build() draws the same again */

	run->state = wl_table(sizeof(struct state));
	for (int64_t i = 0; i < run->values[OPS]; i++)
		run->expected_allocs += count(run, &r, 0, false);
	return 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	uint64_t kept = (uint64_t)run->values[KEPT];

	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct node **place = &s->kept[(uint64_t)i % kept];

		if (*place)
			drop(t, *place);
		*place = build(run, t, &t->rng, 0, false);
	}
	run->ops = (uint64_t)run->values[OPS];
	wl_phase(run, "steady");
	for (uint64_t i = 0; i < kept; i++)
		if (s->kept[i]) {
			drop(t, s->kept[i]);
			s->kept[i] = NULL;
		}
	wl_phase(run, "emptied");
	return 0;
}

/* Per value a node, a text or list, and half a key; the tree's size at the default
 * width of 8: each level has 4.5 members, half of them containers. */
static uint64_t document_bytes(const struct wl_run *run)
{
	double members = (double)(run->values[WIDTH] + 1) / 2, values = 1, level = members;

	for (int depth = 1; depth <= DEPTH; depth++) {
		values += level;
		level *= members / 2;
	}
	return (uint64_t)(values * (sizeof(struct node) + 48));
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] * document_bytes(run);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[KEPT] * document_bytes(run) * 2;
}

const struct workload workload_json_dom = {
	.name = "json-dom",
	.summary = "JSON-like documents as trees of nodes, strings and growing lists",
	.isolates = "tiny objects of four kinds made in one order and freed in nearly the same",
	.cannot_tell = "parsing, and libraries that put a document into an arena",
	.source = "own; shape of generic DOM parsers",
	.touch = "strings are written in full and looked at before the free, nodes are fields",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "documents",
	.live = live,
};
