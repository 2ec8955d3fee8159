#include "workloads/trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workloads/trace/bytes.h"
#include "workloads/trace/chunk.h"
#include "workloads/trace/codec.h"
#include "workloads/trace/resolve.h"
#include "workloads/trace/trailer.h"
#include "workloads/trace/why.h"

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

static int fail(struct trace_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct trace_reader *reader, const char *format, ...)
{
	size_t used;
	va_list args;

	snprintf(reader->error, sizeof(reader->error), "%s: ", reader->path);
	used = strlen(reader->error);
	va_start(args, format);
	vsnprintf(reader->error + used, sizeof(reader->error) - used, format, args);
	va_end(args);
	reader->failed = true;
	return -1;
}

/* ---- opening ------------------------------------------------------------------ */

static bool read_at(const struct trace_reader *reader, void *to, size_t length, uint64_t offset)
{
	uint8_t *p = to;

	if (offset > reader->bytes || length > reader->bytes - offset)
		return false;
	while (length > 0) {
		ssize_t n = pread(reader->fd, p, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return true;
}

static int open_header(struct trace_reader *reader)
{
	uint8_t prefix[TRACE_PREFIX], sum[4];
	uint32_t length, crc;
	char *text;
	bool good;

	if (reader->bytes == 0)
		return fail(reader, "not a trace: it is empty");
	memset(prefix, 0, sizeof(prefix));
	read_at(reader, prefix, reader->bytes < 8 ? (size_t)reader->bytes : 8, 0);
	if (memcmp(prefix, TRACE_MAGIC, reader->bytes < 8 ? (size_t)reader->bytes : 8) != 0)
		return fail(reader, "not a trace: it does not begin with " TRACE_MAGIC);
	if (!read_at(reader, prefix, sizeof(prefix), 0))
		return fail(reader, "the trace is cut short within its header");
	if (get_fixed(prefix + 8, 2) > TRACE_MAJOR || get_fixed(prefix + 8, 2) == 0)
		return fail(reader,
			    "version %u of the format; this ashlar-bench reads up to %d",
			    (unsigned)get_fixed(prefix + 8, 2), TRACE_MAJOR);
	length = (uint32_t)get_fixed(prefix + 12, 4);
	if (length > TRACE_HEADER_MAX)
		return fail(reader,
			    "its header is damaged: a length of %u bytes, at most %u are "
			    "possible",
			    length, TRACE_HEADER_MAX);
	reader->first = (uint64_t)TRACE_PREFIX + length + sizeof(sum);
	if (reader->first > reader->bytes)
		return fail(reader, "the trace is cut short within its header");
	text = malloc(length + 1);
	if (!text)
		return fail(reader, "there is no memory for its header");
	good = read_at(reader, text, length, TRACE_PREFIX) &&
	       read_at(reader, sum, sizeof(sum), TRACE_PREFIX + length);
	crc = trace_crc32c(trace_crc32c(0, prefix, sizeof(prefix)), text, length);
	good = good && crc == get_fixed(sum, 4) &&
	       trace_keys_parse(&reader->header, text, length);
	free(text);
	return good ? 0 : fail(reader, "its header is damaged: the checksum does not hold");
}

/* Takes notes, summary and index from the trailer; false with `cut` saying why not. */
static bool open_trailer(struct trace_reader *reader)
{
	uint8_t footer[TRACE_FOOTER], head[8], *body;
	uint64_t at, length;
	uint32_t crc;

	reader->cut = "no trailer";
	if (reader->bytes - reader->first < TRACE_FOOTER + sizeof(head) + 4 ||
	    !read_at(reader, footer, sizeof(footer), reader->bytes - TRACE_FOOTER) ||
	    memcmp(footer + 8, TRACE_END_MAGIC, 8) != 0)
		return false;
	reader->cut = "its trailer is damaged";
	at = get_fixed(footer, 8);
	if (at < reader->first || at > reader->bytes ||
	    reader->bytes - at < TRACE_FOOTER + sizeof(head) + 4 ||
	    !read_at(reader, head, sizeof(head), at) ||
	    get_fixed(head, 4) != TRACE_TRAILER_MAGIC)
		return false;
	length = reader->bytes - at - TRACE_FOOTER - sizeof(head) - 4;
	if (length > TRACE_TRAILER_MAX || length != get_fixed(head + 4, 4))
		return false;
	body = malloc(length + 4);
	if (!body || !read_at(reader, body, length + 4, at + sizeof(head))) {
		free(body);
		return false;
	}
	crc = trace_crc32c(trace_crc32c(0, head, sizeof(head)), body, length);
	if (crc == get_fixed(body + length, 4) &&
	    !trailer_get(body, length, reader->first, at, &reader->notes, &reader->stored,
			 &reader->index))
		reader->whole = true;
	free(body);
	if (!reader->whole) {
		trace_keys_free(&reader->notes);
		trace_summary_free(&reader->stored);
		reader->index.count = 0;
	}
	return reader->whole;
}

/* Without a trailer: chunk after chunk, up to the first that is not whole. */
static int scan(struct trace_reader *reader)
{
	uint64_t offset = reader->first;
	uint8_t bytes[TRACE_CHUNK_HEADER];
	struct trace_chunk_header head;

	while (read_at(reader, bytes, sizeof(bytes), offset) &&
	       !chunk_get_header(bytes, &head)) {
		struct chunk_place place = {offset, head.tid,
					    TRACE_CHUNK_HEADER + head.packed + 4, head.events};

		if (place.bytes > reader->bytes - offset)
			break;
		if (chunk_index_add(&reader->index, &place))
			return fail(reader, "there is no memory for its index");
		offset += place.bytes;
	}
	return 0;
}

static int link_chunks(struct trace_reader *reader)
{
	size_t n = reader->index.count, *last;

	for (size_t i = 0; i < n; i++)
		if (reader->index.list[i].tid >= reader->nthreads)
			reader->nthreads = reader->index.list[i].tid + 1;
	reader->next_chunk = malloc((n + 1) * sizeof(*reader->next_chunk));
	reader->first_chunk = malloc((reader->nthreads + 1) * sizeof(*reader->first_chunk));
	reader->streams = calloc(reader->nthreads + 1, sizeof(*reader->streams));
	reader->heap = malloc((reader->nthreads + 1) * sizeof(struct stream *));
	last = malloc((reader->nthreads + 1) * sizeof(*last));
	if (!reader->next_chunk || !reader->first_chunk || !last || !reader->streams ||
	    !reader->heap) {
		free(last);
		return fail(reader, "there is no memory for its index");
	}
	for (uint32_t t = 0; t < reader->nthreads; t++)
		reader->first_chunk[t] = last[t] = NO_CHUNK;
	for (size_t i = 0; i < n; i++) {
		uint32_t tid = reader->index.list[i].tid;

		if (last[tid] == NO_CHUNK)
			reader->first_chunk[tid] = i;
		else
			reader->next_chunk[last[tid]] = i;
		last[tid] = i;
		reader->next_chunk[i] = NO_CHUNK;
		reader->layout.packed_bytes += reader->index.list[i].bytes;
	}
	free(last);
	reader->layout.chunks = n;
	reader->layout.file_bytes = reader->bytes;
	return 0;
}

static int open_file(struct trace_reader *reader)
{
	struct stat info;

	reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0 || fstat(reader->fd, &info) != 0)
		return fail(reader, "it cannot be opened: %s", strerror(errno));
	if (!S_ISREG(info.st_mode))
		return fail(reader, "not a trace: it is no regular file");
	reader->bytes = (uint64_t)info.st_size;
	if (open_header(reader))
		return -1;
	if (!open_trailer(reader) && scan(reader))
		return -1;
	return link_chunks(reader);
}

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
	if (!reader->path || !reader->packed || !reader->zstd || open_file(reader)) {
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

	return fail(reader, "chunk %zu of %zu (thread %u, at byte %" PRIu64 ") is damaged: %s",
		    chunk + 1, reader->index.count, place->tid, place->offset, wrong);
}

/* Reads the header only: the time of its first event is all that the merge needs until
 * it comes to it.  So a thread takes memory only while it runs. */
static int stream_enter(struct trace_reader *reader, struct stream *stream)
{
	const struct chunk_place *place = &reader->index.list[stream->chunk];
	uint8_t bytes[TRACE_CHUNK_HEADER];
	const char *wrong;

	if (!read_at(reader, bytes, sizeof(bytes), place->offset))
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
		return fail(reader, "there is no memory to read it");
	if (read_at(reader, reader->packed, place->bytes, place->offset))
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
	return fail(reader, "the trace is cut short after %" PRIu64 " events: %s",
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
		return fail(reader, "event %" PRIu64 " of thread %u is impossible: %s",
			    first->seq, first->tid, wrong);
	if (trace_summary_add(&reader->summary, event))
		return fail(reader, "there is no memory to read it");
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
		return fail(reader, "its events and its summary differ: %s", what);
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
