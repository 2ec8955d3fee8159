/* tree-rewrite: persistent trees with reference counts, rewritten path by path.
 *
 * The behaviour of lean in mimalloc-bench: terms are immutable and counted; changing a
 * leaf makes a new path from the root, sharing everything beside it with the version
 * before, and dropping a version frees what no other version shares.  Counts are
 * atomic, as where terms pass between threads.  All threads begin with the same tree,
 * which the first thread made and keeps to the end; a thread's last version is freed
 * by the first thread: so who frees what is settled, not raced for. */
#include <stdatomic.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/page_floor.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, DEPTH, VERSIONS };

#define MOST_DEPTH 20
#define MOST_VERSIONS 1000

static const struct wl_param params[] = {
	{"ops", "rewrites by all threads, each of one path", "0.5 to 0.8 s under glibc",
	 1600000, 1, 1000000000},
	{"threads", "threads, each with versions of its own", "lean: up to 8", 2, 1, 64},
	{"depth", "inner nodes of a path", "own: trees of 4096 leaves", 12, 1, MOST_DEPTH},
	{"versions", "versions that a thread keeps", "own: an undo list", 16, 1, MOST_VERSIONS},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* A leaf has no children and a longer body. */
struct term {
	_Atomic int64_t references;
	struct term *child[2];
	uint64_t body[];
};

struct lane {
	struct wl_worker worker;
	struct term *version[MOST_VERSIONS];
	uint64_t rewrites, next;
} __attribute__((aligned(128)));

struct state {
	struct term *first;
	struct lane *lanes;
};

/* Terms of two kinds, told apart by their depth. */
static size_t term_size(const struct wl_run *run, int64_t depth)
{
	return sizeof(struct term) + (depth == run->values[DEPTH] ? 5 : 1) * sizeof(uint64_t);
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t threads = (uint64_t)run->values[THREADS], ops = (uint64_t)run->values[OPS];

	run->state = s;
	s->lanes = wl_table(threads * sizeof(*s->lanes));
	for (uint64_t i = 0; i < threads; i++)
		s->lanes[i].rewrites = ops / threads + (i < ops % threads);
	run->expected_allocs = ((uint64_t)2 << run->values[DEPTH]) - 1 +
			       ops * (uint64_t)(run->values[DEPTH] + 1);
	return 0;
}

static struct term *make(struct wl_thread *t, int64_t depth)
{
	size_t size = term_size(t->run, depth);
	struct term *term = wl_malloc(t, size);

	wl_own(t, term, sizeof(*term));
	atomic_init(&term->references, 1);
	term->child[0] = term->child[1] = NULL;
	wl_touch(t, term->body, size - sizeof(*term), WL_TOUCH_ALL);
	return term;
}

static void check(struct wl_thread *t, const struct term *term)
{
	if (!wl_is_live(t, term))
		wl_die(t->run, "a term leads to %p, which is no live block",
		       (const void *)term);
}

static struct term *build(struct wl_thread *t, int64_t depth)
{
	struct term *term = make(t, depth);

	if (depth < t->run->values[DEPTH])
		for (int side = 0; side < 2; side++)
			term->child[side] = build(t, depth + 1);
	return term;
}

static struct term *share(struct wl_thread *t, struct term *term)
{
	check(t, term);
	atomic_fetch_add_explicit(&term->references, 1, memory_order_relaxed);
	return term;
}

/* The last release frees.  Acquire and release as in any counted pointer: what others
 * did with the term happens before its end. */
static void release(struct wl_thread *t, struct term *term, int64_t depth)
{
	check(t, term);
	if (atomic_fetch_sub_explicit(&term->references, 1, memory_order_acq_rel) != 1)
		return;
	if (depth < t->run->values[DEPTH])
		for (int side = 0; side < 2; side++)
			release(t, term->child[side], depth + 1);
	wl_free(t, term, term_size(t->run, depth));
}

/* The same tree but for one leaf. */
static struct term *rewrite(struct wl_thread *t, const struct term *old, uint64_t path,
			    int64_t depth)
{
	struct term *term = make(t, depth);
	unsigned way = path & 1;

	if (depth == t->run->values[DEPTH])
		return term;
	check(t, old);
	term->child[!way] = share(t, old->child[!way]);
	term->child[way] = rewrite(t, old->child[way], path >> 1, depth + 1);
	return term;
}

static void body(struct wl_thread *t, void *argument)
{
	const struct state *s = t->run->state;
	uint64_t versions = (uint64_t)t->run->values[VERSIONS];
	struct lane *lane = argument;
	const struct term *now = s->first;

	for (; lane->rewrites > 0; lane->rewrites--) {
		struct term **place = &lane->version[lane->next++ % versions];
		struct term *made = rewrite(t, now, rng_next(&t->rng), 0);

		if (*place)
			release(t, *place, 0);
		now = *place = made;
	}
}

/* Set in a term's count while it is looked for: no count gets there. */
#define NAMED ((int64_t)1 << 62)

/* Names a version's terms, each once however many versions share it, and marks them; with
 * no floor takes the marks away again. */
static void name_terms(const struct wl_run *run, struct page_floor *floor, struct term *term,
		       int64_t depth)
{
	int64_t references;

	check(&run->threads[0], term);
	references = atomic_load_explicit(&term->references, memory_order_relaxed);
	if (!(references & NAMED) != !!floor)
		return;
	atomic_store_explicit(&term->references, references ^ NAMED, memory_order_relaxed);
	if (floor)
		page_floor_object(floor, term, term_size(run, depth), WL_TOUCH_ALL);
	for (int side = 0; side < 2 && depth < run->values[DEPTH]; side++)
		name_terms(run, floor, term->child[side], depth + 1);
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int taking_away = 0; taking_away < 2 && s->first; taking_away++) {
		struct page_floor *to = taking_away ? NULL : floor;

		name_terms(run, to, s->first, 0);
		for (int64_t i = 0; i < run->values[THREADS]; i++)
			for (int64_t n = 0; n < run->values[VERSIONS]; n++)
				if (s->lanes[i].version[n])
					name_terms(run, to, s->lanes[i].version[n], 0);
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t threads = run->values[THREADS];

	s->first = build(t, 0);
	wl_workers_run(run, s->lanes, sizeof(s->lanes[0]), body);
	wl_phase(run, "steady");
	for (int64_t i = 0; i < threads; i++)
		for (int64_t n = 0; n < run->values[VERSIONS]; n++)
			if (s->lanes[i].version[n]) {
				release(t, s->lanes[i].version[n], 0);
				s->lanes[i].version[n] = NULL;
			}
	release(t, s->first, 0);
	s->first = NULL;
	wl_phase(run, "emptied");
	return 0;
}

/* The first tree, a whole tree per thread once all its leaves are rewritten, and a
 * path per version. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	uint64_t tree = ((uint64_t)2 << run->values[DEPTH]) * 64,
		 paths = (uint64_t)(run->values[VERSIONS] * (run->values[DEPTH] + 1)) * 64;

	return tree + (uint64_t)run->values[THREADS] * (tree + paths);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return ((uint64_t)2 << run->values[DEPTH]) * 64 +
	       (uint64_t)(run->values[OPS] * (run->values[DEPTH] + 1)) * 40;
}

const struct workload workload_tree_rewrite = {
	.name = "tree-rewrite",
	.summary = "immutable counted terms: each rewrite makes a path and drops an older one",
	.isolates = "tiny objects of one shape with lifetimes from none to the whole run",
	.cannot_tell = "cost of malloc apart from that of atomic counts, which is as large",
	.source = "lean in mimalloc-bench",
	.touch = "every field is written, children and counts are read on the way",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
