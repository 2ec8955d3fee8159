/* Large objects are counted by size, by whoever takes them and gives them back. */
#include "test/support/unit.h"

#include <string.h>

#include "cache/larges.h"
#include "front/front.h"
#include "front/tcache.h"
#include "os/os.h"
#include "page/large.h"
#include "test/support/race.h"

#define SIZE ((size_t)100000)
#define HUGE ((size_t)40 << 20) /* of a size that stands in no record */

static struct ash_large_count of(size_t size)
{
	struct ash_large_count all[ASH_LARGE_SIZES], sum = ash_larges_sum();
	uint64_t nmalloc = 0, ndalloc = 0;

	ash_larges_read(all);
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		assert_true(all[i].nmalloc >= all[i].ndalloc);
		nmalloc += all[i].nmalloc;
		ndalloc += all[i].ndalloc;
	}
	assert_int_equal(sum.nmalloc, nmalloc);
	assert_int_equal(sum.ndalloc, ndalloc);
	return all[ash_large_size_above(ash_large_usable(size))];
}

static void assert_changed(size_t size, struct ash_large_count before, unsigned came,
			   unsigned went)
{
	struct ash_large_count now = of(size);

	assert_int_equal(now.nmalloc - before.nmalloc, came);
	assert_int_equal(now.ndalloc - before.ndalloc, went);
}

/* Whether the pages serve it, the cache of mappings or the thread's own runs. */
static void each_counts_once(void **state)
{
	static const size_t sizes[] = {33000, SIZE, 1 << 20, 3 << 20, HUGE};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ash_large_count before = of(sizes[i]);
		unsigned turns = sizes[i] < HUGE ? 600 : 2;

		for (unsigned n = 0; n < turns; n++) {
			void *p = ash_front_malloc(sizes[i]);

			assert_non_null(p);
			if (n == 0 || n == turns - 1)
				assert_changed(sizes[i], before, n + 1, n);
			ash_front_free(p);
		}
		assert_changed(sizes[i], before, turns, turns);
	}
	ash_tcache_release();
}

static void *given; /* atomic */

static void *take_one(void *unused)
{
	void *p = ash_front_malloc(SIZE);

	(void)unused;
	ash_store_release(&given, p);
	return NULL;
}

/* What a thread counted stays when it ends, and its record's next goes on from there; another
 * may give back what it took. */
static void threads_leave_their_counts(void **state)
{
	struct ash_large_count before = of(SIZE);

	(void)state;
	for (unsigned n = 0; n < 5; n++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, take_one, NULL), 0);
		pthread_join(thread, NULL);
		assert_changed(SIZE, before, n + 1, n);
		assert_non_null(given);
		ash_front_free(given);
		assert_changed(SIZE, before, n + 1, n + 1);
	}
}

static pthread_key_t key;

static void after_its_end(void *again)
{
	if (ash_tls.phase != ASH_THREAD_DEAD) {
		pthread_setspecific(key, again); /* ours is still to come */
		return;
	}
	race_check(ash_tls.thread == NULL);
	ash_front_free(ash_front_malloc(SIZE));
	ash_front_free(ash_front_malloc(HUGE));
}

static void *end_slowly(void *key_value)
{
	pthread_setspecific(key, &key);
	ash_front_free(ash_front_malloc(SIZE));
	return key_value;
}

static void without_a_record_too(void **state)
{
	struct ash_large_count before = of(SIZE), huge = of(HUGE);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_key_create(&key, after_its_end), 0);
	assert_int_equal(pthread_create(&thread, NULL, end_slowly, NULL), 0);
	pthread_join(thread, NULL);
	assert_changed(SIZE, before, 2, 2);
	assert_changed(HUGE, huge, 1, 1);
	assert_int_equal(race_wrong, 0);
}

/* --- while they are at it ----------------------------------------------------------------- */

#define ROUNDS 4000u

static uint32_t done;

static void *take_and_hand_over(void *unused)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		void *p = ash_front_malloc(SIZE), *none = NULL;

		while (!ash_cas_acq_rel(&given, &none, p)) {
			none = NULL;
			ash_cpu_relax();
		}
	}
	ash_store_release(&done, 1);
	return unused;
}

static void *give_back(void *unused)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		void *p;

		while ((p = ash_exchange_acq_rel(&given, NULL)) == NULL)
			ash_cpu_relax();
		ash_front_free(p);
	}
	return unused;
}

static void *look(void *unused)
{
	static struct ash_large_count all[ASH_LARGE_SIZES];

	while (ash_load_acquire(&done) == 0) {
		ash_larges_read(all);
		for (unsigned i = 0; i < ASH_LARGE_SIZES; i++)
			race_check(all[i].nmalloc >= all[i].ndalloc);
		ash_os_yield();
	}
	return unused;
}

static void *one_of_three(void *number)
{
	return (uintptr_t)number == 0   ? take_and_hand_over(NULL)
	       : (uintptr_t)number == 1 ? give_back(NULL)
					: look(NULL);
}

static void none_goes_before_it_came(void **state)
{
	struct ash_large_count before = of(SIZE);

	(void)state;
	given = NULL;
	race(3, one_of_three);
	assert_int_equal(race_wrong, 0);
	assert_changed(SIZE, before, ROUNDS, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_counts_once),
		cmocka_unit_test(threads_leave_their_counts),
		cmocka_unit_test(without_a_record_too),
		cmocka_unit_test(none_goes_before_it_came),
	};

	ash_front_free(ash_front_malloc(1));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
