#include "workloads/trace/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/trace/reader_parts.h"
#include "workloads/trace/why.h"

struct trace_reader *trace_open(const char *path, char *why, size_t why_size)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		trace_because(why, why_size, "%s: there is no memory to read it", path);
		return NULL;
	}
	reader->fd = -1;
	reader->path = strdup(path);
	reader->packed = malloc(CHUNK_FILE_MAX);
	reader->zstd = ZSTD_createDCtx();
	if (!reader->path || !reader->packed || !reader->zstd || reader_open(reader)) {
		trace_because(why, why_size, "%s",
			      reader->failed ? reader->error : "there is no memory to read it");
		trace_close(reader);
		return NULL;
	}
	return reader;
}

/* ---- one thread's stream ------------------------------------------------------ */

static int chunk_failed(struct trace_reader *reader, size_t chunk, const char *wrong)
{
	const struct chunk_place *place = &reader->index.list[chunk];

	return reader_fail(reader,
			   "chunk %zu of %zu (thread %u, at byte %" PRIu64 ") is damaged: %s",
			   chunk + 1, reader->index.count, place->tid, place->offset, wrong);
}

/* Reads the header only: the time of its first event is all that the merge needs until
 * it comes to it.  So a thread takes memory only while it runs. */
static int stream_enter(struct trace_reader *reader, struct stream *stream)
{
	const struct chunk_place *place = &reader->index.list[stream->chunk];
	uint8_t bytes[TRACE_CHUNK_HEADER];
	const char *wrong;

	if (!reader_bytes(reader, bytes, sizeof(bytes), place->offset))
		return chunk_failed(reader, stream->chunk, "it cannot be read");
	wrong = chunk_get_header(bytes, &stream->head);
	if (!wrong && (stream->head.tid != stream->tid || stream->head.events != place->events))
		wrong = "its header is not what the index says";
	if (!wrong && (stream->head.first_seq != stream->seq ||
		       stream->head.base_object != stream->codec.objects ||
		       stream->head.base_time < stream->time))
		wrong = "it does not continue its thread's chunk before";
	if (wrong)
		return chunk_failed(reader, stream->chunk, wrong);
	stream->time = stream->head.base_time;
	return 0;
}

static int stream_decode(struct trace_reader *reader, struct stream *stream)
{
	const char *wrong = codec_get(&stream->codec, &stream->at,
				      stream->raw + stream->head.raw, &stream->next);

	if (!wrong && --stream->left == 0 && stream->at != stream->raw + stream->head.raw)
		wrong = "something follows its last event";
	if (wrong)
		return chunk_failed(reader, stream->chunk, wrong);
	stream->time = stream->next.time;
	return 0;
}

static int stream_unpack(struct trace_reader *reader, struct stream *stream)
{
	const struct chunk_place *place = &reader->index.list[stream->chunk];
	const char *wrong = "it cannot be read";

	stream->raw = malloc(stream->head.raw);
	if (!stream->raw)
		return reader_fail(reader, "there is no memory to read it");
	if (reader_bytes(reader, reader->packed, place->bytes, place->offset))
		wrong = chunk_get(reader->packed, place->bytes, &stream->head, reader->zstd,
				  stream->raw);
	if (wrong)
		return chunk_failed(reader, stream->chunk, wrong);
	codec_begin(&stream->codec, stream->tid, stream->head.base_time,
		    stream->head.base_object);
	stream->at = stream->raw;
	stream->left = stream->head.events;
	reader->layout.raw_bytes += stream->head.raw;
	return stream_decode(reader, stream);
}

/* To the event after the one taken. */
static int stream_advance(struct trace_reader *reader, struct stream *stream)
{
	stream->seq++;
	if (stream->left)
		return stream_decode(reader, stream);
	free(stream->raw);
	stream->raw = NULL;
	stream->chunk = reader->next_chunk[stream->chunk];
	return stream->chunk == NO_CHUNK ? 0 : stream_enter(reader, stream);
}

/* ---- the merge ---------------------------------------------------------------- */

static bool earlier(const struct stream *a, const struct stream *b)
{
	return a->time < b->time || (a->time == b->time && a->tid < b->tid);
}

static void sift_down(struct trace_reader *reader, uint32_t at)
{
	struct stream **heap = reader->heap, *moving = heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= reader->nheap)
			break;
		if (child + 1 < reader->nheap && earlier(heap[child + 1], heap[child]))
			child++;
		if (!earlier(heap[child], moving))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

static int begin(struct trace_reader *reader)
{
	reader->begun = true;
	for (uint32_t tid = 0; tid < reader->nthreads; tid++) {
		struct stream *stream = &reader->streams[tid];

		/* A stream without chunks is never touched: a wrong thread number then
		 * takes address space, not memory. */
		if (reader->first_chunk[tid] == NO_CHUNK)
			continue;
		stream->tid = tid;
		stream->chunk = reader->first_chunk[tid];
		if (stream_enter(reader, stream))
			return -1;
		reader->heap[reader->nheap++] = stream;
	}
	for (uint32_t i = reader->nheap / 2; i-- > 0;)
		sift_down(reader, i);
	return 0;
}

static int fail_cut(struct trace_reader *reader)
{
	return reader_fail(reader, "the trace is cut short after %" PRIu64 " events: %s",
			   reader->summary.events, reader->cut);
}

int trace_next(struct trace_reader *reader, struct trace_event *event)
{
	struct stream *first;
	const char *wrong;

	if (reader->failed)
		return -1;
	if (!reader->begun && begin(reader))
		return -1;
	if (reader->nheap == 0)
		return reader->whole ? 0 : fail_cut(reader);
	first = reader->heap[0];
	if (!first->raw && stream_unpack(reader, first))
		return -1;
	wrong = resolver_take(&reader->resolver, first->tid, &first->next, event);
	/* What it depends on may lie in what is lost. */
	if (wrong && !reader->whole)
		return fail_cut(reader);
	if (wrong)
		return reader_fail(reader, "event %" PRIu64 " of thread %u is impossible: %s",
				   first->seq, first->tid, wrong);
	if (trace_summary_add(&reader->summary, event))
		return reader_fail(reader, "there is no memory to read it");
	if (stream_advance(reader, first))
		return 1; /* this event is good; the failure is the next one's */
	if (first->chunk == NO_CHUNK)
		reader->heap[0] = reader->heap[--reader->nheap];
	if (reader->nheap)
		sift_down(reader, 0);
	return 1;
}

void trace_rewind(struct trace_reader *reader)
{
	for (uint32_t i = 0; i < reader->nthreads; i++)
		if (reader->first_chunk[i] != NO_CHUNK) {
			free(reader->streams[i].raw);
			reader->streams[i] = (struct stream){0};
		}
	reader->nheap = 0;
	reader->begun = reader->failed = false;
	reader->error[0] = '\0';
	reader->layout.raw_bytes = 0;
	resolver_free(&reader->resolver);
	trace_summary_free(&reader->summary);
}

int trace_check(struct trace_reader *reader)
{
	struct trace_event event;
	char what[256];
	int got;

	trace_rewind(reader);
	while ((got = trace_next(reader, &event)) > 0)
		;
	if (got < 0)
		return -1;
	if (!trace_summary_same(&reader->summary, &reader->stored, what, sizeof(what)))
		return reader_fail(reader, "its events and its summary differ: %s", what);
	return 0;
}

/* ---- what it says of itself --------------------------------------------------- */

const struct trace_keys *trace_header(const struct trace_reader *reader)
{
	return &reader->header;
}

const struct trace_keys *trace_notes(const struct trace_reader *reader)
{
	return &reader->notes;
}

uint32_t trace_threads(const struct trace_reader *reader)
{
	return reader->nthreads;
}

const struct trace_summary *trace_stored_summary(const struct trace_reader *reader)
{
	return reader->whole ? &reader->stored : NULL;
}

const struct trace_summary *trace_summary(const struct trace_reader *reader)
{
	return &reader->summary;
}

const char *trace_error(const struct trace_reader *reader)
{
	return reader->error;
}

bool trace_cut_short(const struct trace_reader *reader)
{
	return !reader->whole;
}

struct trace_layout trace_layout(const struct trace_reader *reader)
{
	return reader->layout;
}

void trace_close(struct trace_reader *reader)
{
	if (!reader)
		return;
	if (reader->heap && reader->layout.file_bytes)
		trace_rewind(reader);
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->streams);
	free(reader->heap);
	free(reader->next_chunk);
	free(reader->first_chunk);
	free(reader->index.list);
	trace_keys_free(&reader->header);
	trace_keys_free(&reader->notes);
	trace_summary_free(&reader->stored);
	ZSTD_freeDCtx(reader->zstd);
	free(reader->packed);
	free(reader->path);
	free(reader);
}
