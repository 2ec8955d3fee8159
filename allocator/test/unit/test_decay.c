#include "test/support/unit.h"

#include "reclaim/decay.h"

#define MIB ((size_t)1 << 20)
#define MS 1000000u

/* Steps of 50 ms through `ms`, purging to the limit each time; returns what is left. */
static size_t run(struct ash_decay *d, uint64_t *now, size_t dirty, unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 50) {
		*now += 50 * MS;
		dirty = ash_decay_limit(d, *now, dirty, 0);
	}
	return dirty;
}

static void falls_smoothly(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS;
	size_t dirty = 1000 * MIB, last;

	(void)state;
	assert_int_equal(ash_decay_limit(&d, now, dirty, 0),
			 dirty); /* nothing at the first look */
	last = run(&d, &now, dirty, 50);
	assert_true(last < dirty && last > dirty / 2);
	/* After a quarter of a second about 1/e is left, above the floor. */
	last = run(&d, &now, last, 200);
	assert_true(last > 300 * MIB && last < 480 * MIB);
	/* After two seconds the floor. */
	last = run(&d, &now, last, 1750);
	assert_true(last <= 3 * MIB);
}

/* Where the kernel refuses to tell the time, a step may seem to have given some back. */
static void no_work_without_a_clock(void **state)
{
	struct ash_decay d = {0};

	(void)state;
	ash_decay_limit(&d, 1000 * MS, 1000 * MIB, 0);
	ash_decay_worked(&d, 0 - (uint64_t)5000 * MS);
	assert_true(ash_decay_may_work(&d));
	ash_decay_worked(&d, 251 * MS);
	assert_false(ash_decay_may_work(&d));
}

static void little_stays(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS;

	(void)state;
	ash_decay_limit(&d, now, 0, 0);
	assert_int_equal(run(&d, &now, 2 * MIB, 5000), 2 * MIB);
	assert_int_equal(run(&d, &now, 1 * MIB, 5000), 1 * MIB);
}

/* What is taken again and again may stay. */
static void retaken_memory_stays(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS, retaken = 0;
	size_t dirty = 100 * MIB;

	(void)state;
	for (unsigned t = 0; t < 5000; t += 50) {
		now += 50 * MS;
		retaken += 20 * MIB; /* 100 MiB in each window of 250 ms */
		dirty = ash_decay_limit(&d, now, 100 * MIB, retaken);
	}
	assert_int_equal(dirty, 100 * MIB);
	/* The use ends: it goes like the rest. */
	for (unsigned t = 0; t < 4000; t += 50) {
		now += 50 * MS;
		dirty = ash_decay_limit(&d, now, dirty, retaken);
	}
	assert_true(dirty <= 3 * MIB);
}

static void silence_is_no_reason_to_drop_all(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS;

	(void)state;
	ash_decay_limit(&d, now, 0, 0);
	now += (uint64_t)3600 * 1000 * MS;
	assert_true(ash_decay_limit(&d, now, 1000 * MIB, 0) > 200 * MIB);
}

/* What lay there through the silence had its time. */
static void silence_ages_what_is_old(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS;
	size_t left;

	(void)state;
	ash_decay_limit(&d, now, 1000 * MIB, 0);
	now += (uint64_t)2500 * MS;
	d.old = 1000 * MIB;
	assert_true(ash_decay_limit(&d, now, 1000 * MIB, 0) <= 3 * MIB);
	now += (uint64_t)2500 * MS;
	d.old = 600 * MIB;
	left = ash_decay_limit(&d, now, 1000 * MIB, 0);
	assert_in_range(left, 400 * MIB / 4, 400 * MIB / 2);
}

static void work_is_metered(void **state)
{
	struct ash_decay d = {0};
	uint64_t now = 1000 * MS;

	(void)state;
	ash_decay_limit(&d, now, 0, 0);
	assert_true(ash_decay_may_work(&d));
	ash_decay_worked(&d, 260 * MS); /* the credit is 250 ms */
	assert_false(ash_decay_may_work(&d));
	now += 900 * MS;
	ash_decay_limit(&d, now, 0, 0);
	ash_decay_limit(&d, now - 4 * MS, 0, 0); /* a clock that lags earns nothing */
	assert_false(ash_decay_may_work(&d));
	now += 200 * MS; /* 1.1 s earn 11 ms */
	ash_decay_limit(&d, now, 0, 0);
	assert_true(ash_decay_may_work(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(falls_smoothly),
		cmocka_unit_test(no_work_without_a_clock),
		cmocka_unit_test(little_stays),
		cmocka_unit_test(retaken_memory_stays),
		cmocka_unit_test(silence_is_no_reason_to_drop_all),
		cmocka_unit_test(silence_ages_what_is_old),
		cmocka_unit_test(work_is_metered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
