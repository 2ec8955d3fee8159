/* What is found in the caches that ought not to lie there. */
#include "test/support/unit.h"

#include <pthread.h>

#include "cache/depot.h"
#include "cache/doubles.h"
#include "front/front.h"
#include "front/tcache.h"
#include "util/atomic.h"
#include "util/misuse_hook.h"

static void *item[2 * ASH_DOUBLES_LOOKED_AT];

/* So many objects of the size, freed in their order; they stay in the caches. */
static void cache_many(size_t size, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		item[i] = ash_front_malloc(size);
		assert_non_null(item[i]);
	}
	for (unsigned i = 0; i < n; i++)
		ash_front_free(item[i]);
}

static unsigned found(const void *p)
{
	struct ash_misuse misuse[4];
	unsigned n = ash_doubles_find(misuse, 4);

	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(misuse[i].kind, ASH_MISUSE_DOUBLE_FREE);
		assert_ptr_equal(misuse[i].pointer, p);
	}
	return n;
}

/* Frees it again, looks, and takes it out of the thread's magazine. */
static unsigned found_again(void *p, size_t size)
{
	unsigned class = ash_class_of(size), n;

	ash_front_free(p);
	assert_ptr_equal(*ash_tls.top[class], p);
	n = found(p);
	ash_tls.top[class]--;
	return n;
}

static void nothing_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(found(NULL), 0);
	for (size_t size = 1; size <= ASH_SMALL_MAX; size += size / 8 + 1)
		cache_many(size, 300);
	assert_int_equal(found(NULL), 0);
	ash_tcache_release();
	assert_int_equal(found(NULL), 0);
}

static void a_double_is_found_at_any_depth(void **state)
{
	static const unsigned depths[] = {3, 60, 130, 4000};

	(void)state;
	for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		cache_many(200, depths[i]);
		assert_int_equal(found_again(item[0], 200), 1);
		assert_int_equal(found(NULL), 0);
		cache_many(20, depths[i]);
		assert_int_equal(found_again(item[0], 20), 1);
		ash_tcache_release();
	}
}

/* Beyond the bound nothing is looked at: what was freed first lies deepest. */
static void the_look_is_bounded(void **state)
{
	unsigned n = ASH_DOUBLES_LOOKED_AT + 1000;
	void *large[64];

	(void)state;
	/* In a small heap one list never holds so many. */
	for (unsigned i = 0; i < 64; i++)
		large[i] = ash_front_malloc((size_t)1 << 20);
	cache_many(16, n);
	assert_true(ash_depot_items(ash_class_of(16)) > ASH_DOUBLES_LOOKED_AT);
	assert_int_equal(found_again(item[0], 16), 0);
	assert_int_equal(found_again(item[n - 4000], 16), 1);
	for (unsigned i = 0; i < 64; i++)
		ash_front_free(large[i]);
	ash_tcache_release();
}

static pthread_barrier_t barrier;

static void *hold_depot(void *class)
{
	assert_true(ash_depot_try_lock(0, (unsigned)(uintptr_t) class));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	ash_depot_unlock(0, (unsigned)(uintptr_t) class);
	return NULL;
}

/* It waits for nobody: what is locked is left out. */
static void what_is_locked_is_left_out(void **state)
{
	uintptr_t class = ash_class_of(400);
	pthread_t thread;

	(void)state;
	cache_many(400, 2000);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, hold_depot, (void *)class), 0);
	pthread_barrier_wait(&barrier);
	assert_int_equal(found_again(item[0], 400), 0);
	assert_int_equal(found_again(item[1990], 400), 1);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	assert_int_equal(found_again(item[0], 400), 1);
	ash_tcache_release();
}

enum { HELD = 40 };
static void *held[HELD];

/* In the order that leaves none of them to be compared with the last two. */
static void *free_and_wait(void *unused)
{
	for (unsigned i = 0; i < HELD; i++)
		ash_front_free(held[i]);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return unused;
}

/* What lies here and in the magazine of a thread that runs, where the machine lets that be
 * read; where it does not, it is no proof. */
static void magazines_of_running_threads(void **state)
{
	bool readable = ash_doubles_of_running;
	pthread_t thread;

	(void)state;
	assert_int_equal(readable, ASH_TOTAL_STORE_ORDER);
	cache_many(24, 500);
	for (unsigned i = 0; i < HELD; i++)
		held[i] = ash_front_malloc(24);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, free_and_wait, NULL), 0);
	pthread_barrier_wait(&barrier);
	for (int can = 0; can < 2; can++) {
		ash_doubles_of_running = can;
		assert_int_equal(found_again(held[HELD / 2], 24), can);
	}
	ash_doubles_of_running = readable;
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	ash_tcache_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong),
		cmocka_unit_test(a_double_is_found_at_any_depth),
		cmocka_unit_test(the_look_is_bounded),
		cmocka_unit_test(what_is_locked_is_left_out),
		cmocka_unit_test(magazines_of_running_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
