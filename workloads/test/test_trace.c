/* The trace format: what is written is read again, what could not have happened is not
 * written. */
#include "workloads/test/trace_files.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "workloads/shared/rng.h"
#include "workloads/trace/bytes.h"
#include "workloads/trace/format.h"

static void known_checksums(void **state)
{
	unsigned char zeros[32] = {0};

	(void)state;
	assert_int_equal(trace_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(trace_crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
	assert_int_equal(trace_crc32c(trace_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void buckets_hold_their_sizes(void **state)
{
	(void)state;
	for (unsigned b = 0; b < TRACE_SIZE_BUCKETS - 1; b++) {
		uint64_t least = trace_size_bucket_least(b),
			 next = trace_size_bucket_least(b + 1);

		assert_int_equal(trace_size_bucket(least), b);
		assert_int_equal(trace_size_bucket(next - 1), b);
		assert_true(next > least);
	}
}

/* ---- every kind of event ------------------------------------------------------- */

static void every_kind_comes_back(void **state)
{
	static const struct trace_event expected[] = {
		{TRACE_START, 0, 0, 0, 0, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_MALLOC, 0, 0, 1, 5, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_CALLOC, 0, 0, 2, 6, 1, KINDS_LARGEST, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 0, 0, 3, 7, 2, 1000, 0, 4, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 1, 0, 4, 7, 3, 1001, 0, 14, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 2, 0, 5, 7, 4, 1002, 0, 24, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 3, 0, 6, 7, 5, 1003, 0, 34, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 4, 0, 7, 7, 6, 1004, 0, 44, ~0u, ~0u, ~0u, 0},
		{TRACE_CREATE, 0, 0, 8, 8, 0, 0, 0, 0, ~0u, 1, ~0u, 0},
		{TRACE_START, 0, 1, 0, 8, 0, 0, 0, 0, ~0u, 0, 0, 8},
		{TRACE_REALLOC, 0, 1, 1, 9, 1, 77, KINDS_LARGEST, 0, ~0u, ~0u, 0, 2},
		{TRACE_REALLOC, 0, 1, 2, 9, 1, 78, 77, 0, ~0u, ~0u, 1, 1},
		{TRACE_FREE, 1, 1, 3, 10, 2, 0, 1000, 0, 12345, ~0u, 0, 3},
		{TRACE_FREE, 2, 1, 4, 10, 3, 0, 1001, 0, ~0u, ~0u, 0, 4},
		{TRACE_FREE, 0, 1, 5, 10, 4, 0, 1002, 0, 0, ~0u, 0, 5},
		{TRACE_REALLOC_FREE, 0, 1, 6, 11, 0, 0, 0, 0, ~0u, ~0u, 0, 1},
		{TRACE_END, 0, 1, 7, 12, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_JOIN, 0, 0, 9, TRACE_TIME_MAX / 2, 0, 0, 0, 0, ~0u, 1, 1, 7},
		{TRACE_START, 0, 2, 0, TRACE_TIME_MAX / 2 + 1, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_MALLOC, 0, 2, 1, TRACE_TIME_MAX / 2 + 1, 7, 1, 0, 0, ~0u, ~0u, ~0u, 0},
	};
	struct trace_reader *reader;
	struct trace_event e;

	(void)state;
	write_all_kinds(file("kinds.trace"));
	reader = reopen(file("kinds.trace"));
	assert_string_equal(trace_keys_get(trace_header(reader), "program"), "test");
	assert_string_equal(trace_keys_get(trace_notes(reader), "failed"), "0");
	assert_null(trace_keys_get(trace_header(reader), "failed"));
	assert_int_equal(trace_threads(reader), 3);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct trace_event *x = &expected[i];

		assert_int_equal(trace_next(reader, &e), 1);
		assert_int_equal(e.op, x->op);
		assert_int_equal(e.call, x->call);
		assert_int_equal(e.tid, x->tid);
		assert_int_equal(e.seq, x->seq);
		assert_int_equal(e.time, x->time);
		assert_int_equal(e.slot, x->slot);
		assert_int_equal(e.size, x->size);
		assert_int_equal(e.old_size, x->old_size);
		assert_int_equal(e.align_log2, x->align_log2);
		assert_int_equal(e.resident, x->resident);
		assert_int_equal(e.other, x->other);
		assert_int_equal(e.after_tid, x->after_tid);
		assert_int_equal(e.after_seq, x->after_seq);
	}
	assert_int_equal(trace_next(reader, &e), 0);
	assert_int_equal(trace_check(reader), 0);
	trace_close(reader);
}

/* ---- a random history, against a model --------------------------------------- */

/* The rules that a replay relies on, checked for every event. */
static void slots_are_safe(struct trace_reader *reader)
{
	const struct trace_summary *stored = trace_stored_summary(reader);
	struct {
		bool live;
		uint32_t tid; /* whose event touched it last */
		uint64_t seq;
		uint64_t when; /* events of all threads before it */
	} *slots = calloc(stored->slots, sizeof(*slots));
	struct trace_event e;
	uint64_t *seq = calloc(trace_threads(reader), sizeof(*seq));
	uint64_t time = 0, when = 0, taken_over = 0;
	uint32_t tid = 0;

	for (; trace_next(reader, &e) > 0; when++) {
		assert_int_equal(e.seq, seq[e.tid]++);
		assert_true(e.time > time || (e.time == time && e.tid >= tid));
		time = e.time;
		tid = e.tid;
		if (e.op > TRACE_FREE)
			continue;
		assert_true(e.slot < stored->slots);
		assert_int_equal(slots[e.slot].live, e.op >= TRACE_REALLOC);
		/* Who used the slot before is this thread, or is waited for. */
		if (slots[e.slot].seq && slots[e.slot].tid != e.tid) {
			assert_int_equal(e.after_tid, slots[e.slot].tid);
			assert_int_equal(e.after_seq, slots[e.slot].seq);
			if (e.op < TRACE_REALLOC) {
				assert_true(when - slots[e.slot].when >= TRACE_SLOT_REST);
				taken_over++;
			}
		}
		slots[e.slot].live = e.op <= TRACE_REALLOC;
		slots[e.slot].tid = e.tid;
		slots[e.slot].seq = e.seq;
		slots[e.slot].when = when;
	}
	assert_true(taken_over > 0);
	free(seq);
	free(slots);
}

static void a_random_history_holds(void **state)
{
	static struct model model;
	struct trace_reader *reader;
	const struct trace_summary *s;
	struct trace_cross *cross;
	size_t pairs;

	(void)state;
	write_random(file("random.trace"), &model);
	reader = reopen(file("random.trace"));
	slots_are_safe(reader);
	assert_int_equal(trace_check(reader), 0);
	s = trace_summary(reader);
	assert_int_equal(s->count[TRACE_MALLOC], model.allocs);
	assert_int_equal(s->count[TRACE_REALLOC], model.reallocs);
	assert_int_equal(s->count[TRACE_FREE], model.frees);
	assert_int_equal(s->count[TRACE_START], MODEL_THREADS);
	assert_int_equal(s->bytes, model.bytes);
	assert_int_equal(s->live_bytes, model.live_bytes);
	assert_int_equal(s->peak_live_bytes, model.peak);
	assert_true(s->slots >= s->peak_live_objects &&
		    s->slots <= s->peak_live_objects + 2 * TRACE_SLOT_REST);
	assert_true(trace_layout(reader).chunks > MODEL_THREADS);
	cross = trace_summary_cross(s, &pairs);
	assert_int_equal(pairs, MODEL_THREADS * MODEL_THREADS);
	for (size_t i = 0; i < pairs; i++)
		assert_int_equal(cross[i].count,
				 model.cross[cross[i].alloc_tid][cross[i].free_tid]);
	free(cross);
	trace_close(reader);
}

/* However many threads come and go, the slots they gave up are found again. */
static void slots_of_ended_threads_are_used_again(void **state)
{
	enum { THREADS = 2000, OBJECTS = 50 };
	struct trace_writer *writer = begin(file("churn.trace"));
	struct trace_reader *reader;
	uint64_t time = 0;

	(void)state;
	for (uint32_t t = 0; t < THREADS; t++) {
		for (unsigned i = 0; i < OBJECTS; i++)
			assert_int_equal(put(writer, time++, t, TRACE_MALLOC, i, 100), 0);
		for (unsigned i = 0; i < OBJECTS; i++)
			assert_int_equal(put(writer, time++, t, TRACE_FREE, i, 0), 0);
		assert_int_equal(put_thread(writer, time++, t, TRACE_END, TRACE_NO_THREAD), 0);
	}
	finish(writer);
	reader = reopen(file("churn.trace"));
	slots_are_safe(reader);
	assert_int_equal(trace_check(reader), 0);
	assert_true(trace_summary(reader)->slots <= OBJECTS + TRACE_SLOT_REST);
	trace_close(reader);
}

/* A million live objects, freed at random: the longest distances. */
static void a_million_live_objects_are_six_bytes_each(void **state)
{
	enum { OBJECTS = 1000000 };
	struct trace_writer *writer = begin(file("million.trace"));
	bool *live = calloc(OBJECTS, 1);
	struct trace_reader *reader;
	struct trace_layout layout;
	struct rng rng;
	uint64_t time = 0;

	(void)state;
	rng_seed(&rng, 1, 0);
	for (unsigned i = 0; i < OBJECTS; i++, live[i - 1] = true)
		put(writer, time += 5, 0, TRACE_MALLOC, i, 16 + rng_below(&rng, 1000));
	for (unsigned i = 0; i < 2 * OBJECTS; i++) {
		uint64_t o = rng_below(&rng, OBJECTS);

		put(writer, time += 5, 0, live[o] ? TRACE_FREE : TRACE_MALLOC, o,
		    16 + rng_below(&rng, 1000));
		live[o] = !live[o];
	}
	free(live);
	finish(writer);
	reader = reopen(file("million.trace"));
	assert_int_equal(trace_check(reader), 0);
	layout = trace_layout(reader);
	assert_true(layout.raw_bytes <= 6 * trace_summary(reader)->events);
	trace_close(reader);
}

/* ---- what the writer refuses --------------------------------------------------- */

static void impossible_events_are_refused(void **state)
{
	struct trace_writer *writer = begin(file("refused.trace"));

	(void)state;
	assert_int_equal(put(writer, 0, 0, TRACE_FREE, 1, 0), TRACE_PUT_UNKNOWN);
	assert_int_equal(put(writer, 0, 0, TRACE_MALLOC, 1, 10), TRACE_PUT_OK);
	assert_int_equal(put(writer, 0, 0, TRACE_MALLOC, 1, 10), TRACE_PUT_TAKEN);
	assert_int_equal(put(writer, 0, 0, TRACE_MALLOC, 2, TRACE_SIZE_MAX), TRACE_PUT_INVALID);
	assert_int_equal(put(writer, 0, TRACE_THREADS_MAX, TRACE_MALLOC, 2, 1),
			 TRACE_PUT_INVALID);
	assert_int_equal(put_thread(writer, 0, 0, TRACE_START, TRACE_NO_THREAD),
			 TRACE_PUT_INVALID);
	assert_int_equal(put_thread(writer, 0, 1, TRACE_START, 0), TRACE_PUT_INVALID);
	assert_int_equal(put_thread(writer, 0, 0, TRACE_JOIN, 1), TRACE_PUT_INVALID);
	assert_int_equal(put_thread(writer, 0, 0, TRACE_CREATE, 0), TRACE_PUT_INVALID);
	assert_int_equal(put_thread(writer, 0, 0, TRACE_END, TRACE_NO_THREAD), TRACE_PUT_OK);
	assert_int_equal(put(writer, 0, 0, TRACE_FREE, 1, 0), TRACE_PUT_INVALID);
	assert_int_equal(trace_written(writer)->events, 3);
	trace_abandon(writer);
	assert_int_equal(access(file("refused.trace.partial"), F_OK), -1);
	assert_int_equal(access(file("refused.trace"), F_OK), -1);
}

static void a_full_disk_leaves_nothing(void **state)
{
	struct rlimit before, tight;
	struct trace_writer *writer;
	struct trace_keys notes = {0};
	char why[600] = "";

	(void)state;
	writer = begin(file("full.trace"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	tight = (struct rlimit){1000, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(put(writer, i * i, 0, TRACE_MALLOC, i, i * i * i % 4001), 0);
	assert_int_equal(trace_finish(writer, &notes, why, sizeof(why)), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(
		strstr(why, "full.trace: the trace could not be written: File too large"));
	assert_int_equal(access(file("full.trace"), F_OK), -1);
	assert_int_equal(access(file("full.trace.partial"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_checksums),
		cmocka_unit_test(buckets_hold_their_sizes),
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(a_random_history_holds),
		cmocka_unit_test(slots_of_ended_threads_are_used_again),
		cmocka_unit_test(a_million_live_objects_are_six_bytes_each),
		cmocka_unit_test(impossible_events_are_refused),
		cmocka_unit_test(a_full_disk_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
