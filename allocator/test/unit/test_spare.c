/* The spare magazine: its owner swaps it in and out while the ticks of another thread, whose
 * clock runs ahead so that every owner looks idle, collect it. */
#include "test/support/unit.h"

#include <string.h>

#include <ashlar/ashlar.h>

#include "cache/depot.h"
#include "front/front.h"
#include "front/tcache.h"
#include "front/tcache_tick.h"
#include "os/background.h"
#include "os/os.h"
#include "page/heap.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"
#include "test/support/clock.h"
#include "test/support/race.h"
#include "util/epoch.h"

#define OWNERS 4u
#define SIZE 512u
#define HELD 400u /* objects of an owner at most: several magazines */
#define ROUNDS 1000u
#define COLLECTIONS 20u
#define TICKS_MOST 1000u

static uint32_t owners_done, ticks;
static uint64_t collections;

static uint64_t out(void)
{
	unsigned class = ash_class_of(SIZE);
	uint64_t n = 0;

	for (unsigned s = 0; s < ash_shard_count(); s++) {
		const struct ash_bin *bin = ash_shard_bin(s, class);

		n += bin != NULL ? bin->regions_out : 0;
	}
	return n;
}

static bool has_spare(const struct ash_thread *t)
{
	return ash_load_relaxed(&t->classes[ash_class_of(SIZE)].spare) != NULL;
}

/* Swings over several magazines' ends, so that the spare is set and taken all the time. */
static void swing(uintptr_t me)
{
	struct ash_prng prng = ash_prng_seeded(me);
	void *p[HELD];
	unsigned n = 0;

	/* At least until the collector, which may get no CPU for long, has met some. */
	for (unsigned round = 0; round < ROUNDS || ash_load_relaxed(&collections) < COLLECTIONS;
	     round++) {
		unsigned want = (unsigned)ash_prng_below(&prng, HELD);

		for (; n < want; n++) {
			p[n] = ash_front_malloc(SIZE);
			race_check(p[n] != NULL);
			mark_own(p[n], me);
		}
		while (n > want) {
			mark_check(p[--n], me);
			mark_own(p[n], OWNERS);
			ash_front_free(p[n]);
		}
	}
	while (n > 0)
		ash_front_free(p[--n]);
	/* It is idle now: its spare goes, even if the collector had just given it up when the
	 * last one was stored.  A tick does nothing while another owner's own is at work. */
	for (uint32_t from = ash_load_relaxed(&ticks);
	     has_spare(ash_tls.thread) && ash_load_relaxed(&ticks) - from < TICKS_MOST;)
		ash_os_yield();
	race_check(!has_spare(ash_tls.thread));
	ash_add_relaxed(&owners_done, 1);
}

/* --- one idle thread ---------------------------------------------------------------------- */

static uint32_t idle, go_on; /* steps of the two threads; atomic */
static struct ash_thread *idler;
static uint64_t clock_ns;

static void *free_some_and_idle(void *unused)
{
	void *p[HELD];

	(void)unused;
	for (unsigned i = 0; i < HELD; i++)
		p[i] = ash_front_malloc(SIZE);
	for (unsigned i = 0; i < HELD; i++)
		ash_front_free(p[i]);
	for (unsigned i = 0; i < 64; i++) /* more than lie between two looks at the clock */
		ash_tcache_tick(false);
	idler = ash_tls.thread;
	ash_store_release(&idle, 1);
	while (ash_load_acquire(&go_on) == 0)
		ash_os_yield();
	return NULL;
}

static void an_idle_thread_keeps_one_magazine(void **state)
{
	unsigned class = ash_class_of(SIZE);
	pthread_t thread;
	struct ash_class_cache *cc;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, free_some_and_idle, NULL), 0);
	while (ash_load_acquire(&idle) == 0)
		ash_os_yield();
	cc = &idler->classes[class];
	assert_non_null(ash_load_relaxed(&cc->spare));
	/* Not idle yet: its last tick is an epoch ago. */
	clock_ns = (ash_load_relaxed(&idler->epoch) + 1ull) * ASH_EPOCH_NS;
	ash_rounds_tick(clock_ns);
	assert_non_null(ash_load_relaxed(&cc->spare));
	clock_ns += 3ull * ASH_EPOCH_NS;
	ash_rounds_tick(clock_ns);
	assert_null(ash_load_relaxed(&cc->spare));
	ash_depot_empty();
	assert_in_range(out(), 1, ASH_MAGAZINE_MOST);
	ash_store_release(&go_on, 1);
	pthread_join(thread, NULL);
	ash_tcache_release();
	assert_int_equal(out(), 0);
}

/* --- many idle ones ----------------------------------------------------------------------- */

#define MANY 300u

#define SWINGS_MOST 10u

static pthread_barrier_t rest;
static struct ash_thread *one;
static unsigned swings;

static void swing_once(void)
{
	void *p[HELD];

	for (unsigned i = 0; i < HELD; i++)
		p[i] = ash_front_malloc(SIZE);
	for (unsigned i = 0; i < HELD; i++)
		ash_front_free(p[i]);
}

/* All work at first, and then the first of them once more. */
static void *work_and_rest(void *number)
{
	swing_once();
	pthread_barrier_wait(&rest);
	pthread_barrier_wait(&rest);
	if (number == NULL) {
		one = ash_tls.thread;
		do /* its own tick, of an epoch that ends just now, may take the spare */
			swing_once();
		while (!has_spare(one) && ++swings < SWINGS_MOST);
	}
	pthread_barrier_wait(&rest);
	pthread_barrier_wait(&rest);
	return NULL;
}

static void epoch(void)
{
	clock_ns += 10u * ASH_EPOCH_NS;
	ash_rounds_tick(clock_ns);
}

/* An epoch looks at each idle thread until it has what the thread could do without, and then at
 * those that did something since. */
static void idle_threads_are_looked_at_no_more(void **state)
{
	pthread_attr_t small;
	pthread_t thread[MANY];
	unsigned epochs = 0;

	(void)state;
	/* So far ahead that no tick of a thread's own begins an epoch. */
	clock_ns += 1000000ull * ASH_EPOCH_NS;
	epoch();
	pthread_barrier_init(&rest, NULL, MANY + 1);
	pthread_attr_init(&small);
	assert_int_equal(pthread_attr_setstacksize(&small, (size_t)256 << 10), 0);
	for (uintptr_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&thread[i], &small, work_and_rest, (void *)i),
				 0);
	pthread_barrier_wait(&rest);
	epoch();
	assert_true(ash_heap.rounds.visited >= MANY);
	/* 64 spares are taken in an epoch. */
	do
		epoch();
	while (ash_heap.rounds.visited > 1 && ++epochs < MANY);
	assert_true(epochs <= MANY / 64 + 2);
	pthread_barrier_wait(&rest);
	pthread_barrier_wait(&rest);
	assert_true(has_spare(one));
	epoch();
	assert_in_range(ash_heap.rounds.visited, 1, 2);
	assert_false(has_spare(one));
	pthread_barrier_wait(&rest);
	for (unsigned i = 0; i < MANY; i++)
		pthread_join(thread[i], NULL);
	ash_tcache_release();
	ash_depot_empty();
	assert_int_equal(out(), 0);
}

/* --- busy ones ---------------------------------------------------------------------------- */

static bool there_is_one;

static void look(struct ash_thread *t, void *argument)
{
	const struct ash_thread *own = argument;

	there_is_one |= t != own && has_spare(t);
}

static void collect(void)
{
	ash_front_free(ash_front_malloc(1)); /* a record of its own */
	while (ash_load_relaxed(&owners_done) < OWNERS) {
		there_is_one = false;
		ash_thread_each(look, ash_tls.thread);
		ash_owned_add(&collections, there_is_one);
		clock_ns += 10u * ASH_EPOCH_NS;
		ash_rounds_tick(clock_ns);
		ash_add_relaxed(&ticks, 1);
		ash_thread_cached_bytes(); /* looks into the magazines of running threads */
		ash_os_yield();
	}
}

static void *own_or_collect(void *number)
{
	if ((uintptr_t)number < OWNERS)
		swing((uintptr_t)number);
	else
		collect();
	return NULL;
}

static void ticks_take_spares_from_busy_owners(void **state)
{
	(void)state;
	clock_ns += (uint64_t)1000 * ASH_EPOCH_NS;
	race(OWNERS + 1, own_or_collect);
	assert_int_equal(race_wrong, 0);
	assert_true(collections >= COLLECTIONS);
	ash_tcache_release();
	assert_int_equal(out(), 0);
}

/* Whether the background thread would sleep until it is woken, some time or other. */
static bool rests(void)
{
	for (unsigned i = 0; i < 100; i++) {
		clock_advance_ms(1000);
		if (ash_background_hook() == 0)
			return true;
	}
	return false;
}

/* What the account leaves undone is left: the thread waits for it, and does not rest. */
static void work_left_by_the_account(void **state)
{
	(void)state;
	clock_time_ns = clock_ns; /* the ticks' clock goes on as everybody's */
	clock_start();
	ash_heap.rounds.alone = true; /* else it ends: the program has one thread again */
	assert_true(rests());
	ash_heap.purge.dirty.credit_ns = -(int64_t)1000000000000;
	assert_false(rests());
	ash_heap.purge.dirty.credit_ns = 1;
	assert_true(rests());
}

/* Rounds of work happen where this test asks for them. */
static int up(void **state)
{
	(void)state;
	ASH_API(free)(ASH_API(malloc)(1));
	ash_heap.rounds.background = false;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_thread_keeps_one_magazine),
		cmocka_unit_test(idle_threads_are_looked_at_no_more),
		cmocka_unit_test(ticks_take_spares_from_busy_owners),
		cmocka_unit_test(work_left_by_the_account),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
