#include "reclaim/drain.h"

#include "cache/depot.h"
#include "meta/far_table.h"
#include "os/background.h"
#include "os/os.h"
#include "page/dirty.h"
#include "page/growth.h"
#include "reclaim/decay.h"
#include "reclaim/holes.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"
#include "slab/bin.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"

/* The heap drains when so many bytes lie idle, or this share of what is held; */
#define BEGIN_LEAST ((size_t)2 << 20)
#define BEGIN_SHARE 6
/* then as many may lie idle in slabs and the depot, until as many were taken, */
#define SLABS_LEAST ((size_t)1 << 20)
#define SLABS_SHARE 24
/* and in runs, which are in larger pieces: fewer. */
#define RUNS_LEAST ((size_t)512 << 10)
#define RUNS_SHARE 24
/* A thread looks again when it has freed this part of what is held at most. */
#define STEP_SHARE 8
#define STEP_NS 60000u
#define TRIM 32        /* magazines out of the depot in a step, */
#define TRIM_NS 30000u /* in about so long by the clock */
#define BLIND 3u       /* steps of a walk between two looks at what lies idle */
/* In slabs, beside which the program's own work is small; and of what came back, next to none.
 */
#define MUCH ((size_t)8 << 20)
#define LITTLE ((size_t)64 << 10)
#define THINNED 4 /* this part of what was out when a walk began is worth another */
#define LATE_STEP ((size_t)256)
#define STEPS_MOST 200                  /* in a row */
#define STEP_BYTES ((size_t)3 << 19)    /* of free runs, which a step gives back, */
#define HOLES_BYTES ((size_t)240 << 10) /* and of holes */
/* Kept is what was taken again just now, or this share of the peak with what lies idle whatever
 * is kept: in slabs, runs and thread caches, and the descriptors of what was there. */
#define PEAK_SHARE 8
#define PEAK_BESIDE ((size_t)5 << 19)
#define SECOND_NS 1000000000u
#define FORGOTTEN 16 /* this part of the reserve in a second, */
#define SECONDS 60   /* at most so many at a time */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t above(size_t a, size_t b)
{
	return a > b ? a - b : 0;
}

/* Bytes that are free in slabs and hold memory, roughly, with what the depot has of them; and
 * those that are out. */
static size_t idle_in_slabs(const struct ash_heap *heap, size_t *out)
{
	size_t depot = ash_depot_bytes(), idle = depot;

	*out = 0;
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		const struct ash_shard *shard = ash_shard_at(s);

		for (unsigned c = 1; c < shard->classes; c++) {
			const struct ash_bin *bin = &shard->bin[c];
			struct ash_bin_bytes of;

			if (ash_load_relaxed(&bin->nslabs) == 0) /* as most have */
				continue;
			of = ash_bin_bytes(bin, c);
			idle += of.idle;
			*out += of.out;
		}
	}
	*out = above(*out, depot);
	return above(idle, ash_account_hole_bytes(heap));
}

/* What is held but for mappings, which have a cache of their own, and of which nobody knows how
 * much is touched. */
static size_t in_blocks(const struct ash_heap *heap)
{
	return above(ash_account_held(heap), ash_far_bytes() + ash_account_cached(heap));
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
static void learn(struct ash_heap *heap, uint64_t now_ns, size_t held, bool recent)
{
	struct ash_drain *drain = &heap->drain;
	uint64_t taken = fresh_bytes(heap), missed = taken - drain->taken;

	drain->taken = taken;
	if (missed > drain->gone) /* or a count of refaults went round */
		missed = drain->gone;
	drain->gone -= (size_t)missed;
	drain->reserve += (size_t)missed;
	if (recent) {
		drain->retaken += (size_t)missed;
		drain->used = larger(drain->used, drain->retaken);
	}
	if (now_ns - drain->aged_ns > SECONDS * (uint64_t)SECOND_NS)
		drain->aged_ns = now_ns - SECONDS * (uint64_t)SECOND_NS;
	for (; now_ns - drain->aged_ns >= SECOND_NS; drain->aged_ns += SECOND_NS) {
		size_t used = larger(drain->used, drain->used_before);

		drain->gone /= 2;
		drain->reserve -= above(drain->reserve, used) / FORGOTTEN;
		drain->used_before = drain->used;
		drain->used = 0;
	}
	drain->peak = larger(drain->peak, held);
	if (drain->credit > drain->peak)
		drain->credit = drain->peak;
	if (drain->reserve > drain->peak)
		drain->reserve = drain->peak;
}

/* Counts what was taken of what lay idle since the last look, `out` being out of the slabs now,
 * and so many more before `freed` were freed.  Whether it was taken just now. */
static bool count_retaken(struct ash_heap *heap, uint64_t now_ns, size_t out, size_t freed)
{
	struct ash_drain *drain = &heap->drain;
	bool recent;
	uint64_t quarter = ash_decay_window(&heap->purge.dirty);
	uint64_t runs = ash_purge_retaken(heap), passed = now_ns - drain->window_ns;

	if (passed >= quarter) {
		drain->retaken_before = passed < 2 * quarter ? drain->retaken : 0;
		drain->retaken = 0;
		drain->window_ns = now_ns;
	}
	/* Whoever takes much ticks in each epoch: what was taken since the last look was taken
	 * soon after it. */
	recent = now_ns - drain->watched_ns < quarter + ASH_EPOCH_NS;
	if (recent) {
		drain->retaken += (size_t)(runs - drain->runs_retaken);
		if (out > drain->out)
			drain->retaken += out - drain->out + freed;
		drain->used = larger(drain->used, drain->retaken);
	}
	drain->runs_retaken = runs;
	drain->out = out;
	drain->watched_ns = now_ns;
	return recent;
}

/* Beside what is kept. */
static size_t begins_at(size_t held)
{
	return larger(held / BEGIN_SHARE, BEGIN_LEAST);
}

/* How much of the reserve is kept.  Where a thread of ours looks after it, all; else it may be
 * the program's last call, and kept is what was taken again just now, or a little. */
static size_t kept(const struct ash_heap *heap)
{
	const struct ash_drain *drain = &heap->drain;
	size_t most = above(drain->peak / PEAK_SHARE, PEAK_BESIDE);

	if (ash_background_running())
		return drain->reserve;
	if (most > drain->reserve_most)
		most = drain->reserve_most;
	most = larger(most, larger(drain->retaken, drain->retaken_before));
	return drain->reserve < most ? drain->reserve : most;
}

void ash_drain_watch(struct ash_heap *heap, uint64_t now_ns)
{
	struct ash_drain *drain = &heap->drain;
	size_t out, idle, held, dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;

	if (!drain->enabled)
		return;
	idle = idle_in_slabs(heap, &out);
	count_retaken(heap, now_ns, out, 0);
	/* What was kept for being taken again has had its time. */
	held = in_blocks(heap);
	if (dirty + above(idle, drain->mark) >= begins_at(held) + kept(heap) &&
	    ash_load_relaxed(&drain->step) > ASH_DRAIN_STEP)
		ash_store_relaxed(&drain->step, ASH_DRAIN_STEP);
}

bool ash_drain_is_valid(const struct ash_heap *heap)
{
	const struct ash_drain *drain = &heap->drain;

	return drain->reserve <= drain->peak;
}

/* Bytes to be freed until objects at random places have left pages that the last walk found in
 * use.  Where few are out, how much lies idle in slabs does not tell: most of it did before. */
static size_t until_thinned(const struct ash_drain *drain, size_t out)
{
	return above(out, drain->out_at_begin - drain->out_at_begin / THINNED);
}

/* Begins a walk through the slabs, or takes it on.  What was freed meanwhile may lie behind it,
 * and is for the next one to find. */
static void walk(struct ash_heap *heap, size_t out, uint64_t most_ns)
{
	struct ash_drain *drain = &heap->drain;
	bool begin = !drain->walking;
	size_t gone, idle;

	if (begin)
		drain->out_at_begin = out;
	/* What nobody took since the last step is kept from its slabs for nothing. */
	ash_depot_trim(TRIM, ash_stall_lasts, TRIM_NS);
	drain->walking = ash_holes_rich(heap, begin, most_ns, &gone);
	drain->gone += gone;
	/* A step that the clock cut short has its other part soon. */
	if (!drain->walking || !ash_stall_lasts(ASH_HOLES_CALL_NS))
		drain->credit = above(drain->credit, ASH_DRAIN_STEP);
	drain->blind = drain->walking ? BLIND : 0;
	if (drain->walking)
		return;
	idle = idle_in_slabs(heap, &out);
	drain->mark = above(idle, above(drain->out_at_begin, out));
}

/* Takes a walk on without a look at anything else, as it takes long beside it. */
static void walk_on(struct ash_heap *heap)
{
	struct ash_drain *drain = &heap->drain;
	unsigned blind = drain->blind - 1;
	uint64_t start = ash_os_given_ns();

	/* Of a run a call gives back more than of a slab. */
	drain->gone += ash_purge_above(heap, ash_load_relaxed(&drain->dirty_most), STEP_NS);
	walk(heap, 0, ash_stall_left(start, STEP_NS));
	if (drain->walking)
		drain->blind = (uint8_t)blind;
}

/* Whether the heap drains; `idle` of `held` bytes lie idle in slabs, `dirty` in runs. */
static bool is_draining(struct ash_drain *drain, size_t held, size_t dirty, size_t idle,
			size_t begin, size_t most)
{
	size_t live = above(held, dirty + idle);

	if (drain->draining && live > drain->live + most)
		drain->draining = false;
	else if (!drain->draining && dirty + (idle - drain->mark) >= begin)
		drain->draining = true;
	else if (drain->draining && live > drain->live)
		return true;
	drain->live = live;
	return drain->draining;
}

/* So many that there are twice the steps that are wanted until all that is out has been freed.
 */
static size_t late_step(size_t out, size_t steps)
{
	return larger(LATE_STEP, smaller(ASH_DRAIN_PAID_STEP, out / (2 * steps + 1)));
}

/* Bytes that a thread frees until the next look: few beside what would make a difference, and
 * half of what is missing until there is something to do, `gap`.  While a walk is under way a
 * fraction of what a step can give back, or it lags behind; less where more was freed before,
 * when there was nothing to find: most pages come free at the end.  Where the heap `thins`,
 * what is out is divided by the steps that all that lies idle may take. */
static size_t step_bytes(const struct ash_heap *heap, size_t held, size_t out, size_t idle,
			 size_t gap, bool thins)
{
	const struct ash_drain *drain = &heap->drain;
	size_t most = held / STEP_SHARE;
	size_t least = drain->draining ? ASH_DRAIN_STEP : 4 * ASH_DRAIN_STEP;

	/* Slabs whose objects lay at random go all at once, with the last of these: there are
	 * to be steps enough until then. */
	if (drain->draining && ash_drain_wanted(heap)) {
		size_t dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;

		return late_step(out, (dirty + idle) / STEP_BYTES);
	}
	if (drain->walking && drain->credit <= ASH_DRAIN_STEP)
		return ASH_DRAIN_STEP;
	if (drain->walking)
		return thins ? late_step(out, idle / HOLES_BYTES) : ASH_DRAIN_PAID_STEP;
	most /= ash_load_relaxed(&heap->rounds.active_threads);
	if (gap / 2 < most)
		most = gap / 2;
	return larger(most, least);
}

void ash_drain_step(struct ash_heap *heap, uint64_t now_ns)
{
	struct ash_drain *drain = &heap->drain;
	size_t held, out, idle, dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;
	size_t keep, begin, slabs_most, dirty_most, requested = ash_purge_requested(heap), gap;
	bool much, lean, thins;

	if (!drain->enabled)
		return;
	drain->credit += ash_load_relaxed(&drain->step);
	if (drain->blind > 0) {
		walk_on(heap);
		return;
	}
	held = in_blocks(heap);
	idle = idle_in_slabs(heap, &out);
	learn(heap, now_ns, held,
	      count_retaken(heap, now_ns, out, ash_load_relaxed(&drain->step)));
	if (idle < drain->mark)
		drain->mark = idle;
	keep = kept(heap);
	begin = begins_at(held) + keep;
	slabs_most = larger(held / SLABS_SHARE, SLABS_LEAST) + keep;
	much = idle >= larger(slabs_most, MUCH);
	lean = keep < LITTLE;
	thins = much && lean;
	if (is_draining(drain, above(held, ash_account_kept(heap) << ASH_GRANULE_SHIFT), dirty,
			idle, begin, slabs_most)) {
		uint64_t start = ash_os_given_ns();
		size_t in_slabs = idle - drain->mark < keep ? idle - drain->mark : keep;

		/* What the slabs have of what is kept the runs have not. */
		dirty_most = larger(larger(held / RUNS_SHARE, RUNS_LEAST) + keep - in_slabs,
				    requested);
		drain->gone += ash_purge_above(heap, dirty_most, STEP_NS);
		if (heap->holes.enabled &&
		    (drain->walking || idle - drain->mark >= slabs_most ||
		     (thins && until_thinned(drain, out) == 0)))
			walk(heap, out, ash_stall_left(start, STEP_NS));
		gap = above(slabs_most, above(idle, drain->mark));
		if (thins)
			gap = smaller(gap, until_thinned(drain, out));
		dirty = ash_account_dirty(heap) << ASH_GRANULE_SHIFT;
		if (above(dirty_most, dirty) < gap)
			gap = above(dirty_most, dirty);
	} else {
		dirty_most = larger(begin, requested);
		gap = above(begin, dirty + (idle - drain->mark));
	}
	/* (Until the next look: if none comes, another epoch may.) */
	ash_store_relaxed(&drain->homing, drain->draining && much ? heap->rounds.epoch + 1 : 0);
	ash_store_relaxed(&drain->lean, drain->draining && lean);
	if (drain->lean)
		ash_growth_anew(heap);
	ash_store_relaxed(&drain->dirty_most, dirty_most);
	ash_store_relaxed(&drain->step, step_bytes(heap, held, out, idle, gap, thins));
	ash_assert_internal(ash_drain_is_valid(heap));
}

void ash_drain_all(struct ash_heap *heap, uint64_t now_ns)
{
	struct ash_drain *drain = &heap->drain;

	for (unsigned n = 0; n < STEPS_MOST; n++) {
		uint64_t before = ash_os_given.bytes;

		ash_drain_step(heap, now_ns);
		if (ash_os_given.bytes == before && !drain->walking)
			break;
	}
	drain->draining = false;
	ash_store_relaxed(&drain->lean, false);
	ash_store_relaxed(&drain->homing, 0u);
}
