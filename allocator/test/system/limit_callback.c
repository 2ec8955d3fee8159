/*
 * The callback that is told of the limits on what is held: once for each crossing, under no
 * lock, whatever it does itself.  Linked to the library's own objects, so that options can be
 * set and counters read in one process.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cache/depot.h"
#include "meta/size_class.h"
#include "os/delay.h"
#include "page/growth.h"
#include "page/heap.h"
#include "page/limits.h"
#include "test/support/clock.h"

#define MIB ((size_t)1 << 20)

#define held FAMILY(held)
#define set_limit FAMILY(set_limit)
#define set_limit_callback FAMILY(set_limit_callback)

static struct {
	unsigned soft, hard;
	size_t held;
	void *reserve; /* what the program can do without */
} told;

static void listen(int which, size_t now, size_t limit, void *argument)
{
	CHECK(argument == &told, "another argument");
	CHECK(which == ASHLAR_LIMIT_SOFT || which == ASHLAR_LIMIT_HARD, "which = %d", which);
	told.held = now;
	if (which == ASHLAR_LIMIT_SOFT) {
		told.soft++;
		CHECK(now > limit - MIB, "told at %zu of %zu", now, limit);
		/* Under no lock: everything may be called, and a log line allocates. */
		for (size_t n = 1; n < 4 * MIB; n = n * 3 / 2 + 1)
			m.free(m.realloc(m.calloc(1, n), n * 2));
		m.trim(0);
	} else {
		told.hard++;
		family_free_list(told.reserve);
		told.reserve = NULL;
	}
	errno = MARK + 1;
}

static void soft_limit(void)
{
	size_t count, start;
	void *list, *more;

	m.free(m.malloc(100));
	start = held();
	CHECK(set_limit_callback(listen, &told) == 0, "set_limit_callback");
	set_limit(ASHLAR_LIMIT_SOFT, start + 32 * MIB);
	list = family_take_list(1000, 20 * MIB, &count);
	CHECK(told.soft == 0, "told below the limit");
	more = family_take_list(1000, 20 * MIB, &count);
	CHECK(count == (20 * MIB + 999) / 1000, "a soft limit refuses");
	CHECK(told.soft == 1, "told %u times", told.soft);
	errno = MARK;
	list = (family_free_list(list), NULL);
	family_free_list(more);
	/* Above the limit nothing free stays, below it is as ever. */
	for (unsigned i = 0; i < 3; i++) {
		list = family_take_list(100000, 40 * MIB, &count);
		CHECK(told.soft == 2 + i, "crossed %u times, told %u times", 2 + i, told.soft);
		family_free_list(list);
	}
	told.soft = 0;
	CHECK(set_limit_callback(NULL, NULL) == 0, "set_limit_callback");
	family_free_list(family_take_list(100000, 40 * MIB, &count));
	CHECK(told.soft == 0, "told though nobody listens");
	CHECK(told.hard == 0, "told of the hard limit");
}

/* Frees its reserve and works with more than that: what it takes and frees is no crossing. */
static void listen_and_work(int which, size_t now, size_t limit, void *argument)
{
	(void)which, (void)now, (void)limit, (void)argument;
	told.soft++;
	family_free_list(told.reserve);
	told.reserve = NULL;
	if (told.soft < 100)
		for (unsigned i = 0; i < 3; i++)
			m.free(m.realloc(m.malloc(4 * MIB), 12 * MIB));
}

/* Whole granules, so that what is taken is what is counted. */
#define SIX_GRANULES ((size_t)6 << ASH_GRANULE_SHIFT)

/* Takes until the callback is called for the n-th time. */
static void *take_until_told(unsigned n)
{
	void **list = NULL;

	while (told.soft < n) {
		void **p = m.malloc(SIX_GRANULES);

		NEED(p, "no memory below the limit");
		p[0] = list;
		list = p;
	}
	return list;
}

static void soft_limit_in_the_callback(void)
{
	size_t count;
	void *list;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(listen_and_work, NULL);
	told.reserve = family_take_list(SIX_GRANULES, 6 * MIB, &count);
	list = take_until_told(1);
	family_free_list(family_take_list(SIX_GRANULES, 4 * MIB, &count));
	CHECK(told.soft == 1, "told %u times", told.soft);
	/* What it freed was a decline. */
	family_free_list(family_take_list(SIX_GRANULES, 8 * MIB, &count));
	CHECK(told.soft == 2, "told %u times", told.soft);
	family_free_list(list);
}

/* What the depot gives back is no decline of the program's. */
static void soft_limit_and_the_depot(void)
{
	size_t count;
	void *list;

	ash_heap.rounds.background = false;
	m.free(m.malloc(1));
	/* These empty the depot: time, where memory is first touched, and where much is freed.
	 */
	clock_start();
	ash_growth_hook = NULL;
	ash_heap.drain.enabled = false;
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(listen_and_work, NULL);
	family_free_list(family_take_list(1000, 20 * MIB, &count));
	NEED(ash_depot_bytes() > 3 * MIB, "%zu bytes in the depot", ash_depot_bytes());
	list = take_until_told(1);
	NEED(ash_depot_bytes() > 3 * MIB, "%zu bytes in the depot", ash_depot_bytes());
	ash_depot_empty();
	family_free_list(family_take_list(SIX_GRANULES, 8 * MIB, &count));
	CHECK(told.soft == 1, "told %u times", told.soft);
	family_free_list(list);
}

static atomic_uint told_by_any;
static atomic_bool ended;

static void count_only(int which, size_t now, size_t limit, void *argument)
{
	(void)which, (void)now, (void)limit, (void)argument;
	atomic_fetch_add(&told_by_any, 1);
}

/* Looks at the limit with every call. */
static void *look(void *arg)
{
	while (!atomic_load(&ended)) {
		m.free(m.malloc(40000));
		ash_limits_dirty_exceeded(&ash_heap);
	}
	return arg;
}

/* Whoever looked before a crossing and decides after it decides nothing. */
static void soft_limit_of_threads(void)
{
	enum { CROSSINGS = 100 };
	pthread_t thread[3];
	size_t count;

	m.free(m.malloc(100));
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, 1);
#endif
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(count_only, NULL);
	for (unsigned i = 0; i < 3; i++)
		NEED(!pthread_create(&thread[i], NULL, look, NULL), "no thread");
	for (unsigned i = 1; i <= CROSSINGS; i++) {
		void *p = m.malloc(40 * MIB);

		while (atomic_load(&told_by_any) < i)
			usleep(100);
		CHECK(atomic_load(&told_by_any) == i, "crossed %u times, told %u times", i,
		      atomic_load(&told_by_any));
		m.free(p);
		family_free_list(family_take_list(40000, MIB, &count)); /* looks from below */
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	CHECK(atomic_load(&told_by_any) == CROSSINGS, "crossed %u times, told %u times",
	      CROSSINGS, atomic_load(&told_by_any));
}

static void hard_limit_tells(void)
{
	size_t count;
	void *p;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_HARD, held() + 40 * MIB);
	set_limit_callback(listen, &told);
	told.reserve = family_take_list(50000, 30 * MIB, &count);
	errno = MARK;
	p = m.malloc(20 * MIB);
	CHECK(p && told.hard == 1, "told %u times", told.hard);
	CHECK(errno == MARK, "a call that succeeds set errno %d", errno);
	errno = MARK;
	CHECK(!m.malloc(30 * MIB) && errno == ENOMEM, "errno %d", errno);
	CHECK(told.hard == 2, "told %u times", told.hard);
	m.free(p);
	told.reserve = family_take_list(1000, 30 * MIB, &count);
	family_free_list(family_take_list(64, 20 * MIB, &count));
	CHECK(count == (20 * MIB + 63) / 64, "small blocks were refused");
	CHECK(told.hard == 3, "told %u times", told.hard);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("soft limit: told once per crossing, under no lock", soft_limit);
	tap_case("soft limit: what the callback itself takes and frees",
		 soft_limit_in_the_callback);
	tap_case("soft limit: what the depot gives back", soft_limit_and_the_depot);
	tap_case("soft limit: threads that look at a time", soft_limit_of_threads);
	tap_case("hard limit: told before a request fails", hard_limit_tells);
	return tap_finish();
}
