/* A shard's inbox under concurrent use: as a stack of batches, and as the way home of objects
 * whose bins are busy. */
#include "test/support/unit.h"

#include <string.h>

#include "cache/depot.h"
#include "cache/magazine.h"
#include "page/large.h"
#include "reclaim/rounds.h"
#include "slab/inbox.h"
#include "test/support/layers.h"
#include "test/support/race.h"
#include "util/misuse_hook.h"

/* --- the stack alone ------------------------------------------------------------------- */

#define PUSHERS 4u
#define TAKERS 2u
#define BATCHES 16u /* of one pusher, used again and again: the same addresses come back */
#define PUSHES 10000u

struct batch {
	void *link;
	uintptr_t pusher, sequence;
	uint32_t home; /* atomic: the pusher may use it */
} __attribute__((aligned(512)));

static struct ash_shard shard;
static struct batch batches[PUSHERS][BATCHES];
static uint8_t seen[PUSHERS][PUSHES]; /* atomic: how often a push came out */
static uint32_t pushers_done;

static void push_many(uintptr_t me)
{
	for (uintptr_t n = 0; n < PUSHES; n++) {
		struct batch *b = &batches[me][n % BATCHES];

		while (ash_load_acquire(&b->home) == 0)
			ash_os_yield();
		ash_store_relaxed(&b->home, 0);
		b->link = (void *)(uintptr_t)(7 * me + 3);
		b->pusher = me;
		b->sequence = n;
		ash_inbox_push(&shard, (void **)b);
	}
	ash_add_relaxed(&pushers_done, 1);
}

/* Of one pusher a list holds the later batch first. */
static void take_one_list(void)
{
	uintptr_t before[PUSHERS];
	void **list = ash_inbox_take(&shard);

	for (unsigned i = 0; i < PUSHERS; i++)
		before[i] = PUSHES;
	while (list != NULL) {
		struct batch *b = (struct batch *)list;

		list = ash_magazine_unlink(list);
		race_check((uintptr_t)b->link == 7 * b->pusher + 3);
		race_check(b->sequence < before[b->pusher]);
		before[b->pusher] = b->sequence;
		ash_add_relaxed(&seen[b->pusher][b->sequence], 1);
		ash_store_release(&b->home, 1);
	}
}

static void *push_or_take(void *number)
{
	if ((uintptr_t)number < PUSHERS) {
		push_many((uintptr_t)number);
		return NULL;
	}
	while (ash_load_relaxed(&pushers_done) < PUSHERS) {
		take_one_list();
		ash_os_yield();
	}
	return NULL;
}

static void every_batch_comes_out_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PUSHERS; i++)
		for (unsigned k = 0; k < BATCHES; k++)
			batches[i][k].home = 1;
	race(PUSHERS + TAKERS, push_or_take);
	take_one_list();
	assert_null(ash_inbox_take(&shard));
	assert_int_equal(race_wrong, 0);
	for (unsigned i = 0; i < PUSHERS; i++)
		for (unsigned n = 0; n < PUSHES; n++)
			assert_int_equal(seen[i][n], 1);
}

/* --- objects ----------------------------------------------------------------------------- */

#define CLASS 20u /* 320 bytes */
#define CAP ASH_MAGAZINE_MOST

static void **full_magazine(unsigned from)
{
	void **m = ash_magazine_get();

	assert_non_null(m);
	ash_magazine_clear(m, CAP);
	assert_int_equal(ash_bin_fill(&ash_shard_at(from)->bin[CLASS], CLASS, from,
				      m + ASH_MAGAZINE_SLOTS, CAP),
			 CAP);
	return m;
}

static uint64_t out(unsigned of)
{
	return ash_shard_at(of)->bin[CLASS].regions_out;
}

static uint32_t held, let_go;

static void *hold_the_bin(void *number)
{
	struct ash_mutex *lock = &ash_shard_at((unsigned)(uintptr_t)number)->bin[CLASS].lock;

	ash_mutex_lock(lock);
	ash_store_release(&held, 1);
	while (ash_load_acquire(&let_go) == 0)
		ash_os_yield();
	ash_mutex_unlock(lock);
	return NULL;
}

static void flush_while_busy(void **m, unsigned of)
{
	pthread_t holder;

	held = let_go = 0;
	assert_int_equal(pthread_create(&holder, NULL, hold_the_bin, (void *)(uintptr_t)of), 0);
	while (ash_load_acquire(&held) == 0)
		ash_os_yield();
	ash_magazine_flush(CLASS, m);
	ash_store_release(&let_go, 1);
	pthread_join(holder, NULL);
}

/* Of a magazine with objects of two shards one goes home at once; the other shard's bin is
 * locked, so its objects wait in its inbox, and nobody waited for the lock. */
static void a_busy_shard_gets_its_objects_later(void **state)
{
	void **a = full_magazine(0), **b = full_magazine(1);

	(void)state;
	for (unsigned i = 0; i < CAP; i += 2) {
		void *p = a[ASH_MAGAZINE_SLOTS - 1 - i];

		a[ASH_MAGAZINE_SLOTS - 1 - i] = b[ASH_MAGAZINE_SLOTS - 1 - i];
		b[ASH_MAGAZINE_SLOTS - 1 - i] = p;
	}
	assert_int_equal(out(0), CAP);
	assert_int_equal(out(1), CAP);
	flush_while_busy(a, 1);
	assert_non_null(ash_load_relaxed(&ash_shard_at(1)->inbox));
	assert_null(ash_load_relaxed(&ash_shard_at(0)->inbox));
	assert_int_equal(out(0), CAP / 2);
	assert_int_equal(out(1), CAP);
	ash_rounds_inbox(ash_shard_at(1));
	assert_int_equal(out(1), CAP / 2);
	assert_null(ash_load_relaxed(&ash_shard_at(1)->inbox));
	ash_magazine_flush(CLASS, b);
	assert_int_equal(out(0), 0);
	assert_int_equal(out(1), 0);
}

static const void *told;
static unsigned reports;

static void note_report(const struct ash_misuse *misuse)
{
	assert_int_equal(misuse->kind, ASH_MISUSE_DOUBLE_FREE);
	told = misuse->pointer;
	reports++;
}

/* One of a batch that waits was freed by another thread as well, and its place serves `stale`
 * by now.  It alone is reported, and the others go home. */
static void one_is_stale(unsigned slot, void *stale)
{
	void **batch, *p;

	flush_while_busy(full_magazine(1), 1);
	batch = ash_shard_at(1)->inbox;
	assert_non_null(batch);
	p = batch[slot];
	batch[slot] = stale;
	reports = 0;
	ash_rounds_inbox(ash_shard_at(1));
	assert_int_equal(reports, 1);
	assert_ptr_equal(told, stale);
	assert_int_equal(out(1), 1);
	ash_shard_flush(CLASS, &p, 1);
	assert_int_equal(out(1), 0);
}

static void an_object_freed_before_spoils_no_others(void **state)
{
	static const unsigned slots[] = {ASH_MAGAZINE_SLOTS - CAP, ASH_MAGAZINE_SLOTS - CAP / 2,
					 ASH_MAGAZINE_SLOTS - 1};
	unsigned other = CLASS + 3;
	void (*hook)(const struct ash_misuse *) = ash_misuse_hook;
	void *small, *large;
	bool zeroed;

	(void)state;
	assert_int_equal(ash_bin_fill(&ash_shard_at(1)->bin[other], other, 1, &small + 1, 1),
			 1);
	large = ash_large_alloc(&ash_heap, 200000, 16, &zeroed);
	assert_non_null(large);
	ash_misuse_hook = note_report;
	for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		one_is_stale(slots[i], small);
		one_is_stale(slots[i], large);
	}
	ash_misuse_hook = hook;
	ash_shard_flush(other, &small, 1);
	assert_true(ash_large_free_run(&ash_heap, ash_run_of(large)));
}

#define SLOTS 512u
#define ROUNDS 1500u
#define LIES SLOTS /* owner of what lies in a slot */

static void *slots[SLOTS]; /* atomic */

/* Fills from its own shard, mixes by way of the slots, and flushes what it then has. */
static void *mix_and_flush(void *number)
{
	uintptr_t me = (uintptr_t)number;
	unsigned own = (unsigned)me % ash_shard_count();
	struct ash_prng prng = ash_prng_seeded(me);

	for (unsigned round = 0; round < ROUNDS; round++) {
		void **m = ash_magazine_get(), **items = m + ASH_MAGAZINE_SLOTS - CAP;
		unsigned got = ash_bin_fill(&ash_shard_at(own)->bin[CLASS], CLASS, own,
					    items + CAP, CAP);

		race_check(got == CAP);
		for (unsigned i = 0; i < got; i++) {
			void *p;

			mark_own(items[i], LIES);
			p = ash_exchange_acq_rel(&slots[ash_prng_below(&prng, SLOTS)],
						 items[i]);
			if (p == NULL) { /* the slot was empty: another object in its place */
				ash_bin_fill(&ash_shard_at(own)->bin[CLASS], CLASS, own, &p + 1,
					     1);
				mark_own(p, LIES);
			}
			mark_check(p, LIES);
			mark_own(p, me);
			items[i] = p;
		}
		ash_delay();
		for (unsigned i = 0; i < got; i++) {
			mark_check(items[i], me);
			mark_own(items[i], SLOTS + 1);
		}
		ash_magazine_clear(m, CAP); /* below the items */
		ash_magazine_flush(CLASS, m);
		if (ash_prng_below(&prng, 4) == 0)
			ash_rounds_inbox(ash_shard_at(own));
	}
	return NULL;
}

static void nothing_is_lost_or_doubled(void **state)
{
	unsigned left = 0;

	(void)state;
	race(RACE_MOST, mix_and_flush);
	assert_int_equal(race_wrong, 0);
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i] != NULL)
			slots[left++] = slots[i];
	for (unsigned s = 0; s < ash_shard_count(); s++)
		ash_rounds_inbox(ash_shard_at(s));
	assert_int_equal(out(0) + out(1) + out(2) + out(3), left);
	ash_shard_flush(CLASS, slots, left);
	for (unsigned s = 0; s < ash_shard_count(); s++)
		assert_int_equal(out(s), 0);
}

static int up(void **state)
{
	if (layers_up(state) != 0)
		return -1;
	while (ash_shard_add())
		;
	return ash_shard_count() == 4 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_batch_comes_out_once),
		cmocka_unit_test(a_busy_shard_gets_its_objects_later),
		cmocka_unit_test(an_object_freed_before_spoils_no_others),
		cmocka_unit_test(nothing_is_lost_or_doubled),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
