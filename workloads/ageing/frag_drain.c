/* frag-drain: what an allocator gives back when most of the heap dies at random.
 *
 * A heap of medium-sized objects is filled (ramp), renewed object by object at random
 * until its order of addresses says nothing about ages (steady), and then nine of ten
 * objects are freed, chosen at random (drained), which leaves few pages wholly empty.
 * After a time without a single call (idle) and a short time of ordinary calls on the
 * small heap (calls) it is filled again (refilled) and emptied (emptied).  At every
 * mark the page floor says what could not have been given back. */
#include "workloads/lib/calls.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/page_floor.h"

enum { OPS, LIVE_MIB, SIZE_MIN, SIZE_MAX_, DRAIN, IDLE, CALLS };

static const struct wl_param params[] = {
	{"ops", "replacements while the heap is full", "0.5 to 0.8 s under glibc", 3000000, 1,
	 1000000000},
	{"live_mib", "live bytes when full, MiB",
	 "large beside every allocator's thread caches", 64, 1, 65536},
	{"size_min", "smallest object, bytes",
	 "512 B to 16 KiB: the sizes that share OS pages or nearly", 512, 16, 1048576},
	{"size_max", "largest object, bytes; as many objects per doubling of size",
	 "see size_min", 16384, 16, 1048576},
	{"drain_percent", "share of the objects freed at once",
	 "own: leaves few OS pages wholly empty", 90, 0, 100},
	{"idle_ms", "idle time without any call, ms", "0: no wait", 0, 0, 3600000},
	{"calls", "replacements after the idle time",
	 "about one in a hundred of the default ops", 30000, 0, 1000000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct object {
	void *at;
	uint64_t size;
};

/* objects[0..n) live, in no order that means anything. */
struct state {
	uint64_t full; /* objects of the full heap */
	uint64_t n;
	struct object *objects;
};

static double mean_size(const struct wl_run *run)
{
	return dist_loguniform_mean((uint64_t)run->values[SIZE_MIN],
				    (uint64_t)run->values[SIZE_MAX_]);
}

static uint64_t full_count(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[LIVE_MIB] * 0x1p20 / mean_size(run)) + 1;
}

static uint64_t drained_count(const struct wl_run *run)
{
	uint64_t full = full_count(run),
		 left = full - full * (uint64_t)run->values[DRAIN] / 100;

	return left ? left : 1; /* the calls after it need an object */
}

static int setup(struct wl_run *run)
{
	struct state *s;

	if (run->values[SIZE_MIN] > run->values[SIZE_MAX_]) {
		wl_fail(run, "frag-drain: size_min=%lld is above size_max=%lld",
			(long long)run->values[SIZE_MIN], (long long)run->values[SIZE_MAX_]);
		return -1;
	}
	s = run->state = wl_table(sizeof(*s));
	s->full = full_count(run);
	s->objects = wl_table(s->full * sizeof(*s->objects));
	run->expected_allocs = s->full + (uint64_t)run->values[OPS] +
			       (uint64_t)run->values[CALLS] + (s->full - drained_count(run));
	return 0;
}

static void make(struct wl_run *run, struct wl_thread *t, struct object *o)
{
	o->size = dist_loguniform(&t->rng, (uint64_t)run->values[SIZE_MIN],
				  (uint64_t)run->values[SIZE_MAX_]);
	o->at = wl_malloc(t, o->size);
	wl_touch(t, o->at, o->size, WL_TOUCH_PAGES);
}

static void grow(struct wl_run *run, struct wl_thread *t, struct state *s)
{
	while (s->n < s->full)
		make(run, t, &s->objects[s->n++]);
}

static void replace(struct wl_run *run, struct wl_thread *t, struct state *s, int64_t times)
{
	for (; times > 0; times--) {
		struct object *o = &s->objects[rng_below(&t->rng, s->n)];

		wl_look(o->at);
		wl_free(t, o->at, o->size);
		make(run, t, o);
	}
}

static void shrink(struct wl_thread *t, struct state *s, uint64_t to)
{
	while (s->n > to) {
		struct object *o = &s->objects[rng_below(&t->rng, s->n)];

		wl_free(t, o->at, o->size);
		*o = s->objects[--s->n];
	}
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	grow(run, t, s);
	wl_phase(run, "ramp");
	replace(run, t, s, run->values[OPS]);
	wl_phase(run, "steady");
	shrink(t, s, drained_count(run));
	wl_phase(run, "drained");
	wl_idle(run, run->values[IDLE]);
	wl_phase(run, "idle");
	replace(run, t, s, run->values[CALLS]);
	wl_phase(run, "calls");
	grow(run, t, s);
	wl_phase(run, "refilled");
	shrink(t, s, 0);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (uint64_t i = 0; i < s->n; i++)
		page_floor_object(floor, s->objects[i].at, s->objects[i].size, WL_TOUCH_PAGES);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)((uint64_t)run->values[OPS] + (uint64_t)run->values[CALLS] +
				   2 * full_count(run)) *
			  mean_size(run));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)full_count(run) * mean_size(run));
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return full_count(run) * sizeof(struct object);
}

const struct workload workload_frag_drain = {
	.name = "frag-drain",
	.summary = "a heap filled, aged, drained of 90 % at random, left idle, used, refilled, "
		   "emptied",
	.isolates = "memory held against memory in use over a life with a peak behind it",
	.cannot_tell = "what threads add to it, and objects below 512 bytes",
	.source = "own; the fragmentation scenario of RSS after a peak in server programs",
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
