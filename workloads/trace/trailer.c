#include "workloads/trace/trailer.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/trace/bytes.h"
#include "workloads/trace/format.h"

#define SHORT "it ends too early"
#define NO_MEMORY "there is no memory for it"

int chunk_index_add(struct chunk_index *index, const struct chunk_place *place)
{
	if (index->count == index->room) {
		size_t room = index->room ? 2 * index->room : 64;
		struct chunk_place *list = realloc(index->list, room * sizeof(*list));

		if (!list)
			return -1;
		index->list = list;
		index->room = room;
	}
	index->list[index->count++] = *place;
	return 0;
}

/* The summary's plain numbers in the order of the file. */
#define FIXED (1 + TRACE_OPS + 10)

static void fixed_fields(struct trace_summary *summary, uint64_t *fields[FIXED])
{
	uint64_t **p = fields;

	*p++ = &summary->events;
	for (unsigned i = 0; i < TRACE_OPS; i++)
		*p++ = &summary->count[i];
	*p++ = &summary->bytes;
	*p++ = &summary->peak_live_bytes;
	*p++ = &summary->peak_event;
	*p++ = &summary->peak_time;
	*p++ = &summary->live_objects;
	*p++ = &summary->live_bytes;
	*p++ = &summary->peak_live_objects;
	*p++ = &summary->slots;
	*p++ = &summary->threads;
	*p++ = &summary->duration;
}

static uint8_t *put_table(uint8_t *to, const uint64_t *table, unsigned room)
{
	unsigned filled = 0, before = 0;

	for (unsigned i = 0; i < room; i++)
		filled += table[i] != 0;
	to = put_varint(to, filled);
	for (unsigned i = 0; i < room; i++)
		if (table[i]) {
			to = put_varint(to, i - before);
			to = put_varint(to, table[i]);
			before = i;
		}
	return to;
}

uint8_t *trailer_put(const struct trace_keys *notes, const struct trace_summary *summary,
		     const struct chunk_index *index, size_t *length)
{
	struct trace_summary copy = *summary;
	uint64_t *fields[FIXED];
	size_t ncross, text_length, room;
	struct trace_cross *cross = trace_summary_cross(summary, &ncross);
	char *text = trace_keys_text(notes, &text_length);
	uint8_t *body = NULL, *to;

	if (!text || (!cross && ncross))
		goto out;
	room = text_length +
	       VARINT_MAX * (8 + FIXED + 2 * TRACE_SIZE_BUCKETS + 2 * TRACE_ALIGN_BUCKETS +
			     3 * ncross + 3 * index->count);
	body = room <= TRACE_TRAILER_MAX ? malloc(room) : NULL;
	if (!body)
		goto out;
	to = put_varint(body, text_length);
	memcpy(to, text, text_length);
	to += text_length;
	fixed_fields(&copy, fields);
	for (unsigned i = 0; i < FIXED; i++)
		to = put_varint(to, *fields[i]);
	to = put_table(to, summary->sizes, TRACE_SIZE_BUCKETS);
	to = put_table(to, summary->aligns, TRACE_ALIGN_BUCKETS);
	to = put_varint(to, ncross);
	for (size_t i = 0; i < ncross; i++) {
		to = put_varint(to, cross[i].alloc_tid);
		to = put_varint(to, cross[i].free_tid);
		to = put_varint(to, cross[i].count);
	}
	to = put_varint(to, index->count);
	for (size_t i = 0; i < index->count; i++) {
		to = put_varint(to, index->list[i].tid);
		to = put_varint(to, index->list[i].bytes);
		to = put_varint(to, index->list[i].events);
	}
	*length = (size_t)(to - body);
out:
	free(text);
	free(cross);
	return body;
}

static const char *get_table(const uint8_t **from, const uint8_t *end, uint64_t *table,
			     unsigned room)
{
	uint64_t filled, gap, count, at = 0;

	if (!get_varint(from, end, &filled) || filled > room)
		return SHORT;
	while (filled-- > 0) {
		if (!get_varint(from, end, &gap) || !get_varint(from, end, &count))
			return SHORT;
		if (gap >= room || at + gap >= room)
			return "a table has an entry beyond its end";
		at += gap;
		table[at] = count;
	}
	return NULL;
}

static const char *get_cross(const uint8_t **from, const uint8_t *end,
			     struct trace_summary *summary)
{
	uint64_t n, a, b;
	struct trace_cross pair;

	if (!get_varint(from, end, &n))
		return SHORT;
	while (n-- > 0) {
		if (!get_varint(from, end, &a) || !get_varint(from, end, &b) ||
		    !get_varint(from, end, &pair.count))
			return SHORT;
		if (a >= TRACE_THREADS_MAX || b >= TRACE_THREADS_MAX || !pair.count)
			return "a pair of threads cannot be";
		pair.alloc_tid = (uint32_t)a;
		pair.free_tid = (uint32_t)b;
		if (summary_cross_put(summary, &pair))
			return NO_MEMORY;
	}
	return NULL;
}

static const char *get_index(const uint8_t **from, const uint8_t *end, uint64_t offset,
			     uint64_t limit, struct chunk_index *index)
{
	uint64_t n, tid, bytes, events;

	if (!get_varint(from, end, &n))
		return SHORT;
	while (n-- > 0) {
		struct chunk_place place;

		if (!get_varint(from, end, &tid) || !get_varint(from, end, &bytes) ||
		    !get_varint(from, end, &events))
			return SHORT;
		if (tid >= TRACE_THREADS_MAX || bytes < TRACE_CHUNK_HEADER + 4 ||
		    bytes > TRACE_CHUNK_HEADER + 4 + TRACE_CHUNK_PACKED ||
		    bytes > limit - offset || !events || events > TRACE_CHUNK_RAW)
			return "its index names a chunk that cannot be";
		place = (struct chunk_place){offset, (uint32_t)tid, (uint32_t)bytes,
					     (uint32_t)events};
		if (chunk_index_add(index, &place))
			return NO_MEMORY;
		offset += bytes;
	}
	return offset == limit ? NULL : "its index does not cover the file";
}

const char *trailer_get(const uint8_t *body, size_t length, uint64_t first, uint64_t limit,
			struct trace_keys *notes, struct trace_summary *summary,
			struct chunk_index *index)
{
	const uint8_t *from = body, *end = body + length;
	uint64_t text_length, *fields[FIXED];
	const char *wrong;

	if (!get_varint(&from, end, &text_length) || text_length > (uint64_t)(end - from))
		return SHORT;
	if (text_length > TRACE_HEADER_MAX ||
	    !trace_keys_parse(notes, (const char *)from, (size_t)text_length))
		return "its notes are no lines \"key: value\"";
	from += text_length;
	fixed_fields(summary, fields);
	for (unsigned i = 0; i < FIXED; i++)
		if (!get_varint(&from, end, fields[i]))
			return SHORT;
	wrong = get_table(&from, end, summary->sizes, TRACE_SIZE_BUCKETS);
	if (!wrong)
		wrong = get_table(&from, end, summary->aligns, TRACE_ALIGN_BUCKETS);
	if (!wrong)
		wrong = get_cross(&from, end, summary);
	if (!wrong)
		wrong = get_index(&from, end, first, limit, index);
	if (!wrong && from != end)
		wrong = "something follows its index";
	return wrong;
}
