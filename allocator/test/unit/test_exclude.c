#include "test/support/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/exclude.h"

#define LINE(list, started, file) ash_exclude_line(list, started, file)

static void names_are_last_parts(void **state)
{
	(void)state;
	assert_int_equal(LINE("mysqld\n", "/usr/sbin/mysqld", "/usr/sbin/mysqld-10"), 1);
	assert_int_equal(LINE("mysqld-10\n", "mysqld", "/usr/sbin/mysqld-10"), 1);
	assert_int_equal(LINE("mysql\n", "/usr/sbin/mysqld", NULL), 0);
	assert_int_equal(LINE("ysqld\n", "/usr/sbin/mysqld", NULL), 0);
	assert_int_equal(LINE("sbin\n", "/usr/sbin/mysqld", NULL), 0);
	assert_int_equal(LINE("a\nb\n\nc", "c", NULL), 4);
	assert_int_equal(LINE("a\nb\n\nc", NULL, "/b"), 2);
	assert_int_equal(LINE("c\nc\n", "c", "c"), 1);
	assert_int_equal(LINE("a", NULL, NULL), 0);
	assert_int_equal(LINE("*", NULL, NULL), 0);
	assert_int_equal(LINE("a", "", ""), 0);
	assert_int_equal(LINE("", "a", "a"), 0);
}

static void paths_are_whole(void **state)
{
	(void)state;
	assert_int_equal(LINE("/opt/x", "/opt/x", NULL), 1);
	assert_int_equal(LINE("/opt/x", "x", "/opt/x"), 1);
	assert_int_equal(LINE("opt/x", "/opt/x", "/opt/x"), 0);
	assert_int_equal(LINE("/opt/*", "/opt/a/b/c", NULL), 1);
	assert_int_equal(LINE("/opt/*", "/opt", NULL), 0);
	assert_int_equal(LINE("*/x", "/opt/x", NULL), 1);
	assert_int_equal(LINE("./x", "./x", NULL), 1);
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} cases[] = {
		{"*", "a", true},           {"**", "a", true},
		{"?", "a", true},           {"?", "ab", false},
		{"java*", "java", true},    {"java*", "javac", true},
		{"java*", "java-17", true}, {"*java", "ejava", true},
		{"*java", "javae", false},  {"a*b*c", "abc", true},
		{"a*b*c", "a-b-b-c", true}, {"a*b*c", "acb", false},
		{"*ab", "aab", true},       {"*aab", "aaaaab", true},
		{"a?c*", "abcd", true},     {"a?c*", "acd", false},
		{"*?", "a", true},          {"??*", "a", false},
		{"[ab]", "a", false}, /* no sets of characters */
		{"[ab]", "[ab]", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((LINE(cases[i].pattern, cases[i].name, NULL) == 1) != cases[i].fits)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
}

/* A name of 4,000 characters and a pattern of many stars: the work is their product, no power.
 */
static void hostile_patterns_end(void **state)
{
	char name[4001], pattern[4001];

	(void)state;
	memset(name, 'a', 4000);
	for (unsigned i = 0; i < 4000; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[3999] = 'b';
	name[4000] = pattern[4000] = '\0';
	assert_int_equal(LINE(pattern, name, NULL), 0);
}

static void lines(void **state)
{
	(void)state;
	assert_int_equal(LINE("# x\nx", "x", NULL), 2);
	assert_int_equal(LINE("#x", "#x", NULL), 0);
	assert_int_equal(LINE("  x\t\r\n", "x", NULL), 1);
	assert_int_equal(LINE(" # x\n", "x", NULL), 0);
	assert_int_equal(LINE("a name\n", "/b/a name", NULL), 1);
	assert_int_equal(LINE("\r\n\r\n \n", "x", NULL), 0);
}

static char path[] = "/tmp/ashlar-exclude-XXXXXX";

static void write_list(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The list on the disk, of this process; the environment has the later word. */
static void list_is_a_source(void **state)
{
	struct ash_conf before = ash_conf;
	const char *known = ash_exclude_path;
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	close(file);
	ash_exclude_path = path;
	write_list("no_such_program\n");
	assert_int_equal(ash_exclude_this(), 0);
	ash_conf_init();
	assert_false(ash_conf.off);
	write_list("# ours\n*test_exclude\n");
	assert_int_equal(ash_exclude_this(), 2);
	ash_conf_init();
	assert_true(ash_conf.off);
	setenv("ASHLAR_CONF", "off:false", 1);
	ash_conf_init();
	assert_false(ash_conf.off);
	unsetenv("ASHLAR_CONF");
	ash_conf = before;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ash_exclude_this(), 0);
	ash_exclude_path = known;
}

/* Whole lines of its first 16 KiB count: one that is cut is none. */
static void long_lists_are_cut(void **state)
{
	static char text[ASH_EXCLUDE_MOST + 100];
	const char *known = ash_exclude_path;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	ash_exclude_path = path;
	memset(text, '\n', ASH_EXCLUDE_MOST - 2);
	strcpy(text + ASH_EXCLUDE_MOST - 2, "*\n");
	write_list(text);
	assert_int_equal(ash_exclude_this(), ASH_EXCLUDE_MOST - 1);
	strcpy(text + ASH_EXCLUDE_MOST - 2, "\n*x\n");
	write_list(text);
	assert_int_equal(ash_exclude_this(), 0);
	strcpy(text + ASH_EXCLUDE_MOST - 2, "**xyz\n");
	write_list(text);
	assert_int_equal(ash_exclude_this(), 0);
	assert_int_equal(unlink(path), 0);
	ash_exclude_path = known;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_last_parts),
		cmocka_unit_test(paths_are_whole),
		cmocka_unit_test(patterns),
		cmocka_unit_test(hostile_patterns_end),
		cmocka_unit_test(lines),
		cmocka_unit_test(list_is_a_source),
		cmocka_unit_test(long_lists_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
