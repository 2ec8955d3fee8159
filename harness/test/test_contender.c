#include "harness/test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/contenders/choice.h"

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

/* glibc, mimalloc2, mimalloc3 and null, all selected or none. */
static struct contenders four(bool selected)
{
	static const char *const names[] = {"glibc", "mimalloc2", "mimalloc3", "null"};
	struct contenders all = {NULL, 0};
	struct contender c;
	char text[80], why[700];

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "name: %s\nlibrary: x\n", names[i]);
		assert_int_equal(contender_parse(&c, text, why, sizeof(why)), 0);
		c.selected = selected;
		contenders_add(&all, &c);
	}
	return all;
}

static void four_free(struct contenders *all)
{
	for (int i = 0; i < all->count; i++)
		contender_free(&all->list[i]);
	free(all->list);
}

/* "glibc mine " of those that are selected. */
static const char *selected(const struct contenders *all)
{
	static char text[400];

	*text = '\0';
	for (int i = 0; i < all->count; i++)
		if (all->list[i].selected)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
				 all->list[i].name);
	return text;
}

static void globs_select(void **state)
{
	struct contenders all = four(false);
	char why[1024];

	(void)state;
	assert_int_equal(contenders_select(&all, "mi*", why, sizeof(why)), 0);
	assert_string_equal(selected(&all), "mimalloc2 mimalloc3 ");
	/* An added one is selected; one of a known name takes its place. */
	assert_int_equal(contenders_select(&all, "mine=/x.so", why, sizeof(why)), 0);
	assert_true(contenders_find(&all, "mine")->selected);
	assert_int_equal(contenders_select(&all, "glibc=/y.so", why, sizeof(why)), 0);
	assert_int_equal(all.count, 5);
	assert_string_equal(contenders_find(&all, "glibc")->library, "/y.so");
	assert_int_equal(contenders_select(&all, "nosuch", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "'nosuch'"));
	assert_non_null(strstr(why, "mimalloc3"));
	assert_int_equal(contenders_select(&all, "glibc,,mine", why, sizeof(why)), -1);
	four_free(&all);
}

/* Names, libraries with their variables and exclusions may stand in one list. */
static void lists_are_mixed(void **state)
{
	static const struct {
		const char *argument, *selected, *env; /* env: of `mine` */
	} good[] = {
		{"glibc,mine=/x.so", "glibc mine ", NULL},
		{"mine=/x.so,glibc", "glibc mine ", NULL},
		{"mine=/x.so,A=1,B=/path,glibc", "glibc mine ", "A=1"},
		{"mine=/x.so,other=/y.so", "mine other ", NULL},
		{"other=/y.so,B=2,mine=/x.so,A=1", "other mine ", "A=1"},
		{"mine=/x.so,CONF=a:1\\,b:2,glibc", "glibc mine ", "CONF=a:1,b:2"},
		{"mine=/x.so,PLUGIN=\\/y.so", "mine ", "PLUGIN=/y.so"},
		{"*,!null", "glibc mimalloc2 mimalloc3 ", NULL},
		{"*,!mi*,mimalloc3", "glibc mimalloc3 null ", NULL},
	};
	static const char *const bad[][2] = {
		{"mine=/x.so,conf=1,OTHER=/y.so", "may be a variable or another allocator"},
		{"mine=/x.so,mine=/y.so", "two allocators are called 'mine'"},
		{"mine=/x.so,CONF=a:1,b:2", "a comma within a value"},
		{"glibc,A=1", "right behind"},
		{"mine=x.so", "NAME=/path/lib.so"},
		{"*,!", "an empty name"},
		{"!nosuch", "'nosuch'"},
	};
	char why[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct contenders all = four(false);
		struct contender *mine;

		assert_int_equal(contenders_select(&all, good[i].argument, why, sizeof(why)),
				 0);
		assert_string_equal(selected(&all), good[i].selected);
		mine = contenders_find(&all, "mine");
		if (good[i].env)
			assert_string_equal(mine->env[0], good[i].env);
		else if (mine)
			assert_int_equal(mine->nenv, 0);
		four_free(&all);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct contenders all = four(false);

		assert_int_equal(contenders_select(&all, bad[i][0], why, sizeof(why)), -1);
		if (!strstr(why, bad[i][1]))
			fail_msg("'%s' does not say '%s'", why, bad[i][1]);
		four_free(&all);
	}
}

/* --allocator adds to what is measured anyway and takes from it, --only begins with nothing. */
static void a_choice_is_made(void **state)
{
	static const struct {
		const char *only[2], *added[2], *selected;
	} cases[] = {
		{{NULL}, {NULL}, "glibc mimalloc2 mimalloc3 null "},
		{{NULL}, {"mine=/x.so"}, "glibc mimalloc2 mimalloc3 null mine "},
		{{NULL}, {"!null"}, "glibc mimalloc2 mimalloc3 "},
		{{NULL}, {"mine=/x.so", "*,!null"}, "glibc mimalloc2 mimalloc3 mine "},
		{{"mine=/x.so"}, {NULL}, "mine "},
		{{"glibc", "mine=/x.so"}, {NULL}, "glibc mine "},
		{{"glibc"}, {"mine=/x.so"}, "glibc mine "},
		{{"!null"}, {NULL}, "glibc mimalloc2 mimalloc3 "},
		{{"*,!null,!mi*"}, {NULL}, "glibc "},
		{{"mine=/x.so,!mine"}, {NULL}, NULL},
		{{NULL}, {"!*"}, NULL},
	};
	char why[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct contenders all = four(true);
		struct contender_choice choice = {.only = cases[i].only,
						  .added = cases[i].added};

		for (int k = 0; k < 2; k++) {
			choice.nonly += cases[i].only[k] != NULL;
			choice.nadded += cases[i].added[k] != NULL;
		}
		assert_int_equal(contenders_pick(&all, &choice, why, sizeof(why)),
				 cases[i].selected ? 0 : -1);
		if (cases[i].selected)
			assert_string_equal(selected(&all), cases[i].selected);
		else
			assert_non_null(strstr(why, "no allocator is left"));
		four_free(&all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read),     cmocka_unit_test(bad_files_are_named),
		cmocka_unit_test(arguments_are_read), cmocka_unit_test(globs_select),
		cmocka_unit_test(lists_are_mixed),    cmocka_unit_test(a_choice_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
