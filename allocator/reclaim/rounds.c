#include "reclaim/rounds.h"

#include <limits.h>

#include "cache/depot.h"
#include "cache/magazine.h"
#include "cache/runs.h"
#include "cache/thread.h"
#include "meta/far_table.h"
#include "os/background.h"
#include "os/cgroup.h"
#include "os/delay.h"
#include "os/os.h"
#include "os/relatives.h"
#include "page/account.h"
#include "page/block.h"
#include "page/dirty.h"
#include "page/huge_growth.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "page/mapping_cache.h"
#include "page/mapping_turns.h"
#include "reclaim/claim.h"
#include "reclaim/drain.h"
#include "reclaim/holes.h"
#include "reclaim/hugify.h"
#include "reclaim/pool.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"
#include "reclaim/tails.h"
#include "slab/bin.h"
#include "slab/inbox.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"
#include "util/atomic.h"

/* Records of threads that are flushed in one round of a child in which they are no more: in a
 * call, and by the background thread. */
#define HEIRS_IN_A_CALL 4
#define HEIRS_AT_ONCE 64
#define TRIM_PER_EPOCH 256 /* magazines that one epoch takes out of the depot, */
#define TRIM_EPOCHS 6      /* and so many at most; */
#define TRIM_IN_A_CALL 128 /* in a call of the program */
#define IDLE_EPOCHS 2      /* a thread without a tick for longer is idle */
/* A spare is collected after less: what an idle thread freed is back with the others in the
 * background thread's next round but one. */
#define SPARE_EPOCHS 1
/* Of one step, by ash_os_given_ns.  Free runs come first; mappings and holes get what is left,
 * an eighth at least.  In calls of the program it is less than the fifth of a millisecond that
 * hardly any may exceed, for a step ends with the batch that is under way. */
#define CALL_NS 75000u
/* By the clock: of objects that go home in a call of the program. */
#define CALL_TRIM_NS 50000u
#define BACKGROUND_NS 1000000u
/* More idle memory than this is worth a look at pressure by a thread that has no other work. */
#define WATCHED ((size_t)4 << 20)
/* The background thread's sleep between two rounds; the shorter one while the program retakes
 * 80 MB/s of what is dirty, a byte in BUSY_NS_PER_BYTE. */
#define ROUND_NS (6 * (uint64_t)ASH_EPOCH_NS)
#define BUSY_ROUND_NS (ASH_EPOCH_NS / 2)
#define BUSY_NS_PER_BYTE 12
#define ROUNDS_AT_ONCE 12  /* of it at most, while they give something back; */
#define ROUNDS_BEHIND 1000 /* while more lies idle than its age allows */
#define PRESSED_STEPS 50   /* in one round, when memory is short */
#define HUGE_AT_ONCE 4     /* huge pages made in one round of the background thread */
#define POOL_IN_A_CALL 8   /* pages of the hugetlb pool given back in one round of a call, */
#define POOL_AT_ONCE 16    /* and of the background thread */
#define REFUSED_EPOCHS 100 /* until memory that the kernel refused is tried again */
/* Bytes of empty blocks unmapped in one epoch. */
#define IDLE_IN_A_CALL (2 * ASH_HUGE)
#define IDLE_AT_ONCE (64 * ASH_HUGE)
/* After the last wake the background thread goes on so long: holes are purged when they are old
 * enough, the depot when it lay untouched for an epoch. */
#define AFTERMATH_NS 4000000000u
/* The kernel refuses to a program with a thread of ours what it allows to one of one thread,
 * and libc and Python ask how many there are.  So the thread that ends last but one waits until
 * ours is gone, at most so long, and looks so often; and does what would wait for calls that
 * may not come. */
#define END_NS 50000000u
#define END_LOOK_NS 20000u
/* Where threads come and go, ours would be made anew each time.  So it leaves at once some
 * times in a row, then as often as in so long; else it stays for as long after the last.
 * Mappings in the cache have their time then, holes, the depot, and all but a fiftieth of what
 * is dirty. */
#define LEAVES 4
#define ALONE_NS 1000000000u
#define CACHED_SHARE 32 /* of what is held, or */
#define CACHED_LEAST ((size_t)1 << 20)

bool (*ash_rounds_hook)(void);

static struct ash_heap *const heap = &ash_heap; /* threads and shards are the process's */

void ash_rounds_inbox(struct ash_shard *shard)
{
	void **batch = ash_inbox_take(shard);

	while (batch != NULL) {
		void **next = ash_magazine_unlink(batch);

		ash_magazine_flush(ash_magazine_take_class(batch), batch);
		batch = next;
	}
}

#define SPARES_AT_ONCE 64
#define CENSUSES 64 /* more of them in a round of the background thread */

struct census {
	uint32_t now, active, visited;
	unsigned n;
	unsigned class[SPARES_AT_ONCE];
	void **spare[SPARES_AT_ONCE];
	struct ash_list *runs; /* see ash_runs_collect */
};

/* Counts the thread where it is active.  Where it is idle, takes its spare magazines and the
 * runs that it kept, so that it withholds from others only what its current magazines hold; and
 * false, for it need not be looked at again until it does something. */
static bool visit(struct ash_thread *t, void *argument)
{
	struct census *census = argument;

	uint32_t silent = census->now - ash_load_relaxed(&t->epoch);

	census->visited++;
	census->active += silent <= IDLE_EPOCHS;
	if (silent <= SPARE_EPOCHS)
		return true;
	if (ash_runs_waiting(&t->runs) != 0)
		census->runs = ash_runs_collect(&t->runs, census->runs);
	for (unsigned c = 1; c < ASH_CLASSES && census->n < SPARES_AT_ONCE; c++) {
		void **spare;

		if (ash_load_relaxed(&t->classes[c].spare) == NULL)
			continue;
		ash_delay();
		spare = ash_exchange_acquire(&t->classes[c].spare, NULL);
		if (spare == NULL)
			continue;
		census->class[census->n] = c;
		census->spare[census->n++] = spare;
	}
	return silent <= IDLE_EPOCHS || census->n == SPARES_AT_ONCE;
}

void ash_rounds_inboxes(void)
{
	for (unsigned i = 0; i < ash_shard_count(); i++)
		ash_rounds_inbox(ash_shard_at(i));
}

static void visit_threads(struct census *census)
{
	census->n = 0;
	census->runs = NULL;
	ash_thread_each_awake(visit, census);
	for (unsigned i = 0; i < census->n; i++)
		ash_magazine_flush(census->class[i], census -> spare[i]);
	ash_runs_give_back(census->runs);
}

/* `passed` epochs since the last time.  Returns whether work is left. */
static bool once_per_epoch(uint32_t now, uint32_t passed)
{
	struct census census = {.now = now};

	visit_threads(&census);
	heap->rounds.visited = census.visited;
	ash_store_relaxed(&heap->rounds.active_threads, census.active > 0 ? census.active : 1);
	/* Many threads that fell silent have more than one look takes. */
	for (unsigned n = 0; heap->rounds.ours && census.n == SPARES_AT_ONCE && n < CENSUSES;
	     n++)
		visit_threads(&census);
	ash_rounds_inboxes();
	ash_huge_growth_age(heap, now);
	ash_depot_trim(heap->rounds.ours
			       ? TRIM_PER_EPOCH * (passed < TRIM_EPOCHS ? passed : TRIM_EPOCHS)
			       : TRIM_IN_A_CALL,
		       ash_stall_lasts, CALL_TRIM_NS);
	if (now - heap->rounds.refused_epoch >= REFUSED_EPOCHS) {
		heap->rounds.refused_epoch = now;
		ash_dirty_try_refused(heap);
	}
	/* Under RLIMIT_AS or RLIMIT_DATA, stacks of threads and mapped files need addresses,
	 * and whoever maps them cannot ask us for some.  So blocks that lie empty are unmapped.
	 */
	return ash_block_release_idle(
		heap, now, false,
		heap->rounds.ours || heap->growing.limited ? IDLE_AT_ONCE : IDLE_IN_A_CALL);
}

/* Once per epoch, by the background thread: whether memory is short around us.  What can be had
 * without asking threads goes then. */
static void look_for_pressure(uint64_t now_ns)
{
	bool now = ash_cgroup_pressure(now_ns);

	if (now != ash_load_relaxed(&heap->limits.pressure))
		ash_limits_set_pressure(heap, now);
	if (now) {
		ash_add_relaxed(&heap->rounds.pressed, 1);
		ash_depot_empty();
	}
}

static bool step(uint64_t now_ns, uint32_t now, uint64_t most_ns)
{
	bool pressure = ash_load_relaxed(&heap->limits.pressure), left, mappings;
	uint64_t start = ash_os_given_ns(), before_mappings;

	left = ash_purge_step(heap, now_ns, most_ns);
	before_mappings = ash_os_given_ns();
	mappings = ash_mapping_trim(heap, pressure ? UINT64_MAX : now_ns,
				    ash_stall_left(start, most_ns));
	ash_store_relaxed(&heap->rounds.behind,
			  ash_purge_is_late(heap, now_ns) ||
				  (mappings && ash_os_given_ns() != before_mappings));
	left |= mappings;
	if (heap->holes.enabled && ash_purge_may_work(heap)) {
		uint64_t before = ash_os_given_ns();

		ash_bin_hole_age_most = pressure ? 1 : UINT32_MAX;
		left |= ash_holes_step(heap, now, ash_stall_left(start, most_ns));
		left |= ash_tails_step(heap, now, ash_stall_left(start, most_ns));
		ash_purge_worked(heap, ash_os_given_ns() - before);
	} else if (heap->holes.enabled) {
		left = true; /* for when the account has something again */
	}
	return left;
}

bool ash_rounds_is_valid(const struct ash_heap *of)
{
	const struct ash_rounds *rounds = &of->rounds;

	return ash_claim_is_mine(of) && ash_load_relaxed(&rounds->active_threads) >= 1;
}

/* One round; returns whether work is left.  Where another thread works: true. */
static bool round_of_work(uint64_t now_ns, bool background)
{
	struct ash_rounds *rounds = &heap->rounds;
	uint32_t now = (uint32_t)(now_ns / ASH_EPOCH_NS);
	struct ash_stall stall;
	unsigned steps = 1;
	bool left = false, more = false;

	ash_lock_rank_assert_none();
	if (!ash_claim_try(heap))
		return true;
	ash_delay();
	rounds->ours = background;
	ash_stall_begin(&stall, background);
	/* A thread may come late with its look at the clock; time does not go back for it. */
	if (rounds->epoch != 0 && (int32_t)(now - rounds->epoch) < 0)
		now = rounds->epoch;
	if (now != rounds->epoch) {
		uint32_t passed = now - rounds->epoch;

		ash_store_relaxed(&rounds->epoch, now);
		ash_store_relaxed(&ash_slab_epoch, now);
		if (background && ash_cgroup_is_watched())
			look_for_pressure(now_ns);
		left = once_per_epoch(now, passed);
		if (!background)
			ash_drain_watch(heap, now_ns);
	}
	if (background && ash_load_relaxed(&heap->limits.pressure))
		steps = PRESSED_STEPS;
	do
		more = step(now_ns, now, background ? BACKGROUND_NS : CALL_NS);
	while (more && --steps > 0);
	left |= more;
	left |= ash_thread_inherit(background ? HEIRS_AT_ONCE : HEIRS_IN_A_CALL);
	left |= ash_pool_step(heap, now, background ? POOL_AT_ONCE : POOL_IN_A_CALL);
	/* A huge page takes the kernel milliseconds: nothing for a call. */
	if (background)
		left |= ash_hugify_step(heap, now,
					HUGE_AT_ONCE); /* has an account of its own */
	ash_stall_end(heap, &stall);
	rounds->ours = false;
	ash_assert_internal(ash_rounds_is_valid(heap));
	ash_claim_give_back(heap);
	return left || ash_depot_bytes() != 0;
}

/* How long the background thread stays where the program has one thread again, 0 = no longer;
 * else UINT64_MAX. */
static uint64_t time_alone_left(void)
{
	uint64_t since_ns = ash_thread_alone_ns(), now_ns = ash_os_clock_ns();

	if (since_ns == 0 || ash_load_relaxed(&heap->rounds.alone))
		return UINT64_MAX;
	if (ash_load_relaxed(&heap->rounds.leaves))
		return 0;
	return (int64_t)(since_ns + ALONE_NS - now_ns) > 0 ? since_ns + ALONE_NS - now_ns : 0;
}

/* Whether the program came back to one thread so seldom that it is worth it to leave at once.
 */
static bool is_seldom(uint64_t now_ns)
{
	const uint64_t burst_ns = LEAVES * (uint64_t)ALONE_NS;
	uint64_t at = ash_load_relaxed(&heap->rounds.leave_ns), next;

	next = now_ns > burst_ns ? now_ns - burst_ns : 0;
	next = (at > next ? at : next) + ALONE_NS;
	return next <= now_ns && ash_cas_relaxed(&heap->rounds.leave_ns, &at, next);
}

/* Rounds one after the other, as long as they give memory back: the thread wakes seldom.
 * Between them others get the claim. */
static bool rounds_at_once(uint64_t now_ns)
{
	bool left = true;

	for (unsigned n = 0;
	     left && (n < ROUNDS_AT_ONCE || (ash_load_relaxed(&heap->rounds.behind) &&
					     n < ROUNDS_BEHIND && time_alone_left() != 0));
	     n++) {
		uint64_t given = ash_os_given.bytes, huge = ash_hugify_count(heap);

		left = round_of_work(now_ns, true);
		if (ash_os_given.bytes == given && ash_hugify_count(heap) == huge)
			break;
		now_ns = ash_os_clock_ns();
	}
	return left;
}

static bool others_left(void)
{
	return ash_rounds_hook != NULL && ash_rounds_hook();
}

/* Whether the program moves so much memory that what lies idle is worth many looks.  (One
 * background thread may begin while another looks a last time: one of them gets a wrong answer
 * then, and the pause after it is long or short for once.) */
static bool program_is_busy(uint64_t now_ns)
{
	struct ash_rounds *rounds = &heap->rounds;
	uint64_t moved = ash_dirty_retaken(heap) << ASH_GRANULE_SHIFT;
	bool busy = (moved - ash_load_relaxed(&rounds->moved)) * BUSY_NS_PER_BYTE >
		    now_ns - ash_load_relaxed(&rounds->moved_ns);

	ash_store_relaxed(&rounds->moved, moved);
	ash_store_relaxed(&rounds->moved_ns, now_ns);
	return busy;
}

/* Before the thread leaves a program of one thread to its calls, of which none may come. */
static void leave_alone(void)
{
	struct ash_stall stall;

	if (!ash_claim_try(heap))
		return;
	ash_stall_begin(&stall, true);
	ash_purge_rest(heap);
	ash_stall_end(heap, &stall);
	ash_claim_give_back(heap);
}

static uint64_t background_round(void)
{
	uint64_t now_ns = ash_os_clock_ns(), stays_ns, pause_ns;
	bool left;

	if (ash_load_relaxed(&heap->rounds.first_ns) == 0)
		ash_store_relaxed(&heap->rounds.first_ns, now_ns);
	ash_add_relaxed(&heap->rounds.runs, 1); /* one may end while the next begins */
	if (ash_thread_none_left() || ash_load_relaxed(&heap->rounds.stopped))
		return ASH_BACKGROUND_END;
	left = time_alone_left() == 0 || rounds_at_once(now_ns);
	left |= others_left();
	pause_ns = program_is_busy(now_ns) ? BUSY_ROUND_NS : ROUND_NS;
	stays_ns = time_alone_left();
	if (stays_ns == 0) {
		leave_alone();
		return ASH_BACKGROUND_END;
	}
	if (left || (int64_t)(now_ns - ash_load_seq_cst(&heap->rounds.ticked_ns)) <
			    (int64_t)AFTERMATH_NS)
		return pause_ns < stays_ns ? pause_ns : stays_ns;
	/* What stays dirty by request is watched over. */
	if (ash_cgroup_is_watched() &&
	    (ash_account_dirty(heap) << ASH_GRANULE_SHIFT) + ash_account_cached(heap) > WATCHED)
		return ROUND_NS;
	/* With one thread left nobody is spared anything by its waiting. */
	return ash_thread_count() <= 1 && !ash_load_relaxed(&heap->rounds.alone)
		       ? ASH_BACKGROUND_END
		       : 0;
}

/* Files are opened and closed with the claim, that no fork finds it half done. */
static void background_begins(void)
{
	if (!heap->rounds.pressure)
		return;
	ash_claim_await(heap);
	ash_cgroup_keep(heap->rounds.pressure_bounded);
	ash_claim_give_back(heap);
}

static void background_ends(void)
{
	ash_claim_await(heap);
	if (ash_os_may_be_confined())
		ash_cgroup_leave();
	else
		ash_cgroup_let_go();
	ash_limits_set_pressure(heap, false); /* nobody looks any more */
	ash_claim_give_back(heap);
}

/* What leave_alone does, by the thread that ends last but one, and besides of what lies idle in
 * slabs and the depot, and waits in the cache of mappings. */
static void clean_up(uint64_t now_ns)
{
	struct ash_stall stall;
	size_t cached = ash_account_cached(heap), held = ash_account_held(heap), stays;

	if (!ash_claim_try(heap))
		return;
	ash_stall_begin(&stall, true);
	ash_depot_empty();
	ash_rounds_inboxes();
	ash_drain_all(heap, now_ns);
	ash_purge_rest(heap);
	stays = held > cached ? (held - cached) / CACHED_SHARE : 0;
	stays = stays > CACHED_LEAST ? stays : CACHED_LEAST;
	if (cached > stays && heap->mappings.cache_ns != ASH_MAPPING_CACHE_FOR_GOOD &&
	    ash_turns_bytes(&heap->mappings.turns, now_ns, heap->mappings.cache_ns) == 0)
		ash_mapping_cache_trim_for(heap, UINT64_MAX, cached - stays, UINT64_MAX);
	ash_stall_end(heap, &stall);
	ash_claim_give_back(heap);
}

/* A thread ended, and no more than one is left. */
static void come_back_to_one(void)
{
	uint64_t start_ns = ash_os_clock_ns(), now_ns = start_ns;
	bool over = ash_thread_none_left(), leaves;

	if (ash_mutex_is_forking())
		return;
	leaves = !over && ash_thread_alone_ns() != 0 &&
		 !ash_load_relaxed(&heap->rounds.alone) && is_seldom(now_ns);
	ash_store_relaxed(&heap->rounds.leaves, leaves);
	ash_background_hurry(leaves || over);
	if (!leaves)
		return;
	while (ash_background_is_there() && ash_thread_count() <= 1 &&
	       now_ns - start_ns < END_NS) {
		ash_os_sleep(END_LOOK_NS);
		now_ns = ash_os_clock_ns();
	}
	if (heap->drain.enabled)
		clean_up(now_ns);
}

void ash_rounds_init(void)
{
	ash_thread_alone_hook = come_back_to_one;
	ash_background_hook = background_round;
	ash_background_begins = background_begins;
	ash_background_ends = background_ends;
}

void ash_rounds_start(void)
{
	if (ash_load_relaxed(&heap->rounds.background) && !ash_mutex_is_forking() &&
	    !ash_thread_none_left())
		ash_background_start();
}

/* Whoever starts it, and though it may just be ending; not where another thread wants none. */
static bool await_background(const struct ash_rounds *rounds)
{
	ash_background_retry();
	do {
		ash_rounds_start();
		while (ash_background_starts())
			ash_os_sleep(100000);
		if (ash_background_running())
			return true;
	} while (ash_background_may_start() && !ash_thread_none_left() &&
		 !ash_load_relaxed(&rounds->stopped));
	return ash_load_relaxed(&rounds->stopped);
}

bool ash_rounds_set_background(bool wanted)
{
	struct ash_rounds *rounds = &heap->rounds;

	if (ash_mutex_is_forking()) /* the thread may wait for what this one holds */
		return false;
	ash_store_relaxed(&rounds->stopped, !wanted);
	ash_store_relaxed(&rounds->background, wanted);
	ash_store_relaxed(&rounds->alone, wanted);
	if (wanted) {
		ash_thread_self(); /* of a program without a thread it would end at once */
		return await_background(rounds);
	}
	/* (Another thread may be about to have it running.) */
	while ((ash_background_running() || ash_background_starts()) &&
	       ash_load_relaxed(&rounds->stopped)) {
		ash_background_hurry(true);
		ash_os_sleep(100000);
	}
	return true;
}

void ash_rounds_work(void)
{
	if (!ash_mutex_is_forking())
		round_of_work(ash_os_clock_ns(), false);
}

/* Returns whether there is one. */
static bool wake_background(void)
{
	if (!ash_background_running())
		return false;
	ash_background_wake();
	return true;
}

void ash_rounds_tick(uint64_t now_ns)
{
	if (ash_mutex_is_forking())
		return;
	ash_relatives_thread_goes_on();
	ash_store_seq_cst(&heap->rounds.ticked_ns, now_ns);
	if (!wake_background()) {
		round_of_work(now_ns, false);
		others_left();
	}
}

void ash_rounds_notice(void)
{
	uint64_t now_ns;

	if (ash_mutex_is_forking())
		return;
	if (ash_drain_wanted(heap))
		ash_rounds_freed();
	if (!ash_purge_wanted(heap) && ash_account_cached(heap) == 0)
		return;
	/* A program of large objects alone never ticks; between two of them is no time to end.
	 * Where it has one thread, what has had its time goes now. */
	now_ns = ash_os_coarse_clock_ns();
	ash_store_seq_cst(&heap->rounds.ticked_ns, now_ns);
	if (!wake_background() &&
	    (ash_load_relaxed(&heap->rounds.behind) ||
	     (uint32_t)(now_ns / ASH_EPOCH_NS) != ash_load_relaxed(&heap->rounds.epoch)))
		round_of_work(now_ns, false);
}

void ash_rounds_freed(void)
{
	struct ash_stall stall;
	uint64_t start;

	if (ash_mutex_is_forking() || !ash_load_relaxed(&heap->drain.enabled) ||
	    !ash_claim_try(heap))
		return;
	ash_stall_begin(&stall, false);
	start = ash_os_given_ns();
	ash_drain_step(heap, ash_os_coarse_clock_ns());
	/* A program of one thread may never come back to a slow path: what holds no memory now
	 * is unmapped now; half as many blocks where the step took half of the call's time. */
	if (!ash_background_running())
		ash_block_release_idle(heap, heap->rounds.epoch, true,
				       ash_os_given_ns() - start < CALL_NS / 2
					       ? IDLE_IN_A_CALL
					       : IDLE_IN_A_CALL / 2);
	ash_stall_end(heap, &stall);
	ash_claim_give_back(heap);
}

bool ash_rounds_before_fork(bool (*is_awaited)(void))
{
	return !ash_claim_is_mine(heap) && ash_claim_await_unless(heap, is_awaited);
}

void ash_rounds_end_fork(void)
{
	ash_claim_give_back(heap);
}

void ash_rounds_after_fork(bool claimed)
{
	ash_background_after_fork();
	ash_cgroup_after_fork();
	ash_limits_set_pressure(heap, false);
	ash_claim_renew(heap);
	if (claimed)
		ash_rounds_end_fork();
}

uint64_t ash_rounds_interval_ns(void)
{
	uint64_t runs = ash_load_relaxed(&heap->rounds.runs),
		 first_ns = ash_load_relaxed(&heap->rounds.first_ns),
		 now_ns = ash_os_clock_ns();

	return runs != 0 && first_ns != 0 && now_ns > first_ns ? (now_ns - first_ns) / runs : 0;
}

uint64_t ash_rounds_pressed(void)
{
	return ash_load_relaxed(&heap->rounds.pressed);
}
