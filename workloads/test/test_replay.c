/* From events in memory to steps; and the model of locality on addresses that are known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "workloads/replay/builder.h"
#include "workloads/lib/locality.h"

static char why[256];

static struct trace_event event(enum trace_op op, uint32_t tid, uint32_t slot, uint64_t size,
				uint64_t old_size)
{
	return (struct trace_event){.op = op,
				    .tid = tid,
				    .slot = slot,
				    .size = size,
				    .old_size = old_size,
				    .other = TRACE_NO_THREAD,
				    .resident = TRACE_NOT_MEASURED};
}

static struct trace_event of_thread(enum trace_op op, uint32_t tid, uint32_t other)
{
	struct trace_event e = event(op, tid, 0, 0, 0);

	e.other = other;
	return e;
}

/* Sums up, builds and writes; NULL with `why` where an event is refused. */
static struct replay_script *build(const struct trace_event *events, size_t n,
				   const struct trace_summary *promised)
{
	struct replay_settings settings = {.events = n, .window = 1000};
	struct trace_summary whole;
	struct builder *builder;
	struct replay_script *script = NULL;
	int result = 0;

	memset(&whole, 0, sizeof(whole));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(trace_summary_add(&whole, &events[i]), 0);
	whole.slots = whole.slots < 8 ? 8 : whole.slots;
	whole.threads = whole.threads < 3 ? 3 : whole.threads;
	builder = builder_make(&settings, &whole, why, sizeof(why));
	assert_non_null(builder);
	for (size_t i = 0; i < n && result == 0; i++)
		result = builder_add(builder, &events[i], why, sizeof(why));
	if (result == 0) {
		script = calloc(1, builder_bytes(builder));
		assert_non_null(script);
		builder_write(builder, &whole, promised ? promised : &whole, script);
	}
	builder_free(builder);
	trace_summary_free(&whole);
	return script;
}

static unsigned count(const struct replay_script *s, uint32_t part, enum replay_op op)
{
	const struct replay_part *p = REPLAY_AT(s, struct replay_part, s->parts_at) + part;
	const struct replay_step *step =
		REPLAY_AT(s, struct replay_step, s->steps_at) + p->first;
	unsigned n = 0;

	for (uint64_t i = 0; i < p->steps; i++)
		n += step[i].op == op;
	return n;
}

static void a_free_waits_for_its_allocation_once(void **state)
{
	const struct trace_event events[] = {
		of_thread(TRACE_START, 0, TRACE_NO_THREAD),
		of_thread(TRACE_CREATE, 0, 1),
		of_thread(TRACE_START, 1, 0),
		event(TRACE_MALLOC, 0, 0, 100, 0),
		event(TRACE_MALLOC, 0, 1, 100, 0),
		event(TRACE_MALLOC, 1, 2, 50, 0),
		event(TRACE_FREE, 1, 1, 0, 100), /* waits for the second, thus for both */
		event(TRACE_FREE, 1, 0, 0, 100),
		event(TRACE_FREE, 1, 2, 0, 50), /* its own */
	};
	struct replay_script *s = build(events, sizeof(events) / sizeof(events[0]), NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(count(s, 1, REPLAY_AWAIT), 1);
	assert_int_equal(count(s, 0, REPLAY_AWAIT), 0);
	assert_int_equal(count(s, 1, REPLAY_FREE), 3);
	assert_int_equal(count(s, 0, REPLAY_CREATE), 1);
	assert_int_equal(s->ncontexts, 2);
	assert_int_equal(s->nfinal, 0);
	assert_true(s->sound);
	free(s);
}

/* What the creator did before it started the thread needs no waiting. */
static void creation_is_known(void **state)
{
	const struct trace_event events[] = {
		of_thread(TRACE_START, 0, TRACE_NO_THREAD),
		event(TRACE_MALLOC, 0, 0, 100, 0),
		of_thread(TRACE_CREATE, 0, 1),
		of_thread(TRACE_START, 1, 0),
		event(TRACE_REALLOC, 1, 0, 300, 100),
		event(TRACE_FREE, 0, 0, 0, 300),
	};
	struct replay_script *s = build(events, sizeof(events) / sizeof(events[0]), NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(count(s, 1, REPLAY_AWAIT), 0);
	assert_int_equal(count(s, 0, REPLAY_AWAIT), 1); /* for the realloc */
	free(s);
}

static void what_could_not_have_happened(void **state)
{
	const struct trace_event early[] = {event(TRACE_FREE, 0, 3, 0, 100)};
	const struct trace_event twice[] = {event(TRACE_MALLOC, 0, 3, 100, 0),
					    event(TRACE_MALLOC, 0, 3, 100, 0)};
	const struct trace_event huge[] = {event(TRACE_MALLOC, 0, 3, UINT64_C(1) << 50, 0)};

	(void)state;
	assert_null(build(early, 1, NULL));
	assert_non_null(strstr(why, "before its allocation"));
	assert_null(build(twice, 2, NULL));
	assert_non_null(strstr(why, "while it lives"));
	assert_null(build(huge, 1, NULL));
	assert_non_null(strstr(why, "beyond any machine"));
}

static void a_promise_that_is_not_kept(void **state)
{
	const struct trace_event events[] = {event(TRACE_MALLOC, 0, 0, 100, 0),
					     event(TRACE_CALLOC, 0, 1, 70, 0)};
	struct trace_summary promised;
	struct replay_script *s;

	(void)state;
	memset(&promised, 0, sizeof(promised));
	promised.count[TRACE_MALLOC] = promised.count[TRACE_CALLOC] = 1;
	promised.bytes = 170;
	promised.sizes[trace_size_bucket(100)] = promised.sizes[trace_size_bucket(70)] = 1;
	s = build(events, 2, &promised);
	assert_true(s->sound);
	free(s);
	/* The same number of bytes and objects, otherwise distributed. */
	promised.sizes[trace_size_bucket(100)] = 0;
	promised.sizes[trace_size_bucket(70)] = 2;
	s = build(events, 2, &promised);
	assert_false(s->sound);
	assert_non_null(strstr(s->unsound, "the trace promises"));
	free(s);
}

/* A page per touch, more pages of one set than it has ways: nothing is ever found. */
static void translations_wear_out(void **state)
{
	static struct locality l;
	struct channel_locality f;

	(void)state;
	locality_start(&l, false);
	for (int round = 0; round < 3; round++)
		for (uintptr_t i = 0; i < 5; i++)
			locality_touch(&l, 0, i * LOCALITY_L1_SETS * 4096, 1, true);
	locality_take(&l, &f);
	assert_int_equal(f.l1_misses, 15);
	assert_int_equal(f.l2_misses, 5); /* the second level holds them */
	assert_int_equal(f.pages, 5);
	/* Four fit. */
	locality_start(&l, false);
	for (int round = 0; round < 3; round++)
		for (uintptr_t i = 0; i < 4; i++)
			locality_touch(&l, 0, i * LOCALITY_L1_SETS * 4096, 1, true);
	locality_take(&l, &f);
	assert_int_equal(f.l1_misses, 4);
}

static void places_are_counted_once_per_window(void **state)
{
	static struct locality l;
	struct channel_locality f;

	(void)state;
	locality_start(&l, false);
	for (int i = 0; i < 2 * LOCALITY_WINDOW; i++) {
		locality_touch(&l, 0, 4096 - 64, 128, true); /* two lines in two pages */
		locality_operation(&l);
	}
	/* More lines than the set begins with. */
	for (uintptr_t i = 0; i < 200000; i++)
		locality_touch(&l, 0, ((uintptr_t)1 << 30) + i * 64, 64, true);
	locality_take(&l, &f);
	assert_int_equal(f.windows, 2);
	assert_int_equal(f.lines_in_windows, 4);
	assert_int_equal(f.pages_in_windows, 4);
	assert_int_equal(f.regions_in_windows, 2);
	assert_int_equal(f.lines, 200002);
	assert_int_equal(f.pages, 200000 / 64 + 2);
	assert_int_equal(f.regions, 1 + 7);
}

/* Reads and writes of one line, each with what the states modified, shared and invalid make of
 * it. */
static void lines_go_over(void **state)
{
	static const struct {
		unsigned thread;
		bool writes;
		uint64_t transfers; /* so far */
	} steps[] = {
		{0, false, 0},   {0, true, 0},  /* the first one has it */
		{1, false, 1},   {1, false, 1}, /* comes from 0, and stays */
		{0, false, 1},                  /* 0 kept it */
		{1, true, 2},    {1, true, 2},  /* taken from 0 */
		{127, true, 3},  {0, false, 4}, /* written by 127 */
		{1, false, 4},                  /* clean: nobody has to give it up */
		{127, false, 4}, {64, true, 5}, /* of all three at once */
	};
	static struct locality l;
	struct channel_locality f;

	(void)state;
	locality_start(&l, true);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		locality_touch(&l, steps[i].thread, 4096 + i, 1, steps[i].writes);
		locality_take(&l, &f);
		assert_int_equal(f.transfers, steps[i].transfers);
	}
	/* Lines of one thread each, more than the table begins with: none is shared. */
	for (uintptr_t i = 0; i < 200000; i++)
		locality_touch(&l, i % 128, ((uintptr_t)1 << 30) + i * 64, 64, true);
	locality_touch(&l, 2, ((uintptr_t)1 << 30) + 3 * 64, 1, false);
	locality_take(&l, &f);
	assert_int_equal(f.transfers, 6);
	assert_int_equal(f.shared_lines, 2);
	assert_int_equal(f.lines, 200001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_go_over),
		cmocka_unit_test(a_free_waits_for_its_allocation_once),
		cmocka_unit_test(creation_is_known),
		cmocka_unit_test(what_could_not_have_happened),
		cmocka_unit_test(a_promise_that_is_not_kept),
		cmocka_unit_test(translations_wear_out),
		cmocka_unit_test(places_are_counted_once_per_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
