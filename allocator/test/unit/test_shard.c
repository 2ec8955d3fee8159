/* How many shards there may be: as many as CPUs that the process may use, whatever the machine
 * has. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>

#include "test/support/unit.h"

#include "meta/window.h"
#include "os/os.h"
#include "page/heap.h"
#include "slab/shard.h"

static unsigned first_cpu;

/* The mask is read by the number of its bits, not by the highest. */
static void affinity_bounds_the_cpus(void **state)
{
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_true(ash_os_usable_cpus() <= (unsigned)CPU_COUNT(&all));
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		first_cpu = cpu; /* the last in the end */
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		assert_int_equal(ash_os_usable_cpus(), 1);
		assert_int_equal(ash_os_current_cpu(), cpu);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void one_cpu_has_one_shard(void **state)
{
	cpu_set_t one;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(first_cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_true(ash_shard_init(0));
	assert_false(ash_shard_add());
	assert_int_equal(ash_shard_count(), 1);
	assert_ptr_equal(ash_shard_for_cpu(first_cpu), ash_shard_at(0));
}

/* A bound from the options stands, also above the CPUs. */
static void the_bound_is_kept(void **state)
{
	(void)state;
	assert_true(ash_shard_init(3));
	assert_true(ash_shard_add());
	assert_true(ash_shard_add());
	assert_false(ash_shard_add());
	assert_int_equal(ash_shard_count(), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ash_shard_at(i)->index, i);
		/* CPUs far above the count of shards have one, too. */
		assert_ptr_equal(ash_shard_for_cpu(i + 300), ash_shard_at(i));
	}
}

static unsigned opened;

static void open_next(unsigned owned)
{
	assert_int_equal(owned, ++opened);
}

/* Each gets one of its own as long as there are some, then the one with the fewest owners. */
static void owners(void **state)
{
	static struct ash_shard *own[ASH_SHARDS_OWNED + 2];
	struct ash_shard *first = NULL, *second = NULL;

	(void)state;
	assert_true(ash_shard_init(2));
	ash_shard_own_idle(&first);
	assert_ptr_equal(first, ash_shard_at(0));
	ash_shard_own_idle(&second);
	assert_null(second);
	assert_true(ash_shard_is_one(1));
	assert_ptr_not_equal(ash_shard_common(), first);
	assert_ptr_equal(ash_shard_common(), ash_shard_common());
	assert_false(ash_shard_is_one(ash_class_of(48)));
	assert_true(ash_shard_is_one(ash_class_of(64)));
	for (unsigned i = 0; i < ASH_SHARDS_OWNED + 2; i++) {
		assert_non_null(ash_shard_own(&own[i], open_next));
		assert_true(ash_shard_is_valid(own[i]));
		for (unsigned k = 0; k < i && i < ASH_SHARDS_OWNED; k++)
			assert_ptr_not_equal(own[k], own[i]);
	}
	assert_int_equal(opened, ASH_SHARDS_OWNED);
	assert_int_equal(ash_shard_count(), ASH_SHARDS_OWNED + 2);
	assert_int_equal(ash_shard_count_by_cpu(), 1);
	assert_ptr_not_equal(own[ASH_SHARDS_OWNED], own[ASH_SHARDS_OWNED + 1]);
	/* What nobody owns goes to the next, with what it holds. */
	first = own[5];
	ash_shard_disown(&own[5]);
	assert_null(own[5]);
	assert_ptr_equal(ash_shard_own(&own[5], open_next), first);
	assert_int_equal(first->users, 1);
	first = ash_shard_at(0);
	ash_shard_disown(&first);
	assert_null(first);
	ash_shard_disown(&first); /* nothing */
	/* A thread that begins gets one that there is, the first before others. */
	first = own[7];
	ash_shard_disown(&own[7]);
	ash_shard_own_idle(&second);
	assert_ptr_equal(second, ash_shard_at(0));
	ash_shard_own_idle(&own[7]);
	assert_ptr_equal(own[7], first);
	second = NULL;
	ash_shard_own_idle(&second);
	assert_null(second);
}

/* With one CPU all is one: lines that nobody else touches at the same time cost nothing. */
static void one_shard_is_everybodys(void **state)
{
	struct ash_shard *first = NULL, *own = NULL;

	(void)state;
	assert_true(ash_shard_init(1));
	ash_shard_own_idle(&first);
	assert_ptr_equal(first, ash_shard_at(0));
	assert_null(ash_shard_own(&own, open_next));
	assert_null(own);
	assert_ptr_equal(ash_shard_common(), ash_shard_at(0));
	assert_int_equal(ash_shard_count(), 1);
}

static int up(void **state)
{
	(void)state;
	ash_os_init();
	ash_heap_init(&ash_heap);
	return ash_window_init((uint64_t)16 << 30) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(affinity_bounds_the_cpus),
		cmocka_unit_test(one_cpu_has_one_shard),
		cmocka_unit_test(the_bound_is_kept),
		cmocka_unit_test(one_shard_is_everybodys),
		cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests(tests, up, NULL);
}
