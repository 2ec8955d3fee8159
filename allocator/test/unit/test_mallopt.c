#include "test/support/unit.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ashlar/ashlar.h>

#include "api/compat.h"
#include "conf/conf.h"
#include "page/heap.h"
#include "page/limits.h"
#include "slab/shard.h"
#include "test/support/patience.h"

static bool holds(const void *p, size_t n, unsigned byte)
{
	for (size_t i = 0; i < n; i++)
		if (((const unsigned char *)p)[i] != byte)
			return false;
	return true;
}

/* Whether this thread's small objects are filled so. */
static bool fills(unsigned taken, unsigned given)
{
	void *p = ASH_API(malloc)(100);
	bool so = holds(p, 112, taken);

	memset(p, 0x77, 112);
	ASH_API(free)(p);
	return so && holds(p, 112, given); /* the slab stays */
}

static uint32_t stage;

static void *other(void *late)
{
	void *p[400];

	for (unsigned i = 0; i < 400; i++)
		p[i] = ASH_API(malloc)(100);
	for (unsigned i = 0; i < 400; i++)
		ASH_API(free)(p[i]);
	if (late != NULL)
		return fills(0xff ^ 0x21, 0x21) ? &stage : NULL;
	ash_store_release(&stage, 1);
	while (ash_load_acquire(&stage) == 1)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	for (unsigned tries = 0; tries < patience(1000) && !fills(0xff ^ 0x21, 0x21); tries++) {
		for (unsigned i = 0; i < 400; i++)
			p[i] = ASH_API(malloc)(2000);
		for (unsigned i = 0; i < 400; i++)
			ASH_API(free)(p[i]);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return fills(0xff ^ 0x21, 0x21) ? &stage : NULL;
}

static void perturb(void **state)
{
	pthread_t thread;
	void *p, *result = NULL;

	(void)state;
	for (unsigned i = 0; i < 10; i++) /* there is a magazine, which the fast paths see */
		fills(0, 0);
	assert_false(fills(0xff ^ 0xa5, 0xa5));
	assert_int_equal(pthread_create(&thread, NULL, other, NULL), 0);
	while (ash_load_acquire(&stage) == 0)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	assert_int_equal(ash_compat_mallopt(M_PERTURB, 0xa5), 1);
	assert_true(fills(0xff ^ 0xa5, 0xa5));
	assert_int_equal(ash_compat_mallopt(M_PERTURB, 0x1221), 1);
	assert_true(fills(0xff ^ 0x21, 0x21));
	p = ASH_API(calloc)(1, 1000);
	assert_true(holds(p, 1000, 0));
	p = ASH_API(realloc)(p, 5000);
	assert_true(holds(p, 1000, 0) && holds((char *)p + 1024, 5000 - 1024, 0xff ^ 0x21));
	ASH_API(free)(p);
	p = ASH_API(malloc)(3000000);
	assert_true(holds(p, 3000000, 0xff ^ 0x21));
	ASH_API(free)(p);
	/* A thread that was there before follows. */
	ash_store_release(&stage, 2);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &stage);
	/* And one that begins has it at once. */
	assert_int_equal(pthread_create(&thread, NULL, other, &stage), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &stage);
	assert_int_equal(ash_compat_mallopt(M_PERTURB, 0), 1);
	assert_false(fills(0xff ^ 0x21, 0x21));
	assert_false(fills(0xff, 0));
}

/* What the program says before main: more than one on each machine. */
extern const char *malloc_conf;
__attribute__((visibility("default"))) const char *malloc_conf = "narenas:4";

static void shards(void **state)
{
	(void)state;
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, 0), 1);
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, 100), 1);
	assert_int_equal(ash_shard_most_by_cpu(), 4);
	assert_true(ash_shard_add());
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, 3), 1);
	assert_int_equal(ash_shard_most_by_cpu(), 3);
	assert_true(ash_shard_add());
	assert_false(ash_shard_add());
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, 1), 1); /* those that there are stay */
	assert_int_equal(ash_shard_most_by_cpu(), 3);
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, 4), 1);
	assert_int_equal(ash_compat_mallopt(M_ARENA_MAX, -3), 1);
	assert_int_equal(ash_shard_most_by_cpu(), 3);
}

static size_t dirty_max(void)
{
	return ash_load_relaxed(&ash_heap.limits.dirty_max);
}

static void trim_threshold(void **state)
{
	size_t before = dirty_max();

	(void)state;
	assert_int_equal(ash_compat_mallopt(M_TRIM_THRESHOLD, 64 << 20), 1);
	assert_int_equal(dirty_max(), 64 << 20);
	assert_int_equal(ash_compat_mallopt(M_TRIM_THRESHOLD, 128 << 10), 1);
	assert_int_equal(dirty_max(), 1 << 20);
	assert_int_equal(ash_compat_mallopt(M_TRIM_THRESHOLD, -1), 1);
	assert_int_equal(dirty_max(), before);
	/* The operator's word goes before the program's. */
	ash_conf.dirty_max = (struct ash_amount){1 << 30, ASH_AMOUNT_BYTES, "1g"};
	assert_int_equal(ash_compat_mallopt(M_TRIM_THRESHOLD, 64 << 20), 1);
	assert_int_equal(dirty_max(), before);
	ash_conf.dirty_max = (struct ash_amount){0};
}

static void others(void **state)
{
	static const int harmless[] = {M_TOP_PAD, M_MMAP_MAX, M_CHECK_ACTION, M_ARENA_TEST,
				       M_MMAP_THRESHOLD};
	static const int values[] = {INT_MIN, -1, 0, 1, 1 << 20, INT_MAX};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (unsigned v = 0; v < 6; v++)
			assert_int_equal(ash_compat_mallopt(harmless[i], values[v]), 1);
	assert_int_equal(ash_compat_mallopt(M_MXFAST, 0), 1);
	assert_int_equal(ash_compat_mallopt(M_MXFAST, 160), 1);
	assert_int_equal(ash_compat_mallopt(M_MXFAST, 161), 0);
	assert_int_equal(ash_compat_mallopt(M_MXFAST, -1), 0);
	assert_int_equal(ash_compat_mallopt(1000, 1), 0);
	assert_int_equal(ash_compat_mallopt(-1000, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trim_threshold),
		cmocka_unit_test(others),
		cmocka_unit_test(perturb),
		cmocka_unit_test(shards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
