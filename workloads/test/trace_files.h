/* What tests of the trace format share: a folder, traces written into it by few words, and
 * bytes of files.  What cannot be done fails the test. */
#ifndef TEST_TRACE_FILES_H
#define TEST_TRACE_FILES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include "workloads/trace/reader.h"
#include "workloads/trace/writer.h"

/* For cmocka_run_group_tests: the folder of a group, made and removed. */
int make_folder(void **state);
int remove_folder(void **state);

/* The folder; and the path of a file in it, good for the next three calls. */
const char *folder_path(void);
const char *file(const char *name);

struct trace_writer *begin(const char *path);
void finish(struct trace_writer *writer);

/* One event of any kind; object numbers are the caller's names. */
enum trace_put put(struct trace_writer *writer, uint64_t time, uint32_t tid, enum trace_op op,
		   uint64_t object, uint64_t size);
enum trace_put put_thread(struct trace_writer *writer, uint64_t time, uint32_t tid,
			  enum trace_op op, uint32_t other);

struct trace_reader *reopen(const char *path);

/* Every operation, call and attribute once, in three threads: KINDS_EVENTS of them. */
#define KINDS_EVENTS 20
#define KINDS_LARGEST (TRACE_SIZE_MAX - 1)
void write_all_kinds(const char *path);

/* A random history, always the same one, and what must come out of it. */
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

/* The model begins as zeros. */
void write_random(const char *path, struct model *model);

/* The whole of a file; the caller frees `at`. */
struct bytes {
	unsigned char *at;
	size_t length;
};

struct bytes load(const char *path);

#endif
