#include "harness/test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/contenders/contender.h"

static void a_file_is_read(void **state)
{
	struct contender c;
	char why[256];

	(void)state;
	assert_int_equal(contender_parse(&c,
					 "# a comment\n"
					 "name: quick-one\n"
					 "\n"
					 "library:   libquick.so.1  \n"
					 "package: libquick1\n"
					 "env: QUICK=1\n"
					 "env: PATHS=a:b=c\n"
					 "reuses: no\n"
					 "notes: with a colon: here",
					 why, sizeof(why)),
			 0);
	assert_string_equal(c.name, "quick-one");
	assert_string_equal(c.library, "libquick.so.1");
	assert_string_equal(c.package, "libquick1");
	assert_int_equal(c.nenv, 2);
	assert_string_equal(c.env[1], "PATHS=a:b=c");
	assert_false(c.reuses);
	assert_string_equal(c.notes, "with a colon: here");
	contender_free(&c);
}

static void bad_files_are_named(void **state)
{
	static const struct {
		const char *text, *said;
	} bad[] = {
		{"name: x\nlibrary", "line 2"},
		{"name: x\nlib: y\n", "unknown key 'lib'"},
		{"name: x\nname: y\n", "given twice"},
		{"name: a b\n", "letters, digits"},
		{"name: x\n", "no 'library'"},
		{"library: x\n", "no 'name'"},
		{"", "no 'name'"},
		{"name:\nlibrary: x\n", "has no value"},
		{"name: x\nlibrary: y\nenv: noequals\n", "NAME=VALUE"},
		{"name: x\nlibrary: y\nenv: LD_PRELOAD=z\n", "set by the bench itself"},
		{"name: x\nlibrary: y\nreuses: maybe\n", "yes or no"},
	};
	struct contender c;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(why, "");
		assert_int_equal(contender_parse(&c, bad[i].text, why, sizeof(why)), -1);
		if (!strstr(why, bad[i].said))
			fail_msg("'%s' does not say '%s'", why, bad[i].said);
		assert_null(c.name); /* nothing is left to free */
	}
}

static void arguments_are_read(void **state)
{
	static const char *const bad[] = {"=/x.so",     "a b=/x.so", "x=/y.so,novalue",
					  "x=/y.so,=1", "x=/y.so,",  "x=relative.so"};
	struct contender c;
	char why[256];

	(void)state;
	assert_int_equal(
		contender_parse_argument(&c, "mine=/lib/x.so,A=1,B=/path", why, sizeof(why)),
		0);
	assert_string_equal(c.name, "mine");
	assert_string_equal(c.library, "/lib/x.so");
	assert_int_equal(c.nenv, 2);
	assert_string_equal(c.env[0], "A=1");
	assert_string_equal(c.env[1], "B=/path");
	assert_true(c.named);
	contender_free(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(contender_parse_argument(&c, bad[i], why, sizeof(why)), -1);
}

static void globs_select(void **state)
{
	static const char *const names[] = {"glibc", "mimalloc2", "mimalloc3"};
	struct contenders all = {NULL, 0};
	struct contender c;
	char text[80], why[700];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "name: %s\nlibrary: x\n", names[i]);
		assert_int_equal(contender_parse(&c, text, why, sizeof(why)), 0);
		contenders_add(&all, &c);
	}
	assert_int_equal(contenders_select(&all, "mi*", why, sizeof(why)), 0);
	assert_false(contenders_find(&all, "glibc")->selected);
	assert_true(contenders_find(&all, "mimalloc2")->selected);
	assert_true(contenders_find(&all, "mimalloc3")->selected);
	/* An added one is selected; one of a known name takes its place. */
	assert_int_equal(contenders_select(&all, "mine=/x.so", why, sizeof(why)), 0);
	assert_true(contenders_find(&all, "mine")->selected);
	assert_int_equal(contenders_select(&all, "glibc=/y.so", why, sizeof(why)), 0);
	assert_int_equal(all.count, 4);
	assert_string_equal(contenders_find(&all, "glibc")->library, "/y.so");
	assert_int_equal(contenders_select(&all, "nosuch", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "'nosuch'"));
	assert_non_null(strstr(why, "mimalloc3"));
	assert_int_equal(contenders_select(&all, "glibc,,mine", why, sizeof(why)), -1);
	for (int i = 0; i < all.count; i++)
		contender_free(&all.list[i]);
	free(all.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(bad_files_are_named),
		cmocka_unit_test(arguments_are_read),
		cmocka_unit_test(globs_select),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
