/* What a reader is made of, for the two files that make it up. */
#ifndef TRACE_READER_PARTS_H
#define TRACE_READER_PARTS_H

#include "workloads/trace/chunk.h"
#include "workloads/trace/codec.h"
#include "workloads/trace/format.h"
#include "workloads/trace/resolve.h"
#include "workloads/trace/trailer.h"

#define NO_CHUNK SIZE_MAX

/* One thread's way through its chunks. */
struct stream {
	uint32_t tid;
	size_t chunk; /* the one at hand, or the next when raw is NULL; NO_CHUNK at the end */
	struct trace_chunk_header head;
	uint8_t *raw; /* unpacked; NULL before it is needed */
	const uint8_t *at;
	uint32_t left; /* events of it not yet taken */
	uint64_t seq;  /* of the next event */
	uint64_t time; /* of the next event */
	struct codec codec;
	struct raw_event next; /* decoded, when raw is there */
};

struct trace_reader {
	char *path;
	int fd;
	uint64_t bytes, first; /* of the file; where chunks begin */
	struct trace_keys header, notes;
	struct chunk_index index;
	size_t *next_chunk;  /* of the same thread, by chunk */
	size_t *first_chunk; /* by thread */
	uint32_t nthreads;
	bool whole;      /* it has a valid trailer */
	const char *cut; /* why it has none */
	struct trace_summary stored;
	struct trace_layout layout;

	ZSTD_DCtx *zstd;
	uint8_t *packed;
	struct stream *streams;
	struct stream **heap; /* the earliest event first */
	uint32_t nheap;
	struct resolver resolver;
	struct trace_summary summary;
	bool begun, failed;
	char error[512];
};

/* Keeps "FILE: " and the text as the reader's error; returns -1. */
int reader_fail(struct trace_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* False when the file has not that many bytes there. */
bool reader_bytes(const struct trace_reader *reader, void *to, size_t length, uint64_t offset);

/* Opens the file and finds header, trailer and chunks.  Returns 0, or -1 after
 * reader_fail(). */
int reader_open(struct trace_reader *reader);

#endif
