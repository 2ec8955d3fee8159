#include "test/support/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/fmt.h"

/* What both we and stdio format must agree. */
#define SAME(...)                                                       \
	do {                                                            \
		char ours[200], theirs[200];                            \
		size_t n = ash_format(ours, sizeof(ours), __VA_ARGS__); \
		snprintf(theirs, sizeof(theirs), __VA_ARGS__);          \
		assert_string_equal(ours, theirs);                      \
		assert_int_equal(n, strlen(theirs));                    \
	} while (0)

static void agrees_with_stdio(void **state)
{
	(void)state;
	SAME("plain text, 100%%");
	SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	SAME("%ld %ld", LONG_MAX, LONG_MIN);
	SAME("%u %lu %zu", UINT_MAX, ULONG_MAX, (size_t)SIZE_MAX);
	SAME("%x %lx", 0xdeadbeefu, 0x123456789abcdeful);
	SAME("[%5d] [%05d]", -42, -42);
	SAME("%s and %.*s and %c", "one", 2, "three", 'x');
	SAME("%p", (void *)0x7f0012345678);
}

static void cuts_and_ends_with_nul(void **state)
{
	char small[8];

	(void)state;
	memset(small, 'x', sizeof(small));
	assert_int_equal(ash_format(small, 5, "%s", "abcdefgh"), 4);
	assert_string_equal(small, "abcd");
	assert_int_equal(small[5], 'x');
	assert_int_equal(ash_format(small, 1, "%d", 12345), 0);
	assert_string_equal(small, "");
	assert_int_equal(ash_format(small, 0, "%d", 12345), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_stdio),
		cmocka_unit_test(cuts_and_ends_with_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
