/* Finding one's way in a trace file: header, trailer or, without one, chunk after chunk. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workloads/trace/bytes.h"
#include "workloads/trace/reader_parts.h"

int reader_fail(struct trace_reader *reader, const char *format, ...)
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

bool reader_bytes(const struct trace_reader *reader, void *to, size_t length, uint64_t offset)
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
		return reader_fail(reader, "not a trace: it is empty");
	memset(prefix, 0, sizeof(prefix));
	reader_bytes(reader, prefix, reader->bytes < 8 ? (size_t)reader->bytes : 8, 0);
	if (memcmp(prefix, TRACE_MAGIC, reader->bytes < 8 ? (size_t)reader->bytes : 8) != 0)
		return reader_fail(reader, "not a trace: it does not begin with " TRACE_MAGIC);
	if (!reader_bytes(reader, prefix, sizeof(prefix), 0))
		return reader_fail(reader, "the trace is cut short within its header");
	if (get_fixed(prefix + 8, 2) > TRACE_MAJOR || get_fixed(prefix + 8, 2) == 0)
		return reader_fail(reader,
				   "version %u of the format; this ashlar-bench reads up to %d",
				   (unsigned)get_fixed(prefix + 8, 2), TRACE_MAJOR);
	length = (uint32_t)get_fixed(prefix + 12, 4);
	if (length > TRACE_HEADER_MAX)
		return reader_fail(
			reader,
			"its header is damaged: a length of %u bytes, at most %u are "
			"possible",
			length, TRACE_HEADER_MAX);
	reader->first = (uint64_t)TRACE_PREFIX + length + sizeof(sum);
	if (reader->first > reader->bytes)
		return reader_fail(reader, "the trace is cut short within its header");
	text = malloc(length + 1);
	if (!text)
		return reader_fail(reader, "there is no memory for its header");
	good = reader_bytes(reader, text, length, TRACE_PREFIX) &&
	       reader_bytes(reader, sum, sizeof(sum), TRACE_PREFIX + length);
	crc = trace_crc32c(trace_crc32c(0, prefix, sizeof(prefix)), text, length);
	good = good && crc == get_fixed(sum, 4) &&
	       trace_keys_parse(&reader->header, text, length);
	free(text);
	return good ? 0
		    : reader_fail(reader, "its header is damaged: the checksum does not hold");
}

/* Takes notes, summary and index from the trailer; false with `cut` saying why not. */
static bool open_trailer(struct trace_reader *reader)
{
	uint8_t footer[TRACE_FOOTER], head[8], *body;
	uint64_t at, length;
	uint32_t crc;

	reader->cut = "no trailer";
	if (reader->bytes - reader->first < TRACE_FOOTER + sizeof(head) + 4 ||
	    !reader_bytes(reader, footer, sizeof(footer), reader->bytes - TRACE_FOOTER) ||
	    memcmp(footer + 8, TRACE_END_MAGIC, 8) != 0)
		return false;
	reader->cut = "its trailer is damaged";
	at = get_fixed(footer, 8);
	if (at < reader->first || at > reader->bytes ||
	    reader->bytes - at < TRACE_FOOTER + sizeof(head) + 4 ||
	    !reader_bytes(reader, head, sizeof(head), at) ||
	    get_fixed(head, 4) != TRACE_TRAILER_MAGIC)
		return false;
	length = reader->bytes - at - TRACE_FOOTER - sizeof(head) - 4;
	if (length > TRACE_TRAILER_MAX || length != get_fixed(head + 4, 4))
		return false;
	body = malloc(length + 4);
	if (!body || !reader_bytes(reader, body, length + 4, at + sizeof(head))) {
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

	while (reader_bytes(reader, bytes, sizeof(bytes), offset) &&
	       !chunk_get_header(bytes, &head)) {
		struct chunk_place place = {offset, head.tid,
					    TRACE_CHUNK_HEADER + head.packed + 4, head.events};

		if (place.bytes > reader->bytes - offset)
			break;
		if (chunk_index_add(&reader->index, &place))
			return reader_fail(reader, "there is no memory for its index");
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
		return reader_fail(reader, "there is no memory for its index");
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

int reader_open(struct trace_reader *reader)
{
	struct stat info;

	reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0 || fstat(reader->fd, &info) != 0)
		return reader_fail(reader, "it cannot be opened: %s", strerror(errno));
	if (!S_ISREG(info.st_mode))
		return reader_fail(reader, "not a trace: it is no regular file");
	reader->bytes = (uint64_t)info.st_size;
	if (open_header(reader))
		return -1;
	if (!open_trailer(reader) && scan(reader))
		return -1;
	return link_chunks(reader);
}
