/* What is said to be accepted is accepted, and what is beyond it is not: for a workload
 * made for it, and for every parameter of every workload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "workloads/shared/memory_fit.h"
#include "workloads/catalogue/workloads.h"

#define MIB ((uint64_t)1 << 20)

enum { COUNT, SIZE, FREED };

static const struct wl_param params[] = {
	{"count", "", "", 10, 1, 1000000},
	{"size", "", "", 100, 1, 1000000},
	{"freed", "percent", "", 50, 0, 90},
	{NULL, NULL, NULL, 0, 0, 0},
};

static uint64_t peak(const struct wl_run *run)
{
	return (uint64_t)(run->values[COUNT] * run->values[SIZE] * (100 - run->values[FREED]) /
			  100);
}

static uint64_t tables(const struct wl_run *run)
{
	return (uint64_t)run->values[COUNT] * 16;
}

static const struct workload made = {
	.name = "made", .params = params, .peak_bytes = peak, .table_bytes = tables};

static char why[256];

static int check(int64_t count, int64_t size, int64_t freed, uint64_t available)
{
	int64_t values[WL_MAX_PARAMS] = {count, size, freed};

	return room_check(&made, values, available, 2 * available, why, sizeof(why));
}

static void names_what_was_set(void **state)
{
	(void)state;
	/* 1000 x 500 at the peak, 125 KB for the allocator, 16 KB of tables. */
	assert_int_equal(check(1000, 1000, 50, 625000 + 16000), 0);
	assert_int_equal(check(1000, 1000, 50, 625000 + 15999), -1);
	assert_string_equal(why, "made: too large for this machine's memory: count=1000: from "
				 "1 to 999 is accepted, or size=1000: from 1 to 999 is "
				 "accepted (needs 0.0 GiB, 0.0 of 0.0 GiB are available)");
	/* Only what differs from its default is to blame. */
	assert_int_equal(check(1000000, 100, 50, 64 * MIB), -1);
	assert_non_null(strstr(why, "memory: count=1000000: from 1 to 854889 is accepted ("));
	/* A range may end at the parameter's largest value. */
	assert_int_equal(check(10, 100, 0, 1300), -1);
	assert_non_null(strstr(why, "memory: freed=0: from 9 to 90 is accepted ("));
	/* The tables alone are too many; then nothing is said of the size. */
	assert_int_equal(check(1000000, 1000, 50, 8 * MIB), -1);
	assert_non_null(strstr(why, "memory: count=1000000: from 1 to 13086 is accepted ("));
	/* Nothing was set. */
	assert_int_equal(check(10, 100, 50, 500), -1);
	assert_non_null(strstr(why, "count=10: from 1 to 6 is accepted, or size=100: from"));
	/* No single one helps. */
	assert_int_equal(check(1000000, 1000000, 0, 20), -1);
	assert_non_null(strstr(why, "no single parameter makes it fit"));
}

static uint64_t needed(const struct workload *w, const int64_t *values, int param, int64_t to)
{
	int64_t changed[WL_MAX_PARAMS];

	memcpy(changed, values, sizeof(changed));
	changed[param] = to;
	return room_needed(w, changed);
}

static void one_param(const struct workload *w, const int64_t *values, int i, uint64_t limit)
{
	const struct wl_param *p = &w->params[i];
	int64_t from, to;

	if (!room_range(w, values, i, limit, &from, &to))
		return;
	assert_true(from == p->min || to == p->max);
	assert_in_range(from, p->min, to);
	for (int64_t step = 0; step <= 16; step++)
		assert_true(needed(w, values, i, from + (to - from) / 16 * step) <= limit);
	assert_true(needed(w, values, i, to) <= limit);
	assert_true(to == p->max || needed(w, values, i, to + 1) > limit);
	assert_true(from == p->min || needed(w, values, i, from - 1) > limit);
}

/* From the smallest to the largest value the need goes one way, so that one limit parts
 * what fits from what does not, and no product wraps round. */
static int wrong;

static void one_way(const struct workload *w, const int64_t *values, int i)
{
	const struct wl_param *p = &w->params[i];
	uint64_t first = needed(w, values, i, p->min), last = needed(w, values, i, p->max),
		 before = first;

	for (int64_t add = 1; add > 0 && add < p->max - p->min; add *= 2) {
		uint64_t now = needed(w, values, i, p->min + add);

		/* Roundings to whole objects move it a little. */
		if (first <= last ? now < before - before / 16 : now > before + before / 16) {
			print_error("%s, %s=%lld: needs %llu, before it %llu\n", w->name,
				    p->name, (long long)(p->min + add), (unsigned long long)now,
				    (unsigned long long)before);
			wrong++;
		}
		before = now;
	}
}

/* Those that choose among kinds are no measure of anything; nor is size-sweep's size, of which
 * 0 is all of them, and an alignment is a power of two. */
static bool is_kind(const struct workload *w, const char *name)
{
	static const char *const kinds[] = {"sizes", "cluster",       "trace", "pattern",
					    "kind",  "alignment_max", NULL};

	for (int i = 0; kinds[i]; i++)
		if (strcmp(name, kinds[i]) == 0)
			return true;
	return strcmp(w->name, "size-sweep") == 0 && strcmp(name, "size") == 0;
}

static void every_parameter(void **state)
{
	int parameters = 0, limited = 0;

	(void)state;
	for (const struct workload *const *w = workloads_all; *w; w++) {
		int64_t values[WL_MAX_PARAMS] = {0};

		for (int i = 0; (*w)->params[i].name; i++)
			values[i] = (*w)->params[i].value;
		/* The defaults run on a machine of 2 GiB. */
		assert_int_equal(
			room_check(*w, values, 1024 * MIB, 2048 * MIB, why, sizeof(why)), 0);
		for (int i = 0; (*w)->params[i].name; i++) {
			if (is_kind(*w, (*w)->params[i].name))
				continue;
			parameters++;
			one_way(*w, values, i);
			limited += needed(*w, values, i, (*w)->params[i].max) > 1024 * MIB;
			for (uint64_t limit = MIB; limit <= MIB << 14; limit *= 8)
				one_param(*w, values, i, limit);
		}
	}
	assert_int_equal(wrong, 0);
	assert_in_range(parameters, 100, 400);
	assert_in_range(limited, 30, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_was_set),
		cmocka_unit_test(every_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
