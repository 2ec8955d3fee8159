/* The trace format: what is written is read again, and what is damaged is said so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "workloads/rng.h"
#include "workloads/trace/bytes.h"
#include "workloads/trace/format.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/text.h"
#include "workloads/trace/writer.h"

#define LARGEST (TRACE_SIZE_MAX - 1)

static char folder[64];

static const char *file(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ashlar-trace-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct trace_writer *begin(const char *path)
{
	struct trace_keys header = {0};
	struct trace_writer *writer;
	char why[256] = "";

	trace_keys_add(&header, "program", "test");
	trace_keys_add(&header, "zstd-level", "%d", 3);
	writer = trace_create(path, &header, why, sizeof(why));
	trace_keys_free(&header);
	assert_string_equal(why, "");
	assert_non_null(writer);
	return writer;
}

static void finish(struct trace_writer *writer)
{
	struct trace_keys notes = {0};
	char why[256] = "";

	trace_keys_add(&notes, "failed", "%d", 0);
	assert_int_equal(trace_finish(writer, &notes, why, sizeof(why)), 0);
	trace_keys_free(&notes);
}

/* One event of any kind; object numbers are the caller's names. */
static enum trace_put put(struct trace_writer *writer, uint64_t time, uint32_t tid,
			  enum trace_op op, uint64_t object, uint64_t size)
{
	struct trace_event event = {.op = op,
				    .time = time,
				    .tid = tid,
				    .size = size,
				    .resident = TRACE_NOT_MEASURED,
				    .other = TRACE_NO_THREAD};

	return trace_write(writer, &event, object, object);
}

static enum trace_put put_thread(struct trace_writer *writer, uint64_t time, uint32_t tid,
				 enum trace_op op, uint32_t other)
{
	struct trace_event event = {.op = op, .time = time, .tid = tid, .other = other};

	return trace_write(writer, &event, 0, 0);
}

static struct trace_reader *reopen(const char *path)
{
	char why[600] = "";
	struct trace_reader *reader = trace_open(path, why, sizeof(why));

	assert_string_equal(why, "");
	return reader;
}

/* Every operation, call and attribute once, in three threads. */
static void write_all_kinds(const char *path)
{
	struct trace_writer *writer = begin(path);
	struct trace_event e = {.op = TRACE_ALIGNED,
				.tid = 0,
				.resident = TRACE_NOT_MEASURED,
				.other = TRACE_NO_THREAD};

	assert_int_equal(put_thread(writer, 0, 0, TRACE_START, TRACE_NO_THREAD), 0);
	assert_int_equal(put(writer, 5, 0, TRACE_MALLOC, 100, 0), 0);
	assert_int_equal(put(writer, 6, 0, TRACE_CALLOC, 101, LARGEST), 0);
	for (unsigned call = 0; call <= TRACE_CALL_PVALLOC; call++) {
		e.call = (enum trace_call)call;
		e.time = 7;
		e.size = 1000 + call;
		e.align_log2 = 4 + 10 * call;
		assert_int_equal(trace_write(writer, &e, 200 + call, 0), 0);
	}
	assert_int_equal(put_thread(writer, 8, 0, TRACE_CREATE, 1), 0);
	assert_int_equal(put_thread(writer, 8, 1, TRACE_START, 0), 0);
	assert_int_equal(put(writer, 9, 1, TRACE_REALLOC, 101, 77), 0);
	assert_int_equal(put(writer, 9, 1, TRACE_REALLOC, 101, 78), 0);
	e = (struct trace_event){.op = TRACE_FREE,
				 .call = TRACE_CALL_FREE_SIZED,
				 .tid = 1,
				 .time = 10,
				 .resident = 12345,
				 .other = TRACE_NO_THREAD};
	assert_int_equal(trace_write(writer, &e, 200, 0), 0);
	e.call = TRACE_CALL_FREE_ALIGNED_SIZED;
	e.resident = TRACE_NOT_MEASURED;
	assert_int_equal(trace_write(writer, &e, 201, 0), 0);
	e.call = TRACE_CALL_PLAIN;
	e.resident = 0;
	assert_int_equal(trace_write(writer, &e, 202, 0), 0);
	assert_int_equal(put(writer, 11, 1, TRACE_REALLOC_FREE, 100, 0), 0);
	assert_int_equal(put_thread(writer, 12, 1, TRACE_END, TRACE_NO_THREAD), 0);
	assert_int_equal(put_thread(writer, TRACE_TIME_MAX / 2, 0, TRACE_JOIN, 1), 0);
	assert_int_equal(put(writer, TRACE_TIME_MAX / 2 + 1, 2, TRACE_MALLOC, 1, 1), 0);
	finish(writer);
}

static void every_kind_comes_back(void **state)
{
	static const struct trace_event expected[] = {
		{TRACE_START, 0, 0, 0, 0, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_MALLOC, 0, 0, 1, 5, 0, 0, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_CALLOC, 0, 0, 2, 6, 1, LARGEST, 0, 0, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 0, 0, 3, 7, 2, 1000, 0, 4, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 1, 0, 4, 7, 3, 1001, 0, 14, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 2, 0, 5, 7, 4, 1002, 0, 24, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 3, 0, 6, 7, 5, 1003, 0, 34, ~0u, ~0u, ~0u, 0},
		{TRACE_ALIGNED, 4, 0, 7, 7, 6, 1004, 0, 44, ~0u, ~0u, ~0u, 0},
		{TRACE_CREATE, 0, 0, 8, 8, 0, 0, 0, 0, ~0u, 1, ~0u, 0},
		{TRACE_START, 0, 1, 0, 8, 0, 0, 0, 0, ~0u, 0, 0, 8},
		{TRACE_REALLOC, 0, 1, 1, 9, 1, 77, LARGEST, 0, ~0u, ~0u, 0, 2},
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

#define MODEL_THREADS 5u
#define MODEL_OBJECTS 3000u
#define MODEL_EVENTS 400000u

struct model {
	uint64_t size[MODEL_OBJECTS];
	bool live[MODEL_OBJECTS];
	uint64_t live_bytes, peak, allocs, frees, reallocs, bytes;
	uint64_t cross[MODEL_THREADS][MODEL_THREADS];
	uint32_t owner[MODEL_OBJECTS];
};

static void write_random(const char *path, struct model *model)
{
	struct trace_writer *writer = begin(path);
	struct rng rng;
	uint64_t time = 0;

	rng_seed(&rng, 7, 0);
	for (unsigned i = 0; i < MODEL_EVENTS; i++) {
		uint32_t tid = (uint32_t)rng_below(&rng, MODEL_THREADS);
		uint64_t o = rng_below(&rng, MODEL_OBJECTS), size = rng_below(&rng, 5000);
		bool freed = false;

		time += rng_below(&rng, 3);
		if (!model->live[o]) {
			assert_int_equal(put(writer, time, tid, TRACE_MALLOC, o, size), 0);
			model->allocs++;
		} else if (rng_below(&rng, 4) == 0) {
			assert_int_equal(put(writer, time, tid, TRACE_REALLOC, o, size), 0);
			model->reallocs++;
		} else {
			assert_int_equal(put(writer, time, tid, TRACE_FREE, o, 0), 0);
			model->frees++;
			size = 0;
			freed = true;
		}
		if (model->live[o])
			model->cross[model->owner[o]][tid]++;
		model->live_bytes += size - (model->live[o] ? model->size[o] : 0);
		model->bytes += size;
		model->live[o] = !freed;
		model->size[o] = size;
		model->owner[o] = tid;
		if (model->live_bytes > model->peak)
			model->peak = model->live_bytes;
	}
	finish(writer);
}

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

/* ---- damage ------------------------------------------------------------------ */

struct bytes {
	unsigned char *at;
	size_t length;
};

static struct bytes load(const char *path)
{
	FILE *in = fopen(path, "rb");
	struct bytes b;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	b.length = (size_t)ftell(in);
	rewind(in);
	b.at = malloc(b.length);
	assert_int_equal(fread(b.at, 1, b.length, in), b.length);
	fclose(in);
	return b;
}

static void store(const char *path, const void *bytes, size_t length)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

/* What opening and reading it says; "" when all is well.  Counts the events. */
static const char *verdict(const char *path, uint64_t *events, bool *cut)
{
	static char why[600];
	struct trace_reader *reader = trace_open(path, why, sizeof(why));

	*events = 0;
	*cut = false;
	if (!reader)
		return why;
	why[0] = '\0';
	if (trace_check(reader))
		snprintf(why, sizeof(why), "%s", trace_error(reader));
	*events = trace_summary(reader)->events;
	*cut = trace_cut_short(reader);
	trace_close(reader);
	return why;
}

static void a_cut_file_is_read_to_its_last_chunk(void **state)
{
	struct bytes whole;
	uint64_t events, most = 0;
	bool cut;

	(void)state;
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	for (size_t length = 0; length < whole.length; length++) {
		const char *said;

		store(file("cut.trace"), whole.at, length);
		said = verdict(file("cut.trace"), &events, &cut);
		assert_string_not_equal(said, "");
		assert_true(strstr(said, "cut short") || length < 8);
		assert_true(events >= most || length < 8);
		most = events;
		if (cut) {
			char expected[80];

			snprintf(expected, sizeof(expected), "cut short after %u events",
				 (unsigned)events);
			assert_non_null(strstr(said, expected));
		}
	}
	assert_int_equal(most, 20); /* only the trailer is missing then */
	free(whole.at);
}

/* Each byte of the file changed once: never a trace that passes for good. */
static void every_changed_byte_is_found(void **state)
{
	struct bytes whole;
	uint64_t events;
	bool cut;

	(void)state;
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	for (size_t i = 0; i < whole.length; i++) {
		const char *said;

		whole.at[i] ^= 0x41;
		store(file("changed.trace"), whole.at, whole.length);
		whole.at[i] ^= 0x41;
		said = verdict(file("changed.trace"), &events, &cut);
		/* A new minor version is the one thing that a reader does not mind, but
		 * it is under the checksum too. */
		assert_string_not_equal(said, "");
		assert_non_null(strstr(said, "changed.trace: "));
	}
	free(whole.at);
}

static void damaged_chunks_are_named(void **state)
{
	static struct model model;
	struct bytes whole;
	uint64_t events;
	bool cut;
	unsigned chunks = 0;

	(void)state;
	memset(&model, 0, sizeof(model));
	write_random(file("random.trace"), &model);
	whole = load(file("random.trace"));
	for (size_t i = 0; i + 8 < whole.length; i++) {
		char expected[64];

		if (memcmp(whole.at + i, "CHNK", 4) != 0)
			continue;
		chunks++;
		whole.at[i + TRACE_CHUNK_HEADER + 9] ^= 1;
		store(file("damaged.trace"), whole.at, whole.length);
		whole.at[i + TRACE_CHUNK_HEADER + 9] ^= 1;
		snprintf(expected, sizeof(expected), "chunk %u of ", chunks);
		const char *said = verdict(file("damaged.trace"), &events, &cut);

		assert_non_null(strstr(said, expected));
		assert_non_null(strstr(said, "its checksum does not hold"));
		snprintf(expected, sizeof(expected), "at byte %zu)", i);
		assert_non_null(strstr(said, expected));
		assert_false(cut);
	}
	assert_true(chunks > MODEL_THREADS);
	free(whole.at);
}

static void foreign_and_future_files_are_named(void **state)
{
	struct bytes whole;
	uint64_t events;
	bool cut;

	(void)state;
	store(file("foreign"), "#!/bin/sh\n", 10);
	assert_non_null(strstr(verdict(file("foreign"), &events, &cut),
			       "not a trace: it does not begin with ASHTRACE"));
	store(file("empty"), "", 0);
	assert_non_null(
		strstr(verdict(file("empty"), &events, &cut), "not a trace: it is empty"));
	assert_non_null(strstr(verdict(folder, &events, &cut), "not a trace"));
	assert_non_null(strstr(verdict(file("none"), &events, &cut), "No such file"));
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	whole.at[8] = 7;
	store(file("future"), whole.at, whole.length);
	assert_non_null(strstr(verdict(file("future"), &events, &cut),
			       "version 7 of the format; this ashlar-bench reads up to 1"));
	free(whole.at);
}

/* ---- text -------------------------------------------------------------------- */

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
		cmocka_unit_test(a_cut_file_is_read_to_its_last_chunk),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(damaged_chunks_are_named),
		cmocka_unit_test(foreign_and_future_files_are_named),
		cmocka_unit_test(text_and_back_is_the_same_file),
		cmocka_unit_test(bad_text_is_refused_by_line),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
