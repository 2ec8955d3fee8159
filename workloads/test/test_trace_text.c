/* Traces as text: dumped and undumped they are the same file, and a wrong line is named. */
#include "workloads/test/trace_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/trace/text.h"

static int undump(const char *text, const char *path, char *why, size_t why_size)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int result = trace_undump(in, "text", path, why, why_size);

	fclose(in);
	return result;
}

static void text_and_back_is_the_same_file(void **state)
{
	static const char *const names[] = {"kinds.trace", "random.trace"};
	static struct model model;
	char why[600] = "";

	(void)state;
	memset(&model, 0, sizeof(model));
	write_all_kinds(file("kinds.trace"));
	write_random(file("random.trace"), &model);
	for (unsigned i = 0; i < 2; i++) {
		struct trace_reader *reader = reopen(file(names[i]));
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		struct bytes before, after;

		assert_int_equal(trace_dump(reader, out, why, sizeof(why)), 0);
		fclose(out);
		trace_close(reader);
		assert_int_equal(undump(text, file("again.trace"), why, sizeof(why)), 0);
		before = load(file(names[i]));
		after = load(file("again.trace"));
		assert_int_equal(before.length, after.length);
		assert_memory_equal(before.at, after.at, before.length);
		free(before.at);
		free(after.at);
		free(text);
	}
}

static void bad_text_is_refused_by_line(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"", "not a dump: it is empty"},
		{"hello\n", "line 1: not a dump"},
		{"# ashlar trace 1.0\n# nokey\n", "line 2: no header line"},
		{"# ashlar trace 1.0\n0 0 grab #1 5\n", "line 2: 'grab' is no operation"},
		{"# ashlar trace 1.0\nx 0 start\n", "line 2: a line begins with a time"},
		{"# ashlar trace 1.0\n0 9999999 start\n", "line 2: '9999999' is no thread"},
		{"# ashlar trace 1.0\n0 0 malloc 1 5\n", "line 2: after 'malloc' a slot"},
		{"# ashlar trace 1.0\n0 0 malloc #1 -5\n", "line 2: after 'malloc' a size"},
		{"# ashlar trace 1.0\n0 0 malloc #1 5 5\n", "nothing more"},
		{"# ashlar trace 1.0\n0 0 memalign #1 5 3\n", "power of two"},
		{"# ashlar trace 1.0\n0 0 free #1\n", "slot #1 holds no live object"},
		{"# ashlar trace 1.0\n0 0 malloc #1 5\n0 0 malloc #1 5\n",
		 "line 3: slot #1 holds a live object already"},
		{"# ashlar trace 1.0\n0 0 start\n0 0 start\n", "line 3: 'start' cannot happen"},
		{"# ashlar trace 1.0\n\n", "line 2: a line begins with a time"},
	};
	char why[600];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *in = tmpfile();

		fputs(cases[i].text, in);
		rewind(in);
		assert_int_equal(trace_undump(in, "text", file("bad.trace"), why, sizeof(why)),
				 -1);
		fclose(in);
		assert_non_null(strstr(why, cases[i].said));
		assert_int_equal(access(file("bad.trace"), F_OK), -1);
		assert_int_equal(access(file("bad.trace.partial"), F_OK), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back_is_the_same_file),
		cmocka_unit_test(bad_text_is_refused_by_line),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
