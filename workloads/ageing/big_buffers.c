/* big-buffers: a few buffers of many MiB that come and go.
 *
 * The behaviour of malloc-large in mimalloc-bench: 20 slots of 5 to 25 MiB, and one
 * random slot replaced at a time.  The original touches nothing, so it measures the
 * policy of mmap alone (mimalloc issue 447 says why that misleads); here the leading
 * touch_percent of each buffer is written, as by a program that fills part of what it
 * reserved. */
#include "workloads/lib/calls.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/page_floor.h"

#define MIB ((uint64_t)1 << 20)

enum { OPS, SLOTS, MIB_MIN, MIB_MAX, TOUCH };

static const struct wl_param params[] = {
	{"ops", "replacements", "0.5 to 0.8 s under glibc (mimalloc-bench: 2000)", 7000, 1,
	 100000000},
	{"slots", "buffers", "mimalloc-bench: 20", 20, 1, 1000},
	{"mib_min", "smallest buffer, MiB", "mimalloc-bench: 5", 5, 1, 1024},
	{"mib_max", "largest buffer, MiB", "mimalloc-bench: 25", 25, 1, 1024},
	{"touch_percent", "leading share of each buffer that is written",
	 "between never and all", 5, 0, 100},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct slot {
	void *object;
	uint64_t size;
};

static int setup(struct wl_run *run)
{
	if (run->values[MIB_MIN] > run->values[MIB_MAX]) {
		wl_fail(run, "big-buffers: mib_min=%lld is above mib_max=%lld",
			(long long)run->values[MIB_MIN], (long long)run->values[MIB_MAX]);
		return -1;
	}
	run->state = wl_table((size_t)run->values[SLOTS] * sizeof(struct slot));
	run->expected_allocs = (uint64_t)(run->values[SLOTS] + run->values[OPS]);
	return 0;
}

static uint64_t touched(const struct wl_run *run, uint64_t size)
{
	return size / 100 * (uint64_t)run->values[TOUCH];
}

static void fill(struct wl_run *run, struct wl_thread *t, struct slot *slot)
{
	slot->size = dist_uniform(&t->rng, (uint64_t)run->values[MIB_MIN] * MIB,
				  (uint64_t)run->values[MIB_MAX] * MIB);
	slot->object = wl_malloc(t, slot->size);
	wl_touch(t, slot->object, touched(run, slot->size), WL_TOUCH_ALL);
}

static int run(struct wl_run *run)
{
	struct slot *slots = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t n = run->values[SLOTS];

	for (int64_t i = 0; i < n; i++)
		fill(run, t, &slots[i]);
	wl_phase(run, "ramp");
	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct slot *slot = &slots[rng_below(&t->rng, (uint64_t)n)];

		wl_free(t, slot->object, slot->size);
		fill(run, t, slot);
	}
	wl_phase(run, "steady");
	for (int64_t i = 0; i < n; i++) {
		wl_free(t, slots[i].object, slots[i].size);
		slots[i].object = NULL;
	}
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct slot *slots = run->state;

	for (int64_t i = 0; i < run->values[SLOTS]; i++) {
		if (!slots[i].object)
			continue;
		floor->objects++;
		page_floor_add(floor, slots[i].object, touched(run, slots[i].size));
	}
}

static uint64_t mean_size(const struct wl_run *run)
{
	return (uint64_t)(run->values[MIB_MIN] + run->values[MIB_MAX]) * MIB / 2;
}

/* Untouched parts cost the machine nothing, except under an allocator that touches. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[SLOTS] * mean_size(run);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[SLOTS] + run->values[OPS]) * mean_size(run);
}

const struct workload workload_big_buffers = {
	.name = "big-buffers",
	.summary = "20 buffers of 5 to 25 MiB, replaced at random, written in part",
	.isolates = "system calls and page faults of large objects: keep the memory or give it "
		    "back",
	.cannot_tell = "anything about small objects; its time is mostly the kernel's",
	.source = "malloc-large in mimalloc-bench, with a touched share",
	.touch = "the leading touch_percent of each buffer is written, nothing is read",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
