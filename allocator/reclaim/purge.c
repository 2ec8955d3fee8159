#include "reclaim/purge.h"

#include "meta/window.h"
#include "os/os.h"
#include "reclaim/decay.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "page/run.h"
#include "util/atomic.h"

#define BATCH 16 /* ranges per lock */
/* Per batch: 2 MiB.  What is being purged cannot be had meanwhile, and whoever needs it then
 * takes fresh memory: a large batch would raise the peak. */
#define STEP_GRANULES 128
#define LONG_NS 1000000u /* a shorter step is a call's, its batches half as large */
#define STEP_BYTES ((size_t)STEP_GRANULES << ASH_GRANULE_SHIFT)
#define BATCHES 32 /* in one step, however fast they are */
#define PASS_LEAVES ((size_t)2 << 20)
#define WANTED_BYTES ((size_t)4 << 20)
#define EXCESS_NS 400000u
#define REFUSED_NS 100000000u

static struct ash_decay decay; /* the purger's */
static int64_t decay_ms = ASH_DECAY_MS;
static struct ash_decay muzzy_decay;
static int64_t muzzy_ms;
static int64_t dirty_share;  /* of what is in use, in 1/65536; < 0 = all */
static uint64_t interval_ns; /* from the end of one pass over free runs to the next */
static uint64_t passed_ns;   /* when the last one ended; the purger's */
static uint64_t given_back;
static struct ash_stalls stalls;

void ash_purge_set_decay_ms(int64_t ms)
{
	decay_ms = ms;
	/* An eighth of the whole time: after eight of these a three-thousandth is left. */
	decay.tau_ns = ms > 0 ? (uint64_t)ms * 1000000 / 8 : 0;
}

void ash_purge_set_muzzy_ms(int64_t ms)
{
	muzzy_ms = ms;
	muzzy_decay.tau_ns = ms > 0 ? (uint64_t)ms * 1000000 / 8 : 0;
}

void ash_purge_set_dirty_share(int64_t share)
{
	dirty_share = share;
}

void ash_purge_set_interval_ms(uint64_t ms)
{
	interval_ns = ms * 1000000;
}

/* Bytes of free runs that stay by request, whatever their age. */
static size_t stays_by_request(void)
{
	if (decay_ms < 0 || dirty_share < 0)
		return SIZE_MAX;
	return (ash_run_granules() * (uint64_t)dirty_share >> 16) << ASH_GRANULE_SHIFT;
}

enum grade {
	DIRTY,  /* to nothing */
	LAZILY, /* dirty to muzzy */
	MUZZY,  /* to nothing */
};

/* Purges up to `granules`, one batch; returns how many went. */
static size_t purge_batch(size_t granules, enum grade grade)
{
	struct ash_dirty_range range[BATCH];
	unsigned n = ash_run_reserve(grade == MUZZY, range, BATCH, granules);
	size_t gone = 0;

	for (unsigned i = 0; i < n; i++) {
		char *at = (char *)ash_window.base +
			   ((uintptr_t)range[i].block->number << ASH_HUGE_SHIFT) +
			   ((size_t)range[i].first << ASH_GRANULE_SHIFT);

		size_t bytes = (size_t)range[i].count << ASH_GRANULE_SHIFT;

		range[i].lazily = grade == LAZILY && ash_os_purge_lazily(at, bytes);
		range[i].purged = !range[i].lazily && ash_os_purge(at, bytes);
		if (range[i].purged || range[i].lazily)
			gone += range[i].count;
	}
	ash_run_return_dirty(range, n);
	ash_add_relaxed(&given_back, gone << ASH_GRANULE_SHIFT);
	return gone;
}

static size_t purge_bytes(size_t bytes, enum grade grade)
{
	size_t granules = (bytes + ASH_GRANULE - 1) >> ASH_GRANULE_SHIFT;

	return purge_batch(granules < STEP_GRANULES ? granules : STEP_GRANULES, grade)
	       << ASH_GRANULE_SHIFT;
}

size_t ash_purge_some(size_t bytes)
{
	size_t gone = purge_bytes(bytes, DIRTY);

	return gone != 0 || ash_run_muzzy() == 0 ? gone : purge_bytes(bytes, MUZZY);
}

/* Running count of bytes retaken, but from one look to the next not more than was ever missing
 * from the dirty memory: a loop over one buffer retakes the same few granules a thousand times,
 * and everything else can go. */
static uint64_t retaken_sum;

static uint64_t retaken(size_t dirty_bytes)
{
	static uint64_t seen;
	static size_t before;
	uint64_t now = ash_run_retaken() << ASH_GRANULE_SHIFT, more = now - seen;
	size_t low = ash_run_dirty_low() << ASH_GRANULE_SHIFT;
	size_t high = before > dirty_bytes ? before : dirty_bytes;

	if (more > high - (low < high ? low : high))
		more = high - (low < high ? low : high);
	seen = now;
	before = dirty_bytes;
	return retaken_sum += more;
}

/* Bytes of free runs that may stay now; *hurry: whether the account does not count. */
static size_t may_stay(uint64_t now_ns, size_t dirty, bool *hurry)
{
	size_t stays = ash_decay_limit(&decay, now_ns, dirty, retaken(dirty));
	size_t bound = ash_limits_dirty_bound(), wish = stays_by_request();

	if (stays < wish)
		stays = wish < dirty ? wish : dirty;
	*hurry = bound < stays;
	return bound < stays ? bound : stays;
}

/* What is muzzy long enough goes: where the kernel had no use for it, it still counts as
 * resident.  Returns whether some is left. */
static bool muzzy_step(uint64_t now_ns, uint64_t most_ns)
{
	size_t left = ash_run_muzzy() << ASH_GRANULE_SHIFT, stays;
	uint64_t start = ash_os_thread_cpu_ns(), used = 0;

	stays = ash_limits_dirty_bound() != 0 ? ash_decay_limit(&muzzy_decay, now_ns, left, 0)
					      : 0;
	if (muzzy_ms < 0 && stays != 0)
		return false;
	while (left > stays && used < most_ns && ash_purge_may_work()) {
		if (purge_bytes(left - stays, MUZZY) == 0)
			break;
		left = ash_run_muzzy() << ASH_GRANULE_SHIFT;
		used = ash_os_thread_cpu_ns() - start;
	}
	ash_decay_worked(&decay, used);
	return left > WANTED_BYTES;
}

/* Leaves at most `stays` bytes of free runs dirty, in batches, at most about `most_ns` of CPU
 * time; `hurry`: whatever the account says. */
static void purge_until(size_t stays, uint64_t most_ns, bool hurry, enum grade grade)
{
	size_t dirty = ash_run_dirty() << ASH_GRANULE_SHIFT;
	size_t batch = most_ns < LONG_NS ? STEP_BYTES / 2 : STEP_BYTES;
	uint64_t start, used = 0;

	if (dirty <= stays)
		return;
	start = ash_os_thread_cpu_ns();
	for (unsigned n = 0; dirty > stays && used < most_ns && n < BATCHES &&
			     (hurry || ash_decay_may_work(&decay));
	     n++) {
		if (purge_bytes(dirty - stays < batch ? dirty - stays : batch, grade) == 0)
			break; /* refused, or others took it */
		dirty = ash_run_dirty() << ASH_GRANULE_SHIFT;
		used = ash_os_thread_cpu_ns() - start;
	}
	ash_decay_worked(&decay, used);
}

/* A pass takes all but what it may not: after it nothing goes for long. */
static size_t stays_after_pass(size_t stays)
{
	size_t turns = ash_decay_in_turns(&decay, retaken_sum), wish = stays_by_request();
	size_t least = turns > wish ? turns : wish;

	if (least < PASS_LEAVES)
		least = PASS_LEAVES;
	return least < stays ? least : stays;
}

static bool interval_is_over(uint64_t now_ns)
{
	return passed_ns == 0 || interval_ns == 0 ||
	       (int64_t)(now_ns - passed_ns) >= (int64_t)interval_ns;
}

bool ash_purge_step(uint64_t now_ns, uint64_t most_ns)
{
	size_t stays;
	bool hurry, left = false;

	if (ash_run_muzzy() != 0)
		left = muzzy_step(now_ns, most_ns / 2);
	stays = may_stay(now_ns, ash_run_dirty() << ASH_GRANULE_SHIFT, &hurry);
	if (hurry || interval_is_over(now_ns)) {
		bool work;

		if (interval_ns != 0)
			stays = stays_after_pass(stays);
		work = ash_run_dirty() << ASH_GRANULE_SHIFT > stays;
		purge_until(stays, most_ns, hurry, muzzy_ms != 0 && !hurry ? LAZILY : DIRTY);
		if (work && ash_run_dirty() << ASH_GRANULE_SHIFT <= stays)
			passed_ns = now_ns;
	}
	return ash_purge_wanted() || left;
}

void ash_purge_excess(void)
{
	static uint64_t refused_ns;
	struct ash_stall stall;
	uint64_t used = 0, now_ns = ash_os_coarse_clock_ns();

	/* Where the kernel refuses (mlocked memory) it is not asked by every free. */
	if (now_ns - ash_load_relaxed(&refused_ns) < REFUSED_NS)
		return;
	ash_stall_begin(&stall);
	while (used < EXCESS_NS) {
		size_t runs = ash_run_dirty() << ASH_GRANULE_SHIFT,
		       cached = ash_mapping_cached();
		size_t bound = ash_limits_dirty_bound(), excess;

		if (bound == ASH_NO_LIMIT || runs + cached <= bound)
			break;
		excess = runs + cached - bound;
		/* A run that is kept spares a fault for each of its pages, a mapping a system
		 * call besides: runs first. */
		if (ash_purge_some(excess < STEP_BYTES / 2 ? excess : STEP_BYTES / 2) == 0 &&
		    ash_mapping_trim_some(UINT64_MAX, excess, EXCESS_NS - used) == cached) {
			if (runs + cached > bound + STEP_BYTES) /* not what others just took */
				ash_store_relaxed(&refused_ns, now_ns);
			break;
		}
		used = ash_os_thread_cpu_ns() - stall.cpu_ns;
	}
	ash_stall_end(&stall, false);
}

void ash_purge_down(size_t bytes, uint64_t most_ns)
{
	size_t turns = ash_decay_in_turns(&decay, retaken_sum), wish = stays_by_request();

	if (turns > 2 * bytes)
		turns = 2 * bytes;
	if (turns < wish)
		turns = wish;
	purge_until(bytes > turns ? bytes : turns, most_ns, false, DIRTY);
}

void ash_purge_all(void)
{
	ash_run_try_refused();
	while (purge_batch(STEP_GRANULES, DIRTY) > 0)
		;
	while (purge_batch(STEP_GRANULES, MUZZY) > 0)
		;
}

bool ash_purge_wanted(void)
{
	size_t wish = stays_by_request();

	if (ash_limits_dirty_exceeded())
		return true;
	return ash_run_dirty() << ASH_GRANULE_SHIFT >
	       (wish > WANTED_BYTES ? wish : WANTED_BYTES);
}

bool ash_purge_may_work(void)
{
	return ash_decay_may_work(&decay) || ash_load_relaxed(&ash_limits.pressure);
}

void ash_purge_worked(uint64_t ns)
{
	ash_decay_worked(&decay, ns);
}

uint64_t ash_purge_bytes(void)
{
	return ash_load_relaxed(&given_back);
}

void ash_stall_begin(struct ash_stall *stall)
{
	*stall = (struct ash_stall){ash_os_thread_cpu_ns(), ash_os_given.ranges,
				    ash_os_given.bytes};
}

static void raise_to(uint64_t *most, uint64_t n)
{
	uint64_t now = ash_load_relaxed(most);

	while (n > now && !ash_cas_relaxed(most, &now, n))
		;
}

void ash_stall_end(const struct ash_stall *begin, bool background)
{
	uint64_t ns = ash_os_thread_cpu_ns() - begin->cpu_ns;

	if (background) {
		ash_add_relaxed(&stalls.background_ns, ns);
		return;
	}
	ash_add_relaxed(&stalls.count, 1);
	ash_add_relaxed(&stalls.ns, ns);
	raise_to(&stalls.longest_ns, ns);
	raise_to(&stalls.most_ranges, ash_os_given.ranges - begin->ranges);
	raise_to(&stalls.most_bytes, ash_os_given.bytes - begin->bytes);
}

void ash_stalls_read(struct ash_stalls *into)
{
	into->count = ash_load_relaxed(&stalls.count);
	into->ns = ash_load_relaxed(&stalls.ns);
	into->longest_ns = ash_load_relaxed(&stalls.longest_ns);
	into->most_ranges = ash_load_relaxed(&stalls.most_ranges);
	into->most_bytes = ash_load_relaxed(&stalls.most_bytes);
	into->background_ns = ash_load_relaxed(&stalls.background_ns);
}
