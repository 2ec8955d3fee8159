#include "harness/test/unit.h"

#include "harness/machine/callgrind.h"

/* As callgrind writes it: names once, then numbers; positions relative or not. */
static const char dump[] = "# callgrind format\n"
			   "version: 1\n"
			   "positions: line\n"
			   "events: Ir\n"
			   "summary: 1000\n"
			   "\n"
			   "ob=(1) /usr/bin/program\n"
			   "fl=(1) main.c\n"
			   "fn=(1) main\n"
			   "10 100\n"
			   "cob=(2) /nowhere/liballoc.so\n"
			   "cfi=(2) alloc.c\n"
			   "cfn=(2) malloc\n"
			   "calls=3 20\n"
			   "+1 90\n"
			   "cob=(2)\n"
			   "cfn=(8) malloc_usable_size\n"
			   "calls=1 20\n"
			   "+1 8\n"
			   "cob=(3) /nowhere/libc.so.6\n"
			   "cfn=(3) fopen\n"
			   "calls=1 30\n"
			   "* 500\n"
			   "cfn=(4) helper\n"
			   "calls=1 7\n"
			   "* 44\n"
			   "\n"
			   "ob=(2)\n"
			   "fn=(2)\n"
			   "20 30\n"
			   "cfn=(5) slow_path\n"
			   "calls=1 40\n"
			   "20 60\n"
			   "\n"
			   "fn=(5)\n"
			   "40 60\n"
			   "\n"
			   "ob=(3)\n"
			   "fn=(3)\n"
			   "30 400\n"
			   "cob=(2)\n"
			   "cfn=(2)\n"
			   "calls=1 20\n"
			   "+0 25\n"
			   "cfn=(6) calloc\n"
			   "calls=1 50\n"
			   "+0 70\n"
			   "\n"
			   "fn=(6)\n"
			   "50 20\n"
			   "cfn=(7) malloc'2\n"
			   "calls=1 60\n"
			   "50 50\n"
			   "totals: 1000\n";

static void a_library_is_entered_from_outside(void **state)
{
	int64_t usable;

	(void)state;
	/* 90 and 8 from main, 25 from libc; its own slow path is within. */
	assert_int_equal(callgrind_allocator(dump, "/nowhere/liballoc.so", &usable), 123);
	assert_int_equal(usable, 8);
	assert_int_equal(callgrind_total(dump), 1000);
}

static void the_c_library_by_name(void **state)
{
	int64_t usable;

	(void)state;
	/* calloc's 70, in which its malloc is contained; fopen is no allocation. */
	assert_int_equal(callgrind_allocator(dump, "/nowhere/libc.so.6", &usable), 70);
}

/* As with gperftools: malloc is where callgrind sees no library. */
static void an_entry_without_an_object(void **state)
{
	static const char text[] = "events: none\n"
				   "events: Ir\n"
				   "ob=(1) /usr/bin/program\n"
				   "fn=(1) main\n"
				   "cob=(2) ???\n"
				   "cfn=(2) free\n"
				   "calls=1 20\n"
				   "+1 40\n"
				   "cob=(2)\n"
				   "cfn=(3) tc_malloc_size\n"
				   "calls=1 20\n"
				   "+1 3\n"
				   "ob=(2)\n"
				   "fn=(2)\n"
				   "cob=(3) /nowhere/libtc.so\n"
				   "cfn=(4) release\n"
				   "calls=1 20\n"
				   "+1 30\n"
				   "summary: 50\n";
	int64_t usable;

	(void)state;
	assert_int_equal(callgrind_allocator(text, "/nowhere/libtc.so", &usable), 43);
	assert_int_equal(usable, 3);
}

/* A stub of some library's .plt.got has no object either, and leads back into the program:
 * what that does, its calls of malloc among it, is not the allocator's. */
static void a_stub_without_an_object(void **state)
{
	static const char text[] = "events: none\n"
				   "events: Ir\n"
				   "ob=(1) /usr/lib/libprogram.so\n"
				   "fn=(1) outer\n"
				   "cob=(2) ???\n"
				   "cfn=(2) 0x0000000004a4ede0\n"
				   "calls=1 20\n"
				   "+1 500\n"
				   "ob=(2)\n"
				   "fn=(2)\n"
				   "cob=(1)\n"
				   "cfn=(3) inner\n"
				   "calls=1 20\n"
				   "+1 499\n"
				   "ob=(1)\n"
				   "fn=(3)\n"
				   "cob=(2)\n"
				   "cfn=(4) malloc\n"
				   "calls=1 20\n"
				   "+1 40\n"
				   "ob=(2)\n"
				   "fn=(2)\n"
				   "cfn=(5) free\n"
				   "calls=1 20\n"
				   "+1 7\n"
				   "summary: 600\n";
	int64_t usable;

	(void)state;
	assert_int_equal(callgrind_allocator(text, "/nowhere/libtc.so", &usable), 47);
	assert_int_equal(usable, 0);
}

static void what_is_no_dump(void **state)
{
	int64_t usable;

	(void)state;
	assert_int_equal(
		callgrind_allocator("nothing of the kind\n", "/nowhere/libc.so.6", &usable),
		-1);
	assert_int_equal(callgrind_total("nothing of the kind\n"), -1);
	assert_int_equal(callgrind_allocator(dump, "/nowhere/other.so", &usable), 0);
}

static void valgrind_says_first_what_is_wrong(void **state)
{
	char line[80];

	(void)state;
	assert_true(callgrind_complaint("a program's own word\n"
					"==12== Conditional jump\n==12==    at 0x1: main\n"
					"==12== Please report this\n",
					line, sizeof(line)));
	assert_string_equal(line, "Conditional jump");
	assert_true(callgrind_complaint("vex amd64->IR: unhandled instruction bytes: 0xF 0x1\n"
					"==9== valgrind: Unrecognised instruction\n",
					line, sizeof(line)));
	assert_string_equal(line, "vex amd64->IR: unhandled instruction bytes: 0xF 0x1");
	assert_true(callgrind_complaint("==7== \n--7-- WARNING: no such call\n", line,
					sizeof(line)));
	assert_string_equal(line, "WARNING: no such call");
	assert_false(callgrind_complaint("== 7 ==\n==7= x\nout of memory", line, sizeof(line)));
	assert_string_equal(line, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_is_entered_from_outside),
		cmocka_unit_test(the_c_library_by_name),
		cmocka_unit_test(an_entry_without_an_object),
		cmocka_unit_test(a_stub_without_an_object),
		cmocka_unit_test(what_is_no_dump),
		cmocka_unit_test(valgrind_says_first_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
