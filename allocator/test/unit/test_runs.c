/* The run cache: which lengths it keeps, how much, and who gets it back. */
#include "test/support/unit.h"

#include <string.h>

#include <ashlar/ashlar.h>

#include "front/capacity.h"
#include "front/front.h"
#include "front/object.h"
#include "front/tcache.h"
#include "front/tcache_runs.h"
#include "front/tcache_tick.h"
#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/large.h"
#include "page/limits.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "reclaim/tails.h"
#include "stats/snapshot.h"
#include "test/support/clock.h"
#include "test/support/race.h"
#include "util/epoch.h"

#define SIZE ((size_t)100000) /* 7 granules */
#define GRANULES 7u

static struct ash_runs *own(void)
{
	return &ash_tls.thread->runs;
}

static bool waits(const void *p)
{
	return ash_load_relaxed(&ash_run_of(p)->state) == ASH_RUN_WAITING;
}

/* Turns of one allocation of this size, until one is kept; how many that took. */
static unsigned turns_until_kept(size_t size)
{
	for (unsigned turn = 1; turn < 1000; turn++) {
		void *p = ash_front_malloc(size);

		assert_non_null(p);
		ash_front_free(p);
		if (waits(p))
			return turn;
	}
	return 0;
}

/* One of a length that is kept. */
static char *kept_one(void)
{
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	return ash_front_malloc(SIZE);
}

/* Freed and asked for again some dozen times: the next comes back as it was, without the page
 * layer. */
static void a_length_earns_its_place(void **state)
{
	size_t clock;
	void *p;

	(void)state;
	ash_tcache_release();
	assert_in_range(turns_until_kept(SIZE), 40, 100);
	assert_int_equal(ash_runs_waiting(own()), GRANULES);
	clock = ash_account_clock(&ash_heap);
	p = ash_front_malloc(SIZE);
	for (unsigned i = 0; i < 100; i++) {
		ash_front_free(p);
		assert_true(waits(p));
		/* Another size of the length. */
		assert_ptr_equal(ash_front_malloc(SIZE + 14000 - 100 * i), p);
		assert_false(waits(p));
		assert_in_range(ash_usable_size(p), SIZE + 14000 - 100 * i,
				GRANULES * ASH_GRANULE);
	}
	assert_int_equal(ash_account_clock(&ash_heap), clock);
	ash_front_free(p);
	/* Another length is another matter. */
	assert_ptr_not_equal(p, ash_front_malloc(SIZE + 100000));
	ash_tcache_release();
	assert_int_equal(ash_runs_waiting(own()), 0);
}

/* What is a granule shorter, or an eighth, is served by it where nothing of its own length
 * waits; nothing else is. */
static void a_longer_one_serves(void **state)
{
	size_t longer[] = {SIZE, 40 * ASH_GRANULE}, shortest[] = {6, 36};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		unsigned granules = (unsigned)ash_granules_of(longer[i]);
		void *p, *q;

		ash_tcache_release();
		assert_int_not_equal(turns_until_kept(longer[i]), 0);
		p = ash_front_malloc(longer[i]);
		ash_front_free(p);
		assert_true(waits(p));
		q = ash_front_malloc((granules + 1) * ASH_GRANULE);
		assert_ptr_not_equal(q, p);
		ash_front_free(q);
		q = ash_front_malloc((shortest[i] - 1) * ASH_GRANULE);
		assert_ptr_not_equal(q, p);
		ash_front_free(q);
		assert_true(waits(p));
		for (unsigned n = 0; n < 3; n++) {
			size_t size = shortest[i] * ASH_GRANULE - 5000;

			assert_ptr_equal(ash_front_malloc(size), p);
			/* (Of longer pages it has as many as the run.) */
			assert_in_range(ash_usable_size(p), size,
					(ash_os_page > ASH_GRANULE ? granules : shortest[i]) *
						ASH_GRANULE);
			assert_int_equal(ash_run_of(p)->granules, granules);
			memset(p, 1, size);
			ash_front_free(p);
			assert_true(waits(p));
		}
		q = ash_front_calloc(shortest[i], ASH_GRANULE);
		assert_ptr_equal(q, p);
		for (size_t at = 0; at < shortest[i] * ASH_GRANULE; at += 1000)
			assert_int_equal(((char *)q)[at], 0);
		ash_front_free(q);
	}
	ash_tcache_release();
}

/* Lengths from 9 granules up earn their places two, four, eight at a time. */
static void lengths_earn_together(void **state)
{
	static const unsigned group[] = {33, 40, 36, 34, 39, 35, 37, 38};
	unsigned turn = 0;
	void *p;

	(void)state;
	ash_tcache_release();
	do {
		p = ash_front_malloc(group[turn % 8] * ASH_GRANULE);
		ash_front_free(p);
	} while (!waits(p) && ++turn < 1000);
	assert_in_range(turn, 10, 400);
	for (unsigned g = 33; g <= 40; g++)
		assert_true(ash_runs_keeps(own(), g));
	assert_false(ash_runs_keeps(own(), 32) || ash_runs_keeps(own(), 41));
	ash_tcache_release();
	for (unsigned g = 33; g <= 40; g++)
		assert_false(ash_runs_keeps(own(), g));
}

static void *go_apart(void *unused)
{
	void *p;

	race_check(turns_until_kept(SIZE) != 0);
	race_check(ash_tls.runs == own());
	p = ash_front_malloc(SIZE);
	race_check(ash_thread_set_apart(ash_tls.thread, ASH_APART_COUNTED));
	ash_front_free(p);
	race_check(!waits(p));
	race_check(ash_tls.thread->counted.deallocated >= SIZE);
	return unused;
}

/* A thread whose objects are looked at keeps none. */
static void who_is_apart_keeps_none(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, go_apart, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(race_wrong, 0);
}

/* Freed only, or asked for only: nothing is kept. */
static void what_has_no_turns_is_not_kept(void **state)
{
	void *p[40];

	(void)state;
	ash_tcache_release();
	for (unsigned i = 0; i < 40; i++)
		assert_non_null(p[i] = ash_front_malloc(SIZE));
	for (unsigned i = 0; i < 40; i++)
		ash_front_free(p[i]);
	assert_int_equal(ash_runs_waiting(own()), 0);
	ash_tcache_release();
}

/* Batches: so much may wait as they need, within what there may be. */
static void what_may_wait_grows(void **state)
{
	enum { BATCH = 12 };
	void *p[BATCH];
	size_t clock = 0;

	(void)state;
	ash_tcache_release();
	for (unsigned round = 0; round < 600; round++) {
		if (round == 500)
			clock = ash_account_clock(&ash_heap);
		for (unsigned i = 0; i < BATCH; i++) {
			assert_non_null(p[i] = ash_front_malloc(SIZE));
			memset(p[i], (int)i, SIZE);
		}
		for (unsigned i = 0; i < BATCH; i++) {
			assert_int_equal(*((char *)p[i] + SIZE - 1), i);
			ash_front_free(p[i]);
		}
		assert_true(own()->most <= ash_capacity_runs(ash_tls.thread));
		assert_true(ash_runs_waiting(own()) <= own()->most);
		assert_true(ash_runs_are_valid(own()));
	}
	assert_int_equal(ash_account_clock(&ash_heap), clock);
	assert_int_equal(ash_runs_waiting(own()), BATCH * GRANULES);
	ash_tcache_release();
}

/* Where few wait, what lies lowest comes first, in whatever order they were freed. */
static void few_are_in_order(void **state)
{
	static const unsigned order[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}};
	void *p[3];

	(void)state;
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(p[i] = ash_front_malloc(SIZE));
	for (unsigned n = 0; n < 4; n++) {
		const char *lowest = NULL;

		for (unsigned i = 0; i < 3; i++)
			ash_front_free(p[order[n][i]]);
		assert_int_equal(ash_runs_waiting(own()), 3 * GRANULES);
		for (unsigned i = 0; i < 3; i++) {
			p[i] = ash_front_malloc(SIZE);
			assert_true((uintptr_t)ash_run_of(p[i]) > (uintptr_t)lowest);
			lowest = (const char *)ash_run_of(p[i]);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		ash_front_free(p[i]);
	ash_tcache_release();
}

/* What is not taken in an epoch goes with it. */
static void what_nobody_takes_goes(void **state)
{
	void *p;

	(void)state;
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	ash_runs_age(own(), 1000);
	assert_int_equal(ash_runs_waiting(own()), GRANULES); /* it was asked for in this one */
	for (unsigned i = 0; i < 10; i++) {
		p = ash_front_malloc(SIZE);
		ash_front_free(p);
	}
	ash_runs_age(own(), 1000);
	assert_true(waits(p));
	ash_runs_age(own(), 1000);
	assert_false(waits(p));
	assert_int_equal(ash_runs_waiting(own()), 0);
	/* And all of it, where less may wait. */
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	ash_runs_age(own(), GRANULES - 1);
	assert_int_equal(ash_runs_waiting(own()), 0);
	ash_tcache_release();
}

/* For whoever looks at it the run is free, wherever it is looked at. */
static void it_is_free(void **state)
{
	struct ash_snapshot before, with;
	size_t dirty, in_use;
	char *p;

	(void)state;
	p = kept_one();
	ash_snapshot_take(&before);
	in_use = ash_snapshot_in_use(&before);
	dirty = before.dirty;
	ash_front_free(p);
	assert_true(waits(p));
	assert_int_equal(ash_object_of(p).kind, ASH_OBJECT_FREED);
	assert_int_equal(ash_object_of(p + ASH_GRANULE).kind, ASH_OBJECT_FREED);
	assert_false(ash_large_free_run(&ash_heap, ash_run_of(p)));
	ash_snapshot_take(&with);
	assert_int_equal(ash_snapshot_in_use(&with) + GRANULES * ASH_GRANULE, in_use);
	assert_int_equal(with.dirty, dirty + GRANULES * ASH_GRANULE);
	assert_int_equal(with.held, before.held);
	ash_tcache_release();
}

/* Nobody purges the tail of a run that waits, for it may be handed out meanwhile, and longer;
 * when it is handed out its tail is looked for again. */
static void its_tail_is_left_alone(void **state)
{
	struct ash_run *run, *found;
	char *p;

	(void)state;
	p = kept_one();
	run = ash_run_of(p);
	assert_int_equal(run->seen, 1);
	ash_front_free(p);
	assert_true(waits(p));
	ash_mutex_lock(&ash_heap.pages.lock);
	while ((found = ash_run_tail_begin(ash_run_block(run))) != NULL) {
		assert_ptr_not_equal(found, run);
		ash_run_tail_end(&ash_heap, found);
	}
	ash_mutex_unlock(&ash_heap.pages.lock);
	assert_int_equal(run->busy, 0);
	assert_int_equal(run->seen, 0);
	assert_ptr_equal(ash_front_malloc(SIZE), p);
	assert_int_equal(run->seen, 1);
	ash_front_free(p);
	ash_tcache_release();
}

/* The head of a slab that was on a list is left as a ring of its own, and may be a run's next.
 */
static void a_slab_was_there(void **state)
{
	void *p, *q;

	(void)state;
	p = kept_one();
	ash_list_init(&ash_run_of(p)->link);
	ash_front_free(p);
	assert_true(waits(p));
	assert_true(ash_runs_are_valid(own()));
	assert_ptr_equal(ash_front_malloc(SIZE), p);
	assert_null(own()->list[GRANULES]);
	q = ash_front_malloc(SIZE);
	assert_ptr_not_equal(q, p);
	ash_front_free(p);
	ash_front_free(q);
	ash_tcache_release();
}

/* One that is freed while its tail is being purged does not wait: it goes when that is done. */
static void its_tail_is_purged_first(void **state)
{
	struct ash_run *run, *found;
	size_t in_use;
	char *p;

	(void)state;
	p = kept_one();
	run = ash_run_of(p);
	in_use = ash_account_in_use(&ash_heap);
	ash_mutex_lock(&ash_heap.pages.lock);
	while ((found = ash_run_tail_begin(ash_run_block(run))) != run) {
		assert_non_null(found);
		ash_run_tail_end(&ash_heap, found);
	}
	ash_mutex_unlock(&ash_heap.pages.lock);
	ash_front_free(p);
	assert_false(waits(p));
	assert_int_equal(ash_runs_waiting(own()), 0);
	assert_int_equal(ash_account_in_use(&ash_heap), in_use);
	ash_mutex_lock(&ash_heap.pages.lock);
	ash_run_tail_end(&ash_heap, run);
	ash_mutex_unlock(&ash_heap.pages.lock);
	assert_int_equal(ash_account_in_use(&ash_heap), in_use - GRANULES);
	ash_tcache_release();
}

/* A neighbour that grows gets what is kept behind it, and its own moves fill no cache. */
static void who_grows_comes_first(void **state)
{
	enum { MANY = 40 };
	char *p, *q, *many[MANY];
	unsigned at = 0;

	(void)state;
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(many[i] = ash_front_malloc(SIZE));
	while (at + 1 < MANY && many[at + 1] != many[at] + GRANULES * ASH_GRANULE)
		at++;
	assert_true(at + 1 < MANY); /* two in a row, of which the second is kept */
	p = many[at];
	q = many[at + 1];
	ash_front_free(q);
	assert_true(waits(q));
	assert_ptr_equal(ash_realloc(p, SIZE + 30000), p);
	assert_int_equal(ash_runs_waiting(own()), 0);
	for (unsigned i = 0; i < MANY; i++)
		if (many[i] != q)
			ash_front_free(many[i]);
	ash_tcache_release();
	/* Step by step: each length is freed and none of them kept. */
	p = ash_front_malloc(40000);
	for (unsigned round = 0; round < 400; round++) {
		q = ash_front_malloc(40000);
		for (size_t size = 40000; size < 900000; size += size / 8)
			assert_non_null(q = ash_realloc(q, size));
		assert_int_equal(ash_runs_waiting(own()), 0);
		ash_front_free(q);
		/* (The last length may be kept, having turns like any other.) */
		ash_tcache_runs_flush();
	}
	ash_front_free(p);
	ash_tcache_release();
}

/* Where a limit holds nothing waits, and a request that fails takes what does. */
static void limits_come_first(void **state)
{
	struct ash_relief relief = {.bytes = SIZE};
	void *p;

	(void)state;
	ash_tcache_release();
	ash_store_relaxed(&ash_heap.limits.hard, (size_t)1 << 30);
	assert_int_equal(turns_until_kept(SIZE), 0);
	ash_store_relaxed(&ash_heap.limits.hard, ASH_NO_LIMIT);
	ash_limits_set_dirty_max(&ash_heap, 0);
	assert_int_equal(ash_capacity_runs(ash_tls.thread), 0);
	ash_limits_set_dirty_max(&ash_heap, ASH_NO_LIMIT);
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	/* A bound that more idle memory exceeds than may be. */
	p = ash_front_malloc(3 * SIZE);
	ash_front_free(p);
	p = ash_front_malloc(SIZE);
	ash_limits_set_dirty_max(&ash_heap, ASH_GRANULE);
	ash_front_free(p);
	assert_false(waits(p));
	assert_int_equal(ash_runs_waiting(own()), 0);
	ash_limits_set_dirty_max(&ash_heap, ASH_NO_LIMIT);
	p = kept_one();
	ash_front_free(p);
	assert_true(waits(p));
	assert_true(ash_relief_again(&relief));
	assert_int_equal(ash_runs_waiting(own()), 0);
	ash_tcache_release();
}

/* --- other threads ------------------------------------------------------------------------ */

static uint32_t idle, go_on; /* steps of the two threads; atomic */
static struct ash_thread *idler;

static void *keep_and_idle(void *unused)
{
	turns_until_kept(SIZE);
	for (unsigned i = 0; i < 64; i++) /* more than lie between two looks at the clock */
		ash_tcache_tick(false);
	ash_front_free(ash_front_malloc(SIZE));
	idler = ash_tls.thread;
	ash_store_release(&idle, 1);
	while (ash_load_acquire(&go_on) == 0)
		ash_os_yield();
	return unused;
}

static void an_idle_thread_keeps_none(void **state)
{
	pthread_t thread;
	uint64_t clock_ns;

	(void)state;
	ash_tcache_release();
	assert_int_equal(pthread_create(&thread, NULL, keep_and_idle, NULL), 0);
	while (ash_load_acquire(&idle) == 0)
		ash_os_yield();
	assert_int_equal(ash_runs_waiting(&idler->runs), GRANULES);
	assert_int_equal(ash_thread_waiting_bytes(), GRANULES * ASH_GRANULE);
	clock_ns = (ash_load_relaxed(&idler->epoch) + 4ull) * ASH_EPOCH_NS;
	ash_rounds_tick(clock_ns);
	assert_int_equal(ash_runs_waiting(&idler->runs), 0);
	ash_store_release(&go_on, 1);
	pthread_join(thread, NULL);
	ash_tcache_release();
}

static void *keep_and_leave(void *in_use)
{
	turns_until_kept(SIZE);
	*(size_t *)in_use = ash_account_in_use(&ash_heap);
	return NULL;
}

static void a_thread_leaves_none(void **state)
{
	size_t with = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, keep_and_leave, &with), 0);
	pthread_join(thread, NULL);
	assert_int_equal(ash_account_in_use(&ash_heap), with - GRANULES);
}

/* Owners take and give while another collects, and while tails are purged: what is written into
 * a run stays there. */
#define OWNERS 3u
#define HELD 6u
#define ROUNDS 3000u

static uint32_t owners_done;
static uint64_t kept; /* atomic */

static void swing(uintptr_t me)
{
	static const size_t sizes[] = {2 * ASH_GRANULE + 100, 3 * ASH_GRANULE, SIZE,
				       SIZE + 9000};
	struct ash_prng prng = ash_prng_seeded(me);
	char *p[HELD] = {0};
	size_t size[HELD] = {0};

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = (unsigned)ash_prng_below(&prng, HELD);

		if (p[i] != NULL) {
			mark_check(p[i], me);
			race_check(p[i][size[i] - 1] == (char)me);
			ash_front_free(p[i]);
			ash_add_relaxed(&kept, ash_runs_waiting(own()) != 0);
		}
		size[i] = sizes[ash_prng_below(&prng, 4)];
		p[i] = ash_front_malloc(size[i]);
		race_check(p[i] != NULL);
		mark_own(p[i], me);
		p[i][size[i] - 1] = (char)me;
	}
	for (unsigned i = 0; i < HELD; i++)
		ash_front_free(p[i]);
	ash_add_relaxed(&owners_done, 1);
}

static void add(struct ash_thread *t, void *chain)
{
	struct ash_list **runs = chain;

	*runs = ash_runs_collect(&t->runs, *runs);
}

static void *swing_or_collect(void *number)
{
	if ((uintptr_t)number < OWNERS) {
		swing((uintptr_t)number);
		return NULL;
	}
	for (uint32_t epoch = 1000; ash_load_relaxed(&owners_done) < OWNERS; epoch += 20) {
		struct ash_list *chain = NULL;

		ash_tails_step(&ash_heap, epoch, UINT64_MAX);
		ash_thread_each(add, &chain);
		ash_runs_give_back(chain);
		ash_thread_waiting_bytes();
		for (unsigned i = 0; i < 20; i++)
			ash_os_yield();
	}
	return NULL;
}

/* What others took leaves room, which the owner finds when it needs it. */
static void there_is_room_for_what_went(void **state)
{
	enum { MANY = 12 };
	struct ash_list *chain = NULL;
	void *p[MANY];
	unsigned kept_at_first = 0;

	(void)state;
	ash_tcache_release();
	assert_int_not_equal(turns_until_kept(SIZE), 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(p[i] = ash_front_malloc(SIZE));
	while (ash_front_free(p[kept_at_first]), waits(p[kept_at_first]))
		kept_at_first++;
	assert_in_range(kept_at_first, 2, MANY - 3);
	assert_int_equal(ash_runs_waiting(own()), kept_at_first * GRANULES);
	ash_thread_each(add, &chain);
	ash_runs_give_back(chain);
	assert_int_equal(ash_runs_waiting(own()), 0);
	for (unsigned i = kept_at_first + 1; i < MANY; i++) {
		ash_front_free(p[i]);
		assert_true(i - kept_at_first > kept_at_first || waits(p[i]));
	}
	assert_true(ash_runs_are_valid(own()));
	ash_tcache_release();
}

static void collected_from_busy_owners(void **state)
{
	size_t before;

	(void)state;
	ash_tcache_release();
	before = ash_account_in_use(&ash_heap);
	race(OWNERS + 1, swing_or_collect);
	assert_int_equal(race_wrong, 0);
	assert_true(kept > 0);
	ash_tcache_release();
	assert_int_equal(ash_account_in_use(&ash_heap), before);
}

/* Rounds of work happen where this test asks for them. */
static int up(void **state)
{
	(void)state;
	clock_start();
	ash_front_free(ash_front_malloc(1));
	ash_heap.rounds.background = false;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_earns_its_place),
		cmocka_unit_test(a_longer_one_serves),
		cmocka_unit_test(lengths_earn_together),
		cmocka_unit_test(who_is_apart_keeps_none),
		cmocka_unit_test(what_has_no_turns_is_not_kept),
		cmocka_unit_test(what_may_wait_grows),
		cmocka_unit_test(few_are_in_order),
		cmocka_unit_test(what_nobody_takes_goes),
		cmocka_unit_test(it_is_free),
		cmocka_unit_test(its_tail_is_left_alone),
		cmocka_unit_test(a_slab_was_there),
		cmocka_unit_test(its_tail_is_purged_first),
		cmocka_unit_test(who_grows_comes_first),
		cmocka_unit_test(limits_come_first),
		cmocka_unit_test(an_idle_thread_keeps_none),
		cmocka_unit_test(a_thread_leaves_none),
		cmocka_unit_test(there_is_room_for_what_went),
		cmocka_unit_test(collected_from_busy_owners),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
