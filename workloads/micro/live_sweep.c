/* live-sweep: how the cost of an allocation depends on the number of live objects.
 *
 * The behaviour of glibc's bench-malloc-simple as mimalloc-bench runs it: live sets of
 * 25, 100, 400 and 1600 objects of one size are built and taken down again and again,
 * the older half oldest first, the younger half youngest first.  Here the sets go on
 * by factors of four to 102,400, beyond every cache of the allocators and of the CPU. */
#include <stdio.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/page_floor.h"

enum { OPS, SIZE, LARGEST };

static const int64_t sets[] = {25, 100, 400, 1600, 6400, 25600, 102400, 409600, 1638400};
#define SETS ((int)(sizeof(sets) / sizeof(sets[0])))

static const struct wl_param params[] = {
	{"ops", "allocations, shared equally by the live sets (each rounded up to whole sets)",
	 "0.5 to 0.8 s under glibc", 80000000, 1, 10000000000},
	{"size", "bytes of each object", "glibc bench-malloc-simple", 16, 1, 65536},
	{"largest", "greatest live set in objects: sets of 25, 100, 400, ... up to it",
	 "64 times glibc's 1600", 102400, 25, 1638400},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	int sets;
	uint64_t rounds[SETS];
	int64_t live; /* kept at marks only */
	void **object;
};

static int sets_of(const struct wl_run *run)
{
	int n = 0;

	while (n < SETS && sets[n] <= run->values[LARGEST])
		n++;
	return n;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	int64_t each;

	run->state = s;
	s->sets = sets_of(run);
	each = (run->values[OPS] + s->sets - 1) / s->sets;
	s->object = wl_table((size_t)sets[s->sets - 1] * sizeof(*s->object));
	for (int i = 0; i < s->sets; i++) {
		s->rounds[i] = (uint64_t)((each + sets[i] - 1) / sets[i]);
		run->expected_allocs += s->rounds[i] * (uint64_t)sets[i];
	}
	return 0;
}

static inline void build(struct state *s, struct wl_thread *t, int64_t n, size_t size)
{
	for (int64_t i = 0; i < n; i++) {
		s->object[i] = wl_malloc(t, size);
		wl_touch(t, s->object[i], size, WL_TOUCH_FIRST);
	}
}

static inline void take_down(struct state *s, struct wl_thread *t, int64_t n, size_t size)
{
	int64_t half = n / 2;

	for (int64_t i = 0; i < half; i++)
		wl_free(t, s->object[i], size);
	for (int64_t i = n; i-- > half;)
		wl_free(t, s->object[i], size);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	size_t size = (size_t)run->values[SIZE];

	for (int i = 0; i < s->sets; i++) {
		char name[32];

		for (uint64_t round = 1; round < s->rounds[i]; round++) {
			build(s, t, sets[i], size);
			take_down(s, t, sets[i], size);
		}
		build(s, t, sets[i], size);
		snprintf(name, sizeof(name), "live-%lld", (long long)sets[i]);
		s->live = sets[i];
		wl_phase(run, name);
		s->live = 0;
		take_down(s, t, sets[i], size);
	}
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < s->live; i++)
		page_floor_object(floor, s->object[i], (size_t)run->values[SIZE],
				  WL_TOUCH_FIRST);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t largest = (uint64_t)sets[sets_of(run) - 1];

	return ((uint64_t)run->values[OPS] + SETS * largest) * (uint64_t)run->values[SIZE];
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)sets[sets_of(run) - 1] * (uint64_t)run->values[SIZE];
}

const struct workload workload_live_sweep = {
	.name = "live-sweep",
	.summary = "live sets of 25 to 102,400 small objects, built and taken down",
	.isolates = "what happens when frees outrun the thread cache, and when the heap leaves "
		    "the CPU's caches",
	.cannot_tell =
		"anything about mixed sizes or lifetimes: all objects of a set are alike",
	.source =
		"glibc benchtests, bench-malloc-simple (sets of 25 to 1600), extended upwards",
	.touch = "the first byte of each object is written",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
