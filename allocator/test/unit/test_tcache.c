#include "test/support/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "cache/depot.h"
#include "front/front.h"
#include "front/tcache.h"
#include "front/tcache_settings.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "reclaim/drain.h"
#include "slab/shard.h"

static uint64_t regions_out(unsigned class)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < ash_shard_count(); s++) {
		struct ash_bin *bin = ash_shard_bin(s, class);

		if (bin == NULL)
			continue;
		ash_mutex_lock(&bin->lock); /* a background thread may flush into it */
		n += bin->regions_out;
		ash_mutex_unlock(&bin->lock);
	}
	return n;
}

static unsigned capacity(unsigned class)
{
	return ash_tls.thread->classes[class].cap;
}

/* Two misses are served singly, the third brings a magazine of 4, further ones double it. */
static void a_class_earns_its_magazine(void **state)
{
	unsigned class = ash_class_of(1000);
	void *p[400];

	(void)state;
	ASH_API(free)(ASH_API(malloc)(1)); /* the thread's record is there */
	p[0] = ash_front_malloc(1000);
	p[1] = ash_front_malloc(1000);
	assert_ptr_equal(ash_tls.top[class], ASH_STATIC_TOP);
	p[2] = ash_front_malloc(1000);
	assert_ptr_not_equal(ash_tls.top[class], ASH_STATIC_TOP);
	assert_int_equal(capacity(class), 8); /* first use is a miss, too */
	for (unsigned i = 3; i < 400; i++)
		p[i] = ash_front_malloc(1000);
	assert_int_equal(capacity(class), ASH_MAGAZINE_MOST);
	for (unsigned i = 0; i < 400; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(p[i], p[j]);
		memset(p[i], (int)i, 1000);
	}
	for (unsigned i = 0; i < 400; i++)
		ash_front_free(p[i]);
	/* All free objects lie in magazines, the depot or slabs. */
	ash_tcache_release();
	assert_int_equal(regions_out(class), 0);
	assert_ptr_equal(ash_tls.top[class], ASH_STATIC_TOP);
}

static void large_classes_have_small_magazines(void **state)
{
	unsigned class = ash_class_of(32768);
	void *p[64];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		p[i] = ash_front_malloc(32768);
	assert_true(capacity(class) * ash_class_size(class) <= (256u << 10));
	for (unsigned i = 0; i < 64; i++)
		ash_front_free(p[i]);
	ash_tcache_release();
	assert_int_equal(regions_out(class), 0);
}

static unsigned capacity_after_a_drain(size_t size, size_t step, bool homing)
{
	enum { N = 4000 };
	static void *p[N];
	struct ash_drain before = ash_heap.drain;
	unsigned left;

	for (unsigned i = 0; i < N; i++)
		p[i] = ash_front_malloc(size);
	ash_heap.drain.enabled = false; /* what is said here is not looked at anew */
	ash_heap.drain.lean = true;
	ash_heap.drain.homing = homing ? ash_heap.rounds.epoch + 1 : 0;
	ash_heap.drain.step = step;
	for (unsigned i = 0; i < N; i++)
		ash_front_free(p[i]);
	left = capacity(ash_class_of(size));
	ash_heap.drain = before;
	ash_tcache_release();
	assert_int_equal(regions_out(ash_class_of(size)), 0);
	return left;
}

/* What goes home at once is a step's, or where steps lag behind what is freed between two. */
static void magazines_of_a_heap_that_drains(void **state)
{
	(void)state;
	assert_int_equal(capacity_after_a_drain(64, 2048, false), ASH_MAGAZINE_MOST);
	assert_int_equal(capacity_after_a_drain(64, ASH_DRAIN_STEP, true), ASH_MAGAZINE_MOST);
	assert_int_equal(capacity_after_a_drain(64, ASH_DRAIN_PAID_STEP, true),
			 ASH_MAGAZINE_MOST);
	assert_in_range(capacity_after_a_drain(64, 2048, true), 17, 32);
	assert_in_range(capacity_after_a_drain(64, 256, true), 8, 16);
	assert_in_range(capacity_after_a_drain(16, 256, true), 8, 16);
	assert_in_range(capacity_after_a_drain(8192, ASH_DRAIN_STEP, true), 8, 16);
	assert_in_range(capacity_after_a_drain(8192, 256, true), 8, 16);
}

static void *allocate_and_leave(void *argument)
{
	void **p = argument;

	for (unsigned i = 0; i < 1000; i++)
		p[i] = ash_front_malloc(100);
	for (unsigned i = 0; i < 500; i++)
		ash_front_free(p[i]);
	return NULL;
}

/* What a thread held in magazines is back when it has ended. */
static void a_thread_leaves_nothing(void **state)
{
	static void *p[1000];
	unsigned class = ash_class_of(100);
	unsigned before = ash_thread_count();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, allocate_and_leave, p), 0);
	pthread_join(thread, NULL);
	assert_int_equal(ash_thread_count(), before);
	ash_depot_empty();
	assert_int_equal(regions_out(class), 500);
	for (unsigned i = 500; i < 1000; i++)
		ash_front_free(p[i]);
	ash_tcache_release();
	assert_int_equal(regions_out(class), 0);
}

#define LEFT_OBJECTS 500000u /* of 48 bytes: 23 MiB */
#define LEFT_OWNERS 3u
static void *left_object[LEFT_OBJECTS];

/* Allocates all, frees four of five at random, and ends. */
static void *load(void *unused)
{
	uint64_t random = 1;

	for (unsigned i = 0; i < LEFT_OBJECTS; i++)
		left_object[i] = ash_front_malloc(48);
	for (unsigned i = 0; i < LEFT_OBJECTS; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		if ((random >> 33) % 5 == 0)
			continue;
		ash_front_free(left_object[i]);
		left_object[i] = NULL;
	}
	return unused;
}

static pthread_barrier_t left_step, heir_step;

static void *left_owner(void *number)
{
	void *first = ash_front_malloc(48);

	assert_non_null(ash_tls.thread->own);
	pthread_barrier_wait(&left_step); /* its shard is its own */
	pthread_barrier_wait(&left_step); /* all is loaded */
	for (size_t i = (uintptr_t)number; i < LEFT_OBJECTS; i += LEFT_OWNERS)
		if (left_object[i] == NULL)
			left_object[i] = ash_front_malloc(48);
	pthread_barrier_wait(&left_step);
	ash_front_free(first);
	return NULL;
}

/* Gets what is left, and needs little of it. */
static void *left_heir(void *unused)
{
	void *p[2000];

	for (unsigned i = 0; i < 2000; i++)
		p[i] = ash_front_malloc(48);
	assert_true(ash_tls.thread->own->bin[ash_class_of(48)].regions_out > LEFT_OBJECTS / 10);
	pthread_barrier_wait(&heir_step);
	pthread_barrier_wait(&heir_step);
	for (unsigned i = 0; i < 2000; i++)
		ash_front_free(p[i]);
	return unused;
}

/* What a thread with slabs of its own leaves free serves others when it has ended: those that
 * have slabs already, whether its own have a new owner or not. */
static void what_an_owner_left_is_used(void **has_heir)
{
	unsigned threads = LEFT_OWNERS + (*has_heir != NULL);
	pthread_t thread[LEFT_OWNERS + 1], loader;
	size_t before, loaded, now;

	before = ash_account_in_use(&ash_heap);
	pthread_barrier_init(&left_step, NULL, LEFT_OWNERS + 1);
	for (uintptr_t i = 0; i < LEFT_OWNERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, left_owner, (void *)i), 0);
	pthread_barrier_wait(&left_step);
	assert_int_equal(pthread_create(&loader, NULL, load, NULL), 0);
	pthread_join(loader, NULL);
	ash_depot_empty(); /* as it does where it lies for an epoch */
	loaded = ash_account_in_use(&ash_heap) - before;
	if (*has_heir != NULL) {
		pthread_barrier_init(&heir_step, NULL, 2);
		assert_int_equal(pthread_create(&thread[LEFT_OWNERS], NULL, left_heir, NULL),
				 0);
		pthread_barrier_wait(&heir_step);
	}
	pthread_barrier_wait(&left_step);
	pthread_barrier_wait(&left_step);
	if (*has_heir != NULL)
		pthread_barrier_wait(&heir_step);
	now = ash_account_in_use(&ash_heap) - before;
	print_message("%zu granules were loaded, now %zu\n", loaded, now);
	assert_true(now <= loaded + loaded / 4);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < LEFT_OBJECTS; i++) {
		ash_front_free(left_object[i]);
		left_object[i] = NULL;
	}
	ash_tcache_release();
	/* What the background thread has in hand comes back with its round. */
	for (unsigned i = 0; regions_out(ash_class_of(48)) != 0 && i < 1000; i++) {
		ash_os_sleep(1000000);
		ash_tcache_release();
	}
	assert_int_equal(regions_out(ash_class_of(48)), 0);
}

/* Close to a hard limit there is room for an object's pages and none for a slab: what lies free
 * in another shard fills a magazine. */
static void regions_elsewhere_fill_a_magazine(void **state)
{
	enum {
		OBJECTS = 200,
		SIZE = 640
	}; /* of every two neighbours one stays: no page is free */
	unsigned class = ash_class_of(SIZE);
	void *p[OBJECTS], *taken[3];
	struct ash_shard *other;
	struct ash_thread *t;

	(void)state;
	ash_front_free(ash_front_malloc(1));
	t = ash_tls.thread;
	if (ash_shard_count_by_cpu() < 2 && !ash_shard_add()) {
		print_message("one CPU: there is no other shard\n");
		return;
	}
	other = ash_shard_for_cpu(1);
	assert_int_equal(
		ash_bin_fill(&other->bin[class], class, other->index, p + OBJECTS, OBJECTS),
		OBJECTS);
	for (unsigned i = 0; i < OBJECTS; i += 2)
		assert_true(ash_bin_flush(&other->bin[class], class, &p[i], 1, false));
	ash_tcache_release(); /* nothing is left that anybody could give back */
	t->shard = ash_shard_for_cpu(0);
	t->slow_paths = 0; /* and it stays so */
	ash_store_relaxed(&ash_heap.limits.hard, ash_account_held(&ash_heap) + 3 * ash_os_page);
	for (unsigned i = 0; i < 3; i++) /* the third miss brings a magazine */
		taken[i] = ash_front_malloc(SIZE);
	ash_store_relaxed(&ash_heap.limits.hard, ASH_NO_LIMIT);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ash_run_of(taken[i])->shard, other->index);
	assert_int_equal(ash_top_count(ash_tls.top[class]), capacity(class) - 1);
	for (unsigned i = 0; i < 3; i++)
		ash_front_free(taken[i]);
	for (unsigned i = 1; i < OBJECTS; i += 2)
		ash_front_free(p[i]);
	ash_tcache_release();
	assert_int_equal(regions_out(class), 0);
}

static void the_depot_is_bounded(void **state)
{
	static void *p[40000];
	size_t peak;

	(void)state;
	for (unsigned i = 0; i < 40000; i++)
		p[i] = ash_front_malloc(1024);
	peak = ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT;
	for (unsigned i = 0; i < 40000; i++)
		ash_front_free(p[i]);
	assert_true(ash_depot_bytes() > 0);
	assert_true(ash_depot_bytes() <= ((size_t)4 << 20) + peak / 8);
	/* What nobody asks for goes home, in steps. */
	for (unsigned i = 0; i < 1000 && ash_depot_bytes() > 0; i++)
		ash_depot_trim(64, NULL, 0);
	assert_int_equal(ash_depot_bytes(), 0);
	ash_tcache_release();
	assert_int_equal(regions_out(ash_class_of(1024)), 0);
}

/* Objects freed into another shard's inbox come back to that shard. */
static void full_magazines_of_every_capacity(void **state)
{
	(void)state;
	for (unsigned cap = 1; cap <= ASH_MAGAZINE_MOST; cap++) {
		void **m = ash_magazine_get(), **top;
		static int item[64];

		memset(m, 0xff, ASH_MAGAZINE_BYTES);
		top = ash_magazine_clear(m, cap);
		assert_false(ash_top_is_full(top));
		assert_int_equal(ash_top_count(top), 0);
		assert_ptr_equal(ash_magazine_of(top), m);
		for (unsigned i = 0; i < cap; i++) {
			assert_false(ash_top_is_full(top));
			*++top = &item[i];
			assert_int_equal(ash_top_count(top), i + 1);
		}
		assert_true(ash_top_is_full(top));
		assert_int_equal(ash_magazine_cap(m), cap);
		ash_magazine_link(m, m);
		assert_int_equal(ash_magazine_cap(m), cap);
		assert_ptr_equal(ash_magazine_unlink(m), m);
		assert_ptr_equal(ash_magazine_full_top(m), top);
		assert_int_equal(ash_top_count(top), cap);
		ash_magazine_put(m);
	}
	assert_true(ash_top_is_full(ASH_STATIC_TOP));
	assert_null(*ASH_STATIC_TOP);
}

/* A sized free takes NULL like any pointer; nothing comes out of it and nothing is lost. */
static void sized_frees_of_null(void **state)
{
	static void *p[3000];

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 3000; i++) {
			p[i] = ASH_API(malloc)(80);
			assert_non_null(p[i]);
			*(unsigned *)p[i] = i;
			if (i % 3 == 0)
				ASH_API(free_sized)(NULL, 80);
		}
		for (unsigned i = 0; i < 3000; i++) {
			assert_int_equal(*(unsigned *)p[i], i);
			ASH_API(free_sized)(p[i], 80);
			if (i % 7 == 0)
				ASH_API(free_sized)(NULL, 80);
			ASH_API(free_sized)(NULL, 0);
		}
	}
	ash_tcache_release();
	assert_int_equal(regions_out(ash_class_of(80)), 0);
}

/* The fast path's own table of classes. */
static void classes_by_16(void **state)
{
	(void)state;
	for (size_t n = 1; n <= ASH_BY_16_MAX; n++)
		assert_int_equal(ash_front_class_by_16(n), ash_class_of(n));
	assert_int_equal(ash_front_class_by_16(0), 0);
}

static void expect_class(void *p, size_t n)
{
	unsigned class = ash_class_of(n);

	assert_non_null(p);
	if (ASH_API(malloc_usable_size)(p) != ash_class_size(class) ||
	    ash_class_size(class) < n)
		fail_msg("%zu bytes usable of %zu asked for, whose class has %zu",
			 ASH_API(malloc_usable_size)(p), n, ash_class_size(class));
}

/* By all ways in and out, of the classes from `first` to `last`. */
static void expect_classes(unsigned first, unsigned last)
{
	for (size_t n = ash_class_size(first - 1) + 1; n <= ash_class_size(last); n++) {
		void *p = ASH_API(malloc)(n), *q = ASH_API(calloc)(1, n);

		expect_class(p, n);
		expect_class(q, n);
		ASH_API(free)(p);
		ASH_API(free_sized)(q, n);
	}
}

/* The classes earn their magazines; false where one had none before. */
static bool warm_up(unsigned first, unsigned last)
{
	bool warm = true;

	for (unsigned c = first; c <= last; c++) {
		void *p[4];

		warm &= ash_tls.top[c] != ASH_STATIC_TOP;
		for (unsigned i = 0; i < 4; i++)
			p[i] = ASH_API(malloc)(ash_class_size(c));
		for (unsigned i = 0; i < 4; i++)
			ASH_API(free)(p[i]);
	}
	return warm;
}

static void expect_classes_warm(unsigned first, unsigned last)
{
	unsigned tries = 0;

	ash_tcache_release();
	while (!warm_up(first, last))
		assert_true(++tries < 100);
	expect_classes(first, last);
}

/* Wherever it comes from, slab or magazine, a block is of the class of its size, and goes back
 * there.  A thread's budget does not reach for magazines of all classes at once. */
static void every_size_is_of_its_class(void **state)
{
	unsigned middle = ash_class_of(ASH_SMALL_MAX / 2);

	(void)state;
	ash_tcache_release();
	ash_tcache_enabled = false;
	expect_classes(1, ASH_CLASSES - 1);
	ash_tcache_enabled = true;
	expect_classes_warm(1, middle);
	expect_classes_warm(middle, ASH_CLASSES - 1);
	ash_tcache_release();
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		assert_int_equal(regions_out(c), 0);
}

/* The object freed last is handed out first, in every class. */
static void last_freed_comes_first(void **state)
{
	(void)state;
	for (unsigned class = 1; class < ASH_CLASSES; class ++) {
		size_t size = ash_class_size(class);
		void *p;

		for (unsigned i = 0; i < 8; i++) /* earns a magazine */
			ash_front_free(ash_front_malloc(size));
		p = ash_front_malloc(size);
		for (unsigned i = 0; i < 100; i++) {
			ash_front_free(p);
			assert_ptr_equal(ash_front_malloc(size), p);
		}
		ash_front_free(p);
	}
	ash_tcache_release();
}

/* A program that goes to and fro where a magazine ends, by however many objects, does not take
 * the slow path each time; and one that goes farther takes a magazine whole. */
/* Slow paths of a program that goes `width` objects up and down, from where `given` of many
 * were given back. */
static unsigned to_and_fro(unsigned class, unsigned width, unsigned given, unsigned rounds)
{
	enum { MOST = 4 * ASH_MAGAZINE_MOST };
	void *object[MOST], *more[MOST];
	unsigned before, kept = MOST;

	for (unsigned round = 0; round < 4; round++) { /* the capacity grows */
		for (unsigned i = 0; i < MOST; i++)
			assert_non_null(object[i] = ash_front_malloc(ash_class_size(class)));
		for (unsigned i = 0; i < MOST; i++)
			ash_front_free(object[i]);
	}
	for (unsigned i = 0; i < MOST; i++)
		assert_non_null(object[i] = ash_front_malloc(ash_class_size(class)));
	while (given-- > 0)
		ash_front_free(object[--kept]);
	before = ash_tls.thread->slow_paths;
	while (rounds-- > 0) {
		for (unsigned i = 0; i < width; i++)
			assert_non_null(more[i] = ash_front_malloc(ash_class_size(class)));
		for (unsigned i = 0; i < width; i++)
			ash_front_free(more[i]);
	}
	before = ash_tls.thread->slow_paths - before;
	while (kept > 0)
		ash_front_free(object[--kept]);
	ash_tcache_release();
	assert_int_equal(regions_out(class), 0);
	return before;
}

/* However far it goes, and wherever it begins: it comes to the slow paths once for a third of a
 * magazine of calls.  (Of 33 up and down from one above an overflow: both halves of the spare
 * magazine, and the next overflow.) */
static void to_and_fro_at_the_edge(void **state)
{
	enum { ROUNDS = 200, MOST = 200 };
	const unsigned class = ash_class_of(48);

	(void)state;
	for (unsigned width = 1; width <= MOST; width += width < 8 ? 1 : 16)
		for (unsigned given = 0; given <= 2 * ASH_MAGAZINE_MOST + 2; given += 3) {
			unsigned slow = to_and_fro(class, width, given, ROUNDS);

			if (slow > 2 * ROUNDS * width / (ASH_MAGAZINE_MOST / 3) + 16)
				fail_msg("%u slow paths of %u calls, %u at a time from %u",
					 slow, 2 * ROUNDS * width, width, given);
		}
}

/* What statistics say of caches and depot is what is out of the slabs and not with the program:
 * with spare magazines that are full and that were divided. */
static void statistics_count_each_object(void **state)
{
	enum { MOST = 3 * ASH_MAGAZINE_MOST, STEPS = 3000 };
	const unsigned class = ash_class_of(48);
	void *object[MOST];
	unsigned live = 0;
	uint32_t seed = 1;

	(void)state;
	ash_tcache_release();
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned to = (seed = seed * 1103515245 + 12345) >> 16;

		/* Mostly a few up and down, now and then far. */
		to = step % 16 == 0 ? to % MOST : (live + to % 41 + MOST - 20) % MOST;
		while (live < to)
			assert_non_null(object[live++] = ash_front_malloc(48));
		while (live > to)
			ash_front_free(object[--live]);
		assert_int_equal(ash_thread_cached_bytes() + ash_depot_bytes(),
				 (regions_out(class) - live) * 48);
	}
	while (live > 0)
		ash_front_free(object[--live]);
	ash_tcache_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_magazines_of_every_capacity),
		cmocka_unit_test(a_class_earns_its_magazine),
		cmocka_unit_test(large_classes_have_small_magazines),
		cmocka_unit_test(magazines_of_a_heap_that_drains),
		cmocka_unit_test(a_thread_leaves_nothing),
		cmocka_unit_test(regions_elsewhere_fill_a_magazine),
		cmocka_unit_test(the_depot_is_bounded),
		cmocka_unit_test(sized_frees_of_null),
		cmocka_unit_test(classes_by_16),
		cmocka_unit_test(every_size_is_of_its_class),
		cmocka_unit_test(last_freed_comes_first),
		cmocka_unit_test(to_and_fro_at_the_edge),
		cmocka_unit_test(statistics_count_each_object),
		/* Last: threads count for a while, and leave each a smaller budget. */
		cmocka_unit_test(what_an_owner_left_is_used),
		cmocka_unit_test_prestate(what_an_owner_left_is_used, &heir_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
