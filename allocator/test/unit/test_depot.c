/* The depot under concurrent use: magazines put, got, trimmed and emptied at once. */
#include "test/support/unit.h"

#include <string.h>

#include "cache/depot.h"
#include "cache/magazine.h"
#include "meta/base.h"
#include "slab/shard.h"
#include "test/support/layers.h"
#include "test/support/race.h"

static const unsigned class_of_test[] = {4, 40}; /* 64 and 1,024 bytes */

static uint64_t out(unsigned class)
{
	return ash_shard_at(0)->bin[class].regions_out;
}

/* A full magazine of the capacity in this block, its objects marked as the owner's. */
static void **fill(void **block, unsigned class, unsigned cap, uintptr_t owner)
{
	ash_magazine_clear(block, cap);
	race_check(ash_bin_fill(&ash_shard_at(0)->bin[class], class, 0,
				block + ASH_MAGAZINE_SLOTS, cap) == cap);
	for (unsigned i = 0; i < cap; i++)
		mark_own(block[ASH_MAGAZINE_SLOTS - 1 - i], owner);
	return block;
}

static void change_hands(void **m, uintptr_t from, uintptr_t to)
{
	for (unsigned i = 0; i < ash_magazine_cap(m); i++) {
		mark_check(m[ASH_MAGAZINE_SLOTS - 1 - i], from);
		mark_own(m[ASH_MAGAZINE_SLOTS - 1 - i], to);
	}
}

/* What a list held untouched between two trims goes home, and no more. */
static void low_water_goes_home(void **state)
{
	unsigned class = 40;
	void **m[5], **empty;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		m[i] = fill(ash_magazine_get(), class, 10, 0);
		assert_true(ash_depot_put(class, m[i], &empty));
		assert_null(empty);
	}
	ash_depot_trim(100, NULL, 0); /* an epoch begins with five */
	assert_int_equal(out(class), 50);
	for (unsigned i = 0; i < 2; i++) /* two are used in it, three lie untouched */
		m[i] = ash_depot_get(class, NULL);
	for (unsigned i = 0; i < 2; i++)
		assert_true(ash_depot_put(class, m[i], &empty));
	ash_depot_trim(100, NULL, 0);
	assert_int_equal(out(class), 20);
	assert_int_equal(ash_depot_bytes(), 20 * ash_class_size(class));
	ash_depot_trim(100, NULL, 0); /* now these two lay untouched */
	assert_int_equal(out(class), 0);
	assert_int_equal(ash_depot_bytes(), 0);
}

/* While the heap drains nothing waits, and what waited goes one by one. */
static void a_heap_that_drains_has_none(void **state)
{
	unsigned class = 40;
	void **m[3], **empty;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		m[i] = fill(ash_magazine_get(), class, 10, 0);
		assert_true(i == 2 || ash_depot_put(class, m[i], &empty));
	}
	ash_heap.drain.homing = ash_heap.rounds.epoch + 1;
	for (unsigned left = 2; left-- > 0;) {
		assert_false(ash_depot_put(class, m[2], &empty));
		assert_int_equal(out(class), 10 * (left + 1));
	}
	assert_false(ash_depot_put(class, m[2], &empty));
	assert_int_equal(ash_depot_bytes(), 0);
	ash_heap.rounds.epoch += 2; /* nobody said so again */
	assert_true(ash_depot_put(class, m[2], &empty));
	assert_int_equal(ash_depot_bytes(), 10 * ash_class_size(class));
	ash_heap.drain.homing = 0;
	assert_true(ash_depot_empty());
	assert_int_equal(out(class), 0);
}

static unsigned asked;

static bool second_is_enough(uint64_t ns)
{
	assert_int_equal(ns, 7);
	return ++asked % 2 == 0;
}

/* A call that takes long goes on with what is left another time. */
static void a_trim_ends_when_it_is_told(void **state)
{
	unsigned class = 40;
	void **empty;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_true(
			ash_depot_put(class, fill(ash_magazine_get(), class, 10, 0), &empty));
	ash_depot_trim(100, second_is_enough, 7); /* begins with five */
	assert_int_equal(asked, 0);
	for (unsigned left = 5; left > 1; left -= 2) {
		assert_int_equal(out(class), 10 * left);
		ash_depot_trim(100, second_is_enough, 7);
	}
	assert_int_equal(out(class), 10);
	assert_int_equal(asked, 4);
	ash_depot_trim(100, NULL, 0);
	assert_int_equal(out(class), 0);
}

/* A full one is exchanged for an empty one that was given for another full one. */
static void empties_come_back(void **state)
{
	unsigned class = 4;
	void **a = fill(ash_magazine_get(), class, 8, 0);
	void **b = fill(ash_magazine_get(), class, 8, 0);
	void **block = ash_magazine_get(), **empty;

	(void)state;
	ash_magazine_clear(block, 8);
	assert_true(ash_depot_put(class, a, &empty));
	assert_null(empty);
	assert_ptr_equal(ash_depot_get(class, block), a);
	assert_null(ash_depot_get(class, block)); /* nothing there: the block is not taken */
	assert_true(ash_depot_put(class, b, &empty));
	assert_ptr_equal(empty, block);
	ash_magazine_put(block);
	assert_ptr_equal(ash_depot_get(class, NULL), b);
	ash_magazine_flush(class, a);
	ash_magazine_flush(class, b);
	assert_int_equal(out(class), 0);
}

/* However small the objects are, the lists of a small heap hold no more than 1 MiB of magazines
 * together. */
static void magazines_are_bounded(void **state)
{
	enum { MOST = (1024 << 10) / ASH_MAGAZINE_BYTES };
	unsigned n = 0, class = 1;
	void **m, **empty;

	(void)state;
	while ((m = fill(ash_magazine_get(), class, 4, 0)) != NULL &&
	       ash_depot_put(class, m, &empty)) {
		assert_true(++n <= MOST);
		class = n < MOST / 4 ? 1 : 2;
	}
	assert_int_equal(n, MOST);
	ash_magazine_flush(class, m);
	/* One that is taken makes room for another, of whichever class. */
	m = ash_depot_get(1, NULL);
	assert_non_null(m);
	ash_magazine_flush(1, m);
	assert_true(ash_depot_put(2, fill(ash_magazine_get(), 2, 4, 0), &empty));
	m = fill(ash_magazine_get(), 1, 4, 0);
	assert_false(ash_depot_put(1, m, &empty));
	ash_magazine_flush(1, m);
	for (class = 1; class <= 2; class ++) {
		while ((m = ash_depot_get(class, NULL)) != NULL)
			ash_magazine_flush(class, m);
		assert_int_equal(out(class), 0);
	}
	assert_int_equal(ash_depot_bytes(), 0);
}

/* What a producer no longer needs does not lie at its list for ever. */
static void empties_go_where_nothing_is_full(void **state)
{
	enum { BLOCKS = 100 };
	unsigned class = 4, left = BLOCKS;
	void **m[BLOCKS], **empty;

	(void)state;
	for (unsigned i = 0; i < BLOCKS; i++) {
		m[i] = fill(ash_magazine_get(), class, 8, 0);
		assert_true(ash_depot_put(class, m[i], &empty));
		assert_null(empty);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		void **block = ash_magazine_get();

		ash_magazine_clear(block, 8);
		m[i] = ash_depot_get(class, block);
		assert_non_null(m[i]);
	}
	ash_depot_trim(1000, NULL, 0); /* a bounded part of them */
	ash_depot_trim(1000, NULL, 0);
	for (unsigned i = 0; i < BLOCKS; i++) {
		assert_true(ash_depot_put(class, m[i], &empty));
		left -= empty == NULL;
	}
	assert_int_equal(left, 0);
	assert_true(ash_depot_empty());
	assert_int_equal(out(class), 0);
}

#define ROUNDS 6000u
#define LIES 1000u /* owner of what lies in the depot */
#define FREE 1001u

static void put(unsigned class, void **m, uintptr_t me, void ***spare_block)
{
	void **empty = NULL;

	change_hands(m, me, LIES);
	if (!ash_depot_put(class, m, &empty)) {
		change_hands(m, LIES, FREE);
		ash_magazine_flush(class, m);
		return;
	}
	if (empty == NULL)
		return;
	/* An empty block that came back must be ours alone. */
	memset(empty, (int)me + 1, ASH_MAGAZINE_BYTES);
	if (*spare_block == NULL)
		*spare_block = empty;
	else
		ash_magazine_put(empty);
}

static void get(unsigned class, uintptr_t me, void ***spare_block, bool again)
{
	void **empty = *spare_block, **m;

	if (empty != NULL)
		ash_magazine_clear(empty, 5);
	m = ash_depot_get(class, empty);
	if (m == NULL)
		return;
	*spare_block = NULL;
	change_hands(m, LIES, me);
	ash_delay();
	if (again) {
		put(class, m, me, spare_block);
	} else {
		change_hands(m, me, FREE);
		ash_magazine_flush(class, m);
	}
}

static void *trade(void *number)
{
	uintptr_t me = (uintptr_t)number;
	struct ash_prng prng = ash_prng_seeded(me);
	void **block = NULL;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t r = ash_prng_next(&prng);
		unsigned class = class_of_test[r >> 32 & 1];

		switch (r % 16) {
		case 0:
			ash_depot_trim(3, NULL, 0);
			break;
		case 1:
			if (r % 1024 < 64)
				ash_depot_empty();
			break;
		case 2:
		case 3:
		case 4:
		case 5:
		case 6:
		case 7: {
			unsigned cap = 1 + (unsigned)((r >> 40) % ASH_MAGAZINE_MOST);
			void **m = block != NULL ? block : ash_magazine_get();

			block = NULL;
			put(class, fill(m, class, cap, me), me, &block);
			break;
		}
		default:
			get(class, me, &block, r >> 33 & 1);
		}
	}
	if (block != NULL)
		ash_magazine_put(block);
	return NULL;
}

static void nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	race(RACE_MOST, trade);
	assert_int_equal(race_wrong, 0);
	ash_depot_empty();
	assert_int_equal(ash_depot_bytes(), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(out(class_of_test[i]), 0);
}

/* A magazine of lined objects waits for whoever owns the shard that they come from, whoever put
 * it; one of the common shard's nowhere. */
static void lined_magazines_wait_for_their_owner(void **state)
{
	unsigned class = ash_class_of(48);
	struct ash_shard *own[2] = {NULL, NULL}, *from[4];
	void **m, **empty;

	(void)state;
	from[0] = ash_shard_at(0);
	from[1] = ash_shard_own(&own[0], ash_depot_open);
	from[2] = ash_shard_own(&own[1], ash_depot_open);
	from[3] = ash_shard_common();
	for (unsigned i = 0; i < 4; i++) {
		m = ash_magazine_get();
		ash_magazine_clear(m, 20);
		assert_int_equal(ash_bin_fill(&from[i]->bin[class], class, from[i]->index,
					      m + ASH_MAGAZINE_SLOTS, 20),
				 20);
		assert_int_equal(ash_depot_put(class, m, &empty), i < 3);
		for (unsigned k = i + 1; k < 4; k++) {
			void **got = ash_depot_get_of(from[k], class, NULL);

			assert_null(got);
		}
		if (i == 3)
			ash_magazine_flush(class, m);
	}
	assert_int_equal(ash_depot_items(class), 3 * ASH_MAGAZINE_MOST);
	assert_int_equal(ash_depot_bytes(), 60 * ash_class_size(class));
	m = ash_depot_get_of(own[1], class, NULL);
	assert_non_null(m);
	assert_int_equal(ash_run_of(m[ASH_MAGAZINE_SLOTS - 1])->shard, own[1]->index);
	assert_true(ash_depot_put(class, m, &empty));
	/* A trim and the end of all reach each of them. */
	ash_depot_trim(1000, NULL, 0);
	ash_depot_trim(1, NULL, 0);
	ash_depot_trim(1, NULL, 0);
	assert_int_equal(ash_depot_bytes(), 20 * ash_class_size(class));
	assert_true(ash_depot_empty());
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(from[i]->bin[class].regions_out, 0);
}

static unsigned reports;

static void count_report(const struct ash_misuse *misuse)
{
	assert_int_equal(misuse->kind, ASH_MISUSE_DOUBLE_FREE);
	reports++;
}

/* An object was freed twice, its slab went away between, and its place is one of an owner's
 * slab, whose shard has none of the object's class.  It is reported, and nothing behind the
 * shard's bins or the owner's lists is taken for a bin or a list. */
static void a_place_in_an_owners_slab_is_no_other_class(void **state)
{
	unsigned class = ash_class_of(48), other = ash_class_of(1024);
	void (*hook)(const struct ash_misuse *) = ash_misuse_hook;
	struct ash_shard *own = NULL, *next = NULL;
	void *p[1], *planted, **m = ash_magazine_get(), **empty;
	unsigned char *behind;

	(void)state;
	assert_true(ash_shard_add()); /* where there is one by CPU, nobody asks whose it is */
	ash_shard_own(&own, ash_depot_open);
	behind = ash_base_alloc(4096, ASH_CACHE_LINE);
	ash_shard_own(&next, ash_depot_open); /* its lists lie behind */
	ash_misuse_hook = count_report;
	memset(behind, 1, 4096); /* locks there would be held */
	assert_int_equal(ash_bin_fill(&own->bin[class], class, own->index, p + 1, 1), 1);
	planted = p[0];
	ash_magazine_clear(m, 1);
	m[ASH_MAGAZINE_SLOTS - 1] = planted;
	assert_false(ash_depot_put(other, m, &empty));
	assert_null(ash_depot_get_of(own, other, NULL));
	assert_null(ash_depot_get_of(next, other, NULL));
	ash_magazine_flush(other, m);
	assert_int_equal(reports, 1);
	assert_null(own->inbox);
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(behind[i], 1);
	memset(behind, 0, 4096);
	ash_shard_flush(other, p, 1);
	assert_int_equal(reports, 2);
	/* The place is its owner's still. */
	assert_int_equal(own->bin[class].regions_out, 1);
	p[0] = planted;
	ash_shard_flush(class, p, 1);
	assert_int_equal(own->bin[class].regions_out, 0);
	ash_misuse_hook = hook;
}

static int up(void **state)
{
	if (layers_up(state) != 0)
		return -1;
	ash_depot_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_water_goes_home),
		cmocka_unit_test(a_heap_that_drains_has_none),
		cmocka_unit_test(a_trim_ends_when_it_is_told),
		cmocka_unit_test(empties_come_back),
		cmocka_unit_test(magazines_are_bounded),
		cmocka_unit_test(empties_go_where_nothing_is_full),
		cmocka_unit_test(nothing_is_lost_or_doubled),
		cmocka_unit_test(lined_magazines_wait_for_their_owner),
		cmocka_unit_test(a_place_in_an_owners_slab_is_no_other_class),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
