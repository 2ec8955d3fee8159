#include "workloads/test/trace_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/shared/rng.h"
#include "workloads/trace/format.h"

static char folder[64];

const char *folder_path(void)
{
	return folder;
}

const char *file(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ashlar-trace-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

struct trace_writer *begin(const char *path)
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

void finish(struct trace_writer *writer)
{
	struct trace_keys notes = {0};
	char why[256] = "";

	trace_keys_add(&notes, "failed", "%d", 0);
	assert_int_equal(trace_finish(writer, &notes, why, sizeof(why)), 0);
	trace_keys_free(&notes);
}

enum trace_put put(struct trace_writer *writer, uint64_t time, uint32_t tid, enum trace_op op,
		   uint64_t object, uint64_t size)
{
	struct trace_event event = {.op = op,
				    .time = time,
				    .tid = tid,
				    .size = size,
				    .resident = TRACE_NOT_MEASURED,
				    .other = TRACE_NO_THREAD};

	return trace_write(writer, &event, object, object);
}

enum trace_put put_thread(struct trace_writer *writer, uint64_t time, uint32_t tid,
			  enum trace_op op, uint32_t other)
{
	struct trace_event event = {.op = op, .time = time, .tid = tid, .other = other};

	return trace_write(writer, &event, 0, 0);
}

struct trace_reader *reopen(const char *path)
{
	char why[600] = "";
	struct trace_reader *reader = trace_open(path, why, sizeof(why));

	assert_string_equal(why, "");
	return reader;
}

void write_all_kinds(const char *path)
{
	struct trace_writer *writer = begin(path);
	struct trace_event e = {.op = TRACE_ALIGNED,
				.tid = 0,
				.resident = TRACE_NOT_MEASURED,
				.other = TRACE_NO_THREAD};

	assert_int_equal(put_thread(writer, 0, 0, TRACE_START, TRACE_NO_THREAD), 0);
	assert_int_equal(put(writer, 5, 0, TRACE_MALLOC, 100, 0), 0);
	assert_int_equal(put(writer, 6, 0, TRACE_CALLOC, 101, KINDS_LARGEST), 0);
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

void write_random(const char *path, struct model *model)
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

struct bytes load(const char *path)
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
