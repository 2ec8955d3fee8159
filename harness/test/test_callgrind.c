#include "harness/test/unit.h"

#include "harness/machine/callgrind.h"
#include "harness/machine/lackey.h"
#include "harness/machine/profile.h"

#include <stdlib.h>
#include <string.h>

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

/* What caches and branches cost, of a file that counted them, with trailing zeros left out. */
static void simulated_misses(void **state)
{
	static const char text[] =
		"# callgrind format\n"
		"events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw Bc Bcm Bi Bim Ge\n"
		"fn=(1) main\n"
		"10 100 20\n"
		"summary: 1000 300 200 7 30 5 6 4 2 90 8\n"
		"7 7\n",
			  atomic[] = "# callgrind format\n"
				     "events: Ir Ge\n"
				     "summary: 1000 40\n";
	struct counters_reading r;

	(void)state;
	assert_int_equal(callgrind_simulated(text, &r), 7);
	assert_string_equal(r.tier, "callgrind");
	assert_string_equal(r.values[0].name, "data-references");
	assert_int_equal(r.values[0].value, 500);
	assert_int_equal(r.values[1].value, 35); /* D1 */
	assert_int_equal(r.values[2].value, 7);  /* I1 */
	assert_int_equal(r.values[3].value, 12); /* LL */
	assert_int_equal(r.values[4].value, 90); /* branches, the indirect ones left out */
	assert_int_equal(r.values[5].value, 8);
	assert_int_equal(r.values[6].value, 0);
	assert_int_equal(callgrind_simulated(atomic, &r), 1);
	assert_string_equal(r.values[0].name, "atomic-operations");
	assert_int_equal(r.values[0].value, 40);
	assert_int_equal(callgrind_simulated(dump, &r), 0);
	assert_int_equal(callgrind_total(text), 1000); /* the instructions all the same */
}

static int64_t self_of(const struct profile *p, const char *object, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->list[i].object, object) && !strcmp(p->list[i].name, name))
			return p->list[i].self;
	return -1;
}

/* What a function costs by itself: its own lines, and not those after calls. */
static void functions_by_themselves(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(profile_read(&p, dump), 0);
	assert_int_equal(self_of(&p, "program", "main"), 100);
	assert_int_equal(self_of(&p, "liballoc.so", "malloc"), 30);
	assert_int_equal(self_of(&p, "liballoc.so", "slow_path"), 60);
	assert_int_equal(self_of(&p, "libc.so.6", "fopen"), 400);
	assert_int_equal(self_of(&p, "libc.so.6", "calloc"), 20);
	assert_int_equal(p.total, 610);
	assert_int_equal(p.count, 5);
	profile_free(&p);
	assert_int_equal(profile_read(&p, "nothing of the kind\n"), -1);
	profile_free(&p);
}

/* Recursions and versions of symbols are one function, and so is what has no name; there may be
 * more than one position before the cost. */
static void functions_have_one_name(void **state)
{
	static const char text[] = "# callgrind format\n"
				   "positions: instr line\n"
				   "events: Ir\n"
				   "\n"
				   "ob=(1) /a/lib.so\n"
				   "fn=(1) take\n"
				   "0x10 1 5\n"
				   "+4 +1 2\n"
				   "fn=(2) take'2\n"
				   "0x20 1 3\n"
				   "fn=(3) take@@V_1\n"
				   "0x30 1 1\n"
				   "fn=(4) 0x00000000000123\n"
				   "0x40 0 7\n"
				   "fn=(5) 0x00000000000456\n"
				   "* 0 6\n"
				   "totals: 24\n";
	struct profile p;

	(void)state;
	assert_int_equal(profile_read(&p, text), 0);
	assert_int_equal(self_of(&p, "lib.so", "take"), 11);
	assert_int_equal(self_of(&p, "lib.so", "(no name)"), 13);
	assert_int_equal(p.count, 2);
	profile_free(&p);
}

static void the_greatest_difference_first(void **state)
{
	char o[] = "o", equal[] = "equal", less[] = "less", gone[] = "gone", new[] = "new";
	struct profile_function one[] = {{o, equal, 20}, {o, less, 90}, {o, gone, 4}},
				other[] = {{o, new, 50}, {o, less, 80}, {o, equal, 40}};
	struct profile a = {one, 3, 114}, b = {other, 3, 170};
	struct profile_row *rows;
	size_t n;

	(void)state;
	rows = profile_compare(&a, 10, &b, 20, &n); /* b did twice the work */
	assert_int_equal(n, 4);
	assert_string_equal(rows[0].name, "less");
	assert_true(rows[0].a == 9 && rows[0].b == 4);
	assert_string_equal(rows[1].name, "new");
	assert_true(rows[1].a == 0 && rows[1].b == 2.5);
	assert_string_equal(rows[2].name, "gone");
	assert_string_equal(rows[3].name, "equal");
	assert_true(rows[3].a == 2 && rows[3].b == 2);
	free(rows);
}

/* Two threads in turn, as lackey writes it: what lies outside of their calls does not count. */
static void accesses_of_the_allocator(void **state)
{
	static const char *const lines[] = {
		"==7== Lackey, an example Valgrind tool",
		" S 00002000,8", /* nobody is in a call yet */
		" S 10000000,1",
		"I  04001000,3",
		" S 00002000,8",
		" S 10000040,1",
		" S 00002000,8", /* thread 0, outside */
		" S 10000080,1", /* thread 1 enters */
		" L 00002000,8", /* 1: written by 0 */
		" L 0000203c,8", /* two lines, the second one new */
		" M 00002000,4", /* 2: 0 has it, too */
		" S 100000c0,1",
		" L 00002000,8",
		"",
		"I  nonsense",
	};
	struct channel *channel = calloc(1, sizeof(*channel));
	struct lackey lackey;

	(void)state;
	assert_non_null(channel);
	assert_int_equal(sizeof(struct channel_call), 128);
	assert_int_equal(lackey_start(&lackey, channel, -1), 0);
	assert_int_equal(lackey_line(&lackey, " S 10000000,1"), 0); /* no marks yet */
	channel->marks_at = 0x10000000;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(lackey_line(&lackey, lines[i]), 0);
	lackey_end(&lackey);
	assert_int_equal(lackey.figures.calls, 2);
	assert_int_equal(lackey.figures.accesses, 4);
	assert_int_equal(lackey.figures.transfers, 2);
	assert_int_equal(lackey.figures.shared, 1);
	assert_false(lackey.figures.atomics_known); /* there is no such process */
	free(channel);
}

static void atomic_instructions(void **state)
{
	static const struct {
		const char *code;
		int length;
		bool atomic;
	} of[] = {
		{"\xf0\x0f\xb1\x17", 4, true},              /* lock cmpxchg %edx,(%rdi) */
		{"\x66\xf0\x0f\xc1\x07", 5, true},          /* a prefix before the lock */
		{"\xf0\x48\x0f\xc1\x07", 5, true},          /* lock xadd %rax,(%rdi) */
		{"\x87\x07", 2, true},                      /* xchg %eax,(%rdi) */
		{"\x48\x87\x47\x08", 4, true},              /* xchg %rax,8(%rdi) */
		{"\x64\x48\x87\x04\x25\x00", 6, true},      /* xchg %rax,%fs:0 */
		{"\x48\x87\xc8", 3, false},                 /* xchg %rcx,%rax */
		{"\x48\x83\x07\x01", 4, false},             /* add $1,(%rdi) */
		{"\xf3\xa4", 2, false},                     /* rep movsb */
		{"\x48\x01\x87\xf0\x00\x00\x00", 7, false}, /* an f0 that is no prefix */
		{"\x48\x87", 2, false},                     /* cut off */
		{"\xf0", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		assert_true(lackey_is_atomic((const uint8_t *)of[i].code, of[i].length) ==
			    of[i].atomic);
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
		cmocka_unit_test(simulated_misses),
		cmocka_unit_test(accesses_of_the_allocator),
		cmocka_unit_test(atomic_instructions),
		cmocka_unit_test(functions_by_themselves),
		cmocka_unit_test(functions_have_one_name),
		cmocka_unit_test(the_greatest_difference_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
