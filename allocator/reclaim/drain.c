#include "reclaim/drain.h"

#include "cache/depot.h"
#include "os/os.h"
#include "page/dirty.h"
#include "reclaim/holes.h"
#include "reclaim/purge.h"
#include "slab/bin.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"

/* The heap drains when so many bytes lie idle, or this share of what is held; */
#define BEGIN_LEAST ((size_t)4 << 20)
#define BEGIN_SHARE 3
/* then as many may lie idle in slabs, until as many were taken, */
#define SLABS_LEAST ((size_t)2 << 20)
#define SLABS_SHARE 16
/* and in runs, which are in larger pieces: fewer. */
#define RUNS_LEAST ((size_t)1 << 20)
#define RUNS_SHARE 32
#define STEP_SHARE 8
#define STEP_NS 250000u
#define TRIM_FROM ((size_t)4 << 20) /* bytes in the depot that any heap may have there */
#define TRIM 192 /* magazines out of the depot in a step: more than can come meanwhile */
#define SECOND_NS 1000000000u
#define FORGOTTEN 16 /* this part of the reserve in a second, */
#define SECONDS 60   /* at most so many at a time */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Bytes that are free in slabs and hold memory, roughly, with what the depot has of them. */
static size_t idle_in_slabs(const struct ash_heap *heap)
{
	size_t holes = ash_account_hole_bytes(heap), idle = ash_depot_bytes();

	for (unsigned s = 0; s < ash_shard_count(); s++) {
		const struct ash_shard *shard = ash_shard_at(s);

		for (unsigned c = 1; c < shard->classes; c++)
			idle += ash_bin_idle_bytes(&shard->bin[c], c);
	}
	return idle > holes ? idle - holes : 0;
}

/* Bytes of fresh memory that were taken, ever: granules that held nothing, and pages that had
 * been holes. */
static uint64_t fresh_bytes(const struct ash_heap *heap)
{
	uint64_t granules = ash_account_clock(heap) - ash_dirty_retaken(heap);
	uint64_t pages = ash_load_relaxed(&ash_slab_refaults[0]);

	return (granules << ASH_GRANULE_SHIFT) + (pages << ash_os_page_shift);
}

/* What was missed since the last look makes the reserve larger, time makes it smaller. */
static void learn(struct ash_heap *heap, uint64_t now_ns)
{
	struct ash_drain *drain = &heap->drain;
	uint64_t taken = fresh_bytes(heap), missed = taken - drain->taken;

	drain->taken = taken;
	if (missed > drain->gone) /* or a count of refaults went round */
		missed = drain->gone;
	drain->gone -= (size_t)missed;
	drain->reserve += (size_t)missed;
	if (now_ns - drain->aged_ns > SECONDS * (uint64_t)SECOND_NS)
		drain->aged_ns = now_ns - SECONDS * (uint64_t)SECOND_NS;
	for (; now_ns - drain->aged_ns >= SECOND_NS; drain->aged_ns += SECOND_NS) {
		drain->gone /= 2;
		drain->reserve -= drain->reserve / FORGOTTEN;
	}
}

bool ash_drain_is_valid(const struct ash_heap *heap)
{
	const struct ash_drain *drain = &heap->drain;

	return ash_load_relaxed(&drain->dirty_most) >= drain->reserve;
}

/* Begins a walk through the slabs where enough came to lie idle in them, or takes it on. */
static void walk(struct ash_heap *heap, size_t idle, size_t most)
{
	struct ash_drain *drain = &heap->drain;
	bool begin = !drain->walking;
	size_t gone;

	if (begin && idle - drain->mark < most)
		return;
	drain->walking = ash_holes_rich(heap, begin, STEP_NS, &gone);
	drain->gone += gone;
	if (!drain->walking)
		drain->mark = idle_in_slabs(heap);
}

/* Whether the heap drains; `idle` of `held` bytes lie idle in slabs, `dirty` in runs. */
static bool is_draining(struct ash_drain *drain, size_t held, size_t dirty, size_t idle,
			size_t most)
{
	size_t live = held > dirty + idle ? held - dirty - idle : 0;

	if (drain->draining && live > drain->live + most)
		drain->draining = false;
	else if (!drain->draining &&
		 dirty + (idle - drain->mark) >=
			 larger(held / BEGIN_SHARE, BEGIN_LEAST) + drain->reserve)
		drain->draining = true;
	else if (drain->draining && live > drain->live)
		return true;
	drain->live = live;
	return drain->draining;
}

/* Bytes that a thread frees until the next look: few beside what would make a difference. While
 * the heap drains a fraction of what a step can give back, or the walk lags behind. */
static size_t step_bytes(const struct ash_heap *heap, size_t held)
{
	if (heap->drain.draining)
		return ASH_DRAIN_STEP;
	return larger(held / STEP_SHARE / ash_load_relaxed(&heap->rounds.active_threads),
		      2 * ASH_DRAIN_STEP);
}

void ash_drain_step(struct ash_heap *heap, uint64_t now_ns)
{
	struct ash_drain *drain = &heap->drain;
	size_t held = ash_account_held(heap), idle = idle_in_slabs(heap), most, dirty_most;

	if (!drain->enabled)
		return;
	learn(heap, now_ns);
	if (idle < drain->mark)
		drain->mark = idle;
	most = larger(held / SLABS_SHARE, SLABS_LEAST) + drain->reserve;
	if (is_draining(drain, held, ash_account_dirty(heap) << ASH_GRANULE_SHIFT, idle,
			most)) {
		/* What nobody took since the last step is kept from its slabs for nothing. */
		if (ash_depot_bytes() >= TRIM_FROM)
			ash_depot_trim(TRIM);
		dirty_most = larger(larger(held / RUNS_SHARE, RUNS_LEAST) + drain->reserve,
				    ash_purge_requested(heap));
		if (heap->holes.enabled)
			walk(heap, idle, most);
		drain->gone += ash_purge_above(heap, dirty_most, STEP_NS);
	} else {
		dirty_most = larger(larger(held / BEGIN_SHARE, BEGIN_LEAST) + drain->reserve,
				    ash_purge_requested(heap));
	}
	ash_store_relaxed(&drain->dirty_most, dirty_most);
	ash_store_relaxed(&drain->step, step_bytes(heap, held));
	ash_assert_internal(ash_drain_is_valid(heap));
}
