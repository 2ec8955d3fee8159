#include "workloads/trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

#define FIRST_ROOM 512u
#define OUT_ROOM (256u << 10)

/* A thread's open chunk. */
struct open_chunk {
	struct codec codec;
	uint8_t *raw;
	uint32_t length, room;
	uint32_t events;
	uint64_t first_seq, base_time, base_object;
};

struct trace_writer {
	char *path, *partial;
	int fd;
	int level;
	ZSTD_CCtx *zstd;
	struct resolver resolver;
	struct trace_summary summary;
	struct table names; /* live objects: the caller's name -> thread (slot), number (seq) */
	struct chunk_index index;
	struct open_chunk **open; /* by thread; NULL without an open chunk */
	uint32_t nopen;
	uint64_t last_time;
	uint32_t last_tid;
	uint64_t moved, offset;
	uint8_t *out; /* what is not yet written to the file */
	size_t out_length;
	bool failed;
	char error[512];
};

static void fail(struct trace_writer *writer, const char *what, const char *why)
{
	if (!writer->failed)
		snprintf(writer->error, sizeof(writer->error), "%s: %s%s%s", writer->path, what,
			 why ? ": " : "", why ? why : "");
	writer->failed = true;
}

static void write_out(struct trace_writer *writer)
{
	for (size_t done = 0; done < writer->out_length && !writer->failed;) {
		ssize_t n = write(writer->fd, writer->out + done, writer->out_length - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			fail(writer, "the trace could not be written",
			     n < 0 ? strerror(errno) : "no room");
	}
	writer->out_length = 0;
}

static void emit(struct trace_writer *writer, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	while (length > 0 && !writer->failed) {
		size_t part = OUT_ROOM - writer->out_length;

		if (part > length)
			part = length;
		memcpy(writer->out + writer->out_length, from, part);
		writer->out_length += part;
		writer->offset += part;
		from += part;
		length -= part;
		if (writer->out_length == OUT_ROOM)
			write_out(writer);
	}
}

static void put_header(struct trace_writer *writer, const struct trace_keys *header)
{
	size_t length;
	char *text = trace_keys_text(header, &length);
	uint8_t prefix[TRACE_PREFIX], sum[4];
	uint32_t crc;

	if (header->failed || !text || length > TRACE_HEADER_MAX) {
		fail(writer, "the header is longer than 64 KiB, or there is no memory", NULL);
		free(text);
		return;
	}
	memcpy(prefix, TRACE_MAGIC, 8);
	put_fixed(prefix + 8, TRACE_MAJOR, 2);
	put_fixed(prefix + 10, TRACE_MINOR, 2);
	put_fixed(prefix + 12, length, 4);
	crc = trace_crc32c(0, prefix, sizeof(prefix));
	crc = trace_crc32c(crc, text, length);
	put_fixed(sum, crc, 4);
	emit(writer, prefix, sizeof(prefix));
	emit(writer, text, length);
	emit(writer, sum, sizeof(sum));
	free(text);
}

static void writer_free(struct trace_writer *writer)
{
	if (writer->fd >= 0)
		close(writer->fd);
	for (uint32_t i = 0; i < writer->nopen; i++)
		if (writer->open[i]) {
			free(writer->open[i]->raw);
			free(writer->open[i]);
		}
	free(writer->open);
	free(writer->index.list);
	table_free(&writer->names);
	trace_summary_free(&writer->summary);
	resolver_free(&writer->resolver);
	ZSTD_freeCCtx(writer->zstd);
	free(writer->out);
	free(writer->partial);
	free(writer->path);
	free(writer);
}

/* What is renamed onto a device takes its place for every program. */
int trace_may_take(const char *path, char *why, size_t why_size)
{
	struct stat there;

	if (stat(path, &there) != 0 || S_ISREG(there.st_mode))
		return 0;
	return trace_because(why, why_size, "%s: it is there already, and no file but a %s",
			     path, S_ISDIR(there.st_mode) ? "folder" : "device or pipe");
}

struct trace_writer *trace_create(const char *path, const struct trace_keys *header, char *why,
				  size_t why_size)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));
	const char *level = trace_keys_get(header, "zstd-level");

	if (trace_may_take(path, why, why_size)) {
		free(writer);
		return NULL;
	}
	if (!writer || !(writer->path = strdup(path)) ||
	    asprintf(&writer->partial, "%s.partial", path) < 0 ||
	    !(writer->out = malloc(OUT_ROOM)) || !(writer->zstd = ZSTD_createCCtx())) {
		trace_because(why, why_size, "%s: there is no memory to write it", path);
		if (writer) {
			writer->fd = -1;
			writer_free(writer);
		}
		return NULL;
	}
	writer->level = level ? atoi(level) : TRACE_LEVEL;
	if (writer->level < 1 || writer->level > ZSTD_maxCLevel())
		writer->level = TRACE_LEVEL;
	writer->fd = open(writer->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (writer->fd < 0) {
		trace_because(why, why_size, "%s: it cannot be created: %s", writer->partial,
			      strerror(errno));
		writer_free(writer);
		return NULL;
	}
	put_header(writer, header);
	if (writer->failed) {
		trace_because(why, why_size, "%s", writer->error);
		trace_abandon(writer);
		return NULL;
	}
	return writer;
}

static void flush_chunk(struct trace_writer *writer, uint32_t tid)
{
	struct open_chunk *chunk = writer->open[tid];
	uint8_t packed[CHUNK_FILE_MAX];
	struct trace_chunk_header head = {.tid = tid,
					  .raw = chunk->length,
					  .events = chunk->events,
					  .first_seq = chunk->first_seq,
					  .base_time = chunk->base_time,
					  .base_object = chunk->base_object};
	struct chunk_place place = {writer->offset, tid, 0, chunk->events};
	size_t length = chunk_put(&head, chunk->raw, writer->zstd, writer->level, packed);

	place.bytes = (uint32_t)length;
	if (!length)
		fail(writer, "zstd failed to pack a chunk", NULL);
	else if (chunk_index_add(&writer->index, &place))
		fail(writer, "there is no memory to write it", NULL);
	emit(writer, packed, length);
	free(chunk->raw);
	free(chunk);
	writer->open[tid] = NULL;
}

/* The thread's open chunk with room for an event; NULL without memory. */
static struct open_chunk *chunk_for(struct trace_writer *writer, uint32_t tid, uint64_t seq,
				    uint64_t time, uint64_t objects)
{
	struct open_chunk *chunk;

	if (tid >= writer->nopen) {
		uint32_t n = writer->nopen ? writer->nopen : 8;
		struct open_chunk **list;

		while (n <= tid)
			n *= 2;
		list = realloc(writer->open, n * sizeof(struct open_chunk *));
		if (!list)
			return NULL;
		memset(list + writer->nopen, 0,
		       (n - writer->nopen) * sizeof(struct open_chunk *));
		writer->open = list;
		writer->nopen = n;
	}
	chunk = writer->open[tid];
	if (chunk && chunk->length + CODEC_EVENT_MAX > TRACE_CHUNK_RAW) {
		flush_chunk(writer, tid);
		chunk = NULL;
	}
	if (!chunk) {
		chunk = calloc(1, sizeof(*chunk));
		if (!chunk)
			return NULL;
		codec_begin(&chunk->codec, tid, time, objects);
		chunk->first_seq = seq;
		chunk->base_time = time;
		chunk->base_object = objects;
		writer->open[tid] = chunk;
	}
	if (chunk->length + CODEC_EVENT_MAX > chunk->room) {
		uint32_t room = chunk->room ? 2 * chunk->room : FIRST_ROOM;
		uint8_t *raw = realloc(chunk->raw, room);

		if (!raw)
			return NULL;
		chunk->raw = raw;
		chunk->room = room;
	}
	return chunk;
}

/* The order of the file is (time, thread): an event whose place would be before the
 * last one's moves up. */
static uint64_t time_in_order(struct trace_writer *writer, uint32_t tid, uint64_t time)
{
	uint64_t least = writer->last_time + (tid < writer->last_tid);

	return time < least ? least : time;
}

static enum trace_put put_raw(struct trace_writer *writer, uint32_t tid, struct raw_event *raw)
{
	const struct resolve_thread *thread = resolver_thread(&writer->resolver, tid);
	uint64_t objects = thread ? thread->objects : 0, time = raw->time;
	struct trace_event event;
	struct open_chunk *chunk;

	if (objects + 1 >= TRACE_OBJECTS_MAX)
		return TRACE_PUT_INVALID;
	raw->time = time_in_order(writer, tid, time);
	if (raw->time >= TRACE_TIME_MAX || resolver_take(&writer->resolver, tid, raw, &event))
		return TRACE_PUT_INVALID;
	chunk = chunk_for(writer, tid, event.seq, raw->time, objects);
	if (!chunk || trace_summary_add(&writer->summary, &event)) {
		fail(writer, "there is no memory to write it", NULL);
		return TRACE_PUT_FAILED;
	}
	writer->moved += raw->time != time;
	writer->last_time = raw->time;
	writer->last_tid = tid;
	chunk->length = (uint32_t)(codec_put(&chunk->codec, raw, chunk->raw + chunk->length) -
				   chunk->raw);
	chunk->events++;
	if (raw->op == TRACE_END)
		flush_chunk(writer, tid);
	return writer->failed ? TRACE_PUT_FAILED : TRACE_PUT_OK;
}

static bool within_limits(const struct trace_event *event)
{
	if (event->op >= TRACE_OPS || event->tid >= TRACE_THREADS_MAX ||
	    event->time >= TRACE_TIME_MAX || event->size >= TRACE_SIZE_MAX)
		return false;
	if (event->op == TRACE_ALIGNED)
		return event->align_log2 < 48 && event->call <= TRACE_CALL_PVALLOC;
	if (event->op == TRACE_FREE)
		return event->call <= TRACE_CALL_FREE_ALIGNED_SIZED;
	if (event->op == TRACE_CREATE || event->op == TRACE_JOIN)
		return event->other < TRACE_THREADS_MAX;
	return event->op != TRACE_START || event->other == TRACE_NO_THREAD ||
	       event->other < TRACE_THREADS_MAX;
}

static struct raw_event as_raw(const struct trace_event *event)
{
	struct raw_event raw = {.op = event->op,
				.time = event->time,
				.resident = TRACE_NOT_MEASURED,
				.other = TRACE_NO_THREAD};

	if (event->op <= TRACE_REALLOC)
		raw.size = event->size;
	if (event->op == TRACE_ALIGNED)
		raw.align_log2 = event->align_log2;
	if (event->op == TRACE_ALIGNED || event->op == TRACE_FREE)
		raw.call = event->call;
	if (event->op == TRACE_FREE)
		raw.resident = event->resident;
	if (event->op == TRACE_START || event->op >= TRACE_CREATE)
		raw.other = event->other;
	return raw;
}

static enum trace_put put_object(struct trace_writer *writer, const struct trace_event *event,
				 struct raw_event *raw, uint64_t object, uint64_t resized)
{
	bool takes = event->op >= TRACE_REALLOC, gives = event->op <= TRACE_REALLOC;
	struct table_entry *entry = table_find(&writer->names, object);
	uint64_t new_name = takes ? resized : object;
	const struct resolve_thread *thread;
	enum trace_put put;

	if (takes && !entry)
		return TRACE_PUT_UNKNOWN;
	if (gives && !(takes && resized == object) && table_find(&writer->names, new_name))
		return TRACE_PUT_TAKEN;
	if (takes) {
		raw->owner = entry->slot;
		raw->number = entry->seq;
	}
	put = put_raw(writer, event->tid, raw);
	if (put != TRACE_PUT_OK)
		return put;
	if (takes)
		table_remove(&writer->names, entry);
	if (!gives)
		return TRACE_PUT_OK;
	entry = table_add(&writer->names, new_name);
	if (!entry) {
		fail(writer, "there is no memory to write it", NULL);
		return TRACE_PUT_FAILED;
	}
	thread = resolver_thread(&writer->resolver, event->tid);
	entry->slot = event->tid;
	entry->seq = thread->objects - 1;
	return TRACE_PUT_OK;
}

enum trace_put trace_write(struct trace_writer *writer, const struct trace_event *event,
			   uint64_t object, uint64_t resized)
{
	const struct resolve_thread *thread;
	struct raw_event raw;

	if (writer->failed)
		return TRACE_PUT_FAILED;
	if (!within_limits(event))
		return TRACE_PUT_INVALID;
	thread = resolver_thread(&writer->resolver, event->tid);
	if ((!thread || !thread->seq) && event->op != TRACE_START) {
		struct raw_event start = {.op = TRACE_START,
					  .time = event->time,
					  .resident = TRACE_NOT_MEASURED,
					  .other = TRACE_NO_THREAD};
		enum trace_put put = put_raw(writer, event->tid, &start);

		if (put != TRACE_PUT_OK)
			return put;
	}
	raw = as_raw(event);
	return event->op <= TRACE_FREE ? put_object(writer, event, &raw, object, resized)
				       : put_raw(writer, event->tid, &raw);
}

uint64_t trace_moved(const struct trace_writer *writer)
{
	return writer->moved;
}

int trace_is_live(const struct trace_writer *writer, uint64_t object)
{
	return table_find(&writer->names, object) != NULL;
}

const struct trace_summary *trace_written(const struct trace_writer *writer)
{
	return &writer->summary;
}

const char *trace_writer_error(const struct trace_writer *writer)
{
	return writer->error;
}

static void put_trailer(struct trace_writer *writer, const struct trace_keys *notes)
{
	uint64_t at = writer->offset;
	size_t length;
	uint8_t *body = trailer_put(notes, &writer->summary, &writer->index, &length);
	uint8_t head[8], sum[4 + TRACE_FOOTER];
	uint32_t crc;

	if (!body || notes->failed) {
		fail(writer, "there is no memory for the trailer", NULL);
		free(body);
		return;
	}
	put_fixed(head, TRACE_TRAILER_MAGIC, 4);
	put_fixed(head + 4, length, 4);
	crc = trace_crc32c(0, head, sizeof(head));
	crc = trace_crc32c(crc, body, length);
	put_fixed(sum, crc, 4);
	put_fixed(sum + 4, at, 8);
	memcpy(sum + 12, TRACE_END_MAGIC, 8);
	emit(writer, head, sizeof(head));
	emit(writer, body, length);
	emit(writer, sum, sizeof(sum));
	free(body);
}

int trace_finish(struct trace_writer *writer, const struct trace_keys *notes, char *why,
		 size_t why_size)
{
	for (uint32_t tid = 0; tid < writer->nopen && !writer->failed; tid++)
		if (writer->open[tid])
			flush_chunk(writer, tid);
	if (!writer->failed)
		put_trailer(writer, notes);
	write_out(writer);
	if (!writer->failed && fsync(writer->fd) != 0 && errno != EINVAL && errno != EROFS)
		fail(writer, "the trace could not be written", strerror(errno));
	if (!writer->failed && rename(writer->partial, writer->path) != 0)
		fail(writer, "it cannot take its name", strerror(errno));
	if (writer->failed) {
		trace_because(why, why_size, "%s", writer->error);
		trace_abandon(writer);
		return -1;
	}
	writer_free(writer);
	return 0;
}

void trace_abandon(struct trace_writer *writer)
{
	unlink(writer->partial);
	writer_free(writer);
}
