#include "workloads/trace/chunk.h"

#include "workloads/trace/bytes.h"

_Static_assert(TRACE_CHUNK_PACKED >= ZSTD_COMPRESSBOUND(TRACE_CHUNK_RAW),
	       "a chunk that does not compress has room");

size_t chunk_put(struct trace_chunk_header *head, const uint8_t *raw, ZSTD_CCtx *zstd,
		 int level, uint8_t *to)
{
	size_t packed = ZSTD_compressCCtx(zstd, to + TRACE_CHUNK_HEADER, TRACE_CHUNK_PACKED,
					  raw, head->raw, level);
	uint8_t *p = to;

	if (ZSTD_isError(packed))
		return 0;
	head->magic = TRACE_CHUNK_MAGIC;
	head->packed = (uint32_t)packed;
	head->reserved = 0;
	p = put_fixed(p, head->magic, 4);
	p = put_fixed(p, head->tid, 4);
	p = put_fixed(p, head->raw, 4);
	p = put_fixed(p, head->packed, 4);
	p = put_fixed(p, head->events, 4);
	p = put_fixed(p, head->reserved, 4);
	p = put_fixed(p, head->first_seq, 8);
	p = put_fixed(p, head->base_time, 8);
	p = put_fixed(p, head->base_object, 8);
	p += packed;
	put_fixed(p, trace_crc32c(0, to, TRACE_CHUNK_HEADER + packed), 4);
	return TRACE_CHUNK_HEADER + packed + 4;
}

const char *chunk_get_header(const uint8_t *from, struct trace_chunk_header *head)
{
	*head = (struct trace_chunk_header){
		.magic = (uint32_t)get_fixed(from, 4),
		.tid = (uint32_t)get_fixed(from + 4, 4),
		.raw = (uint32_t)get_fixed(from + 8, 4),
		.packed = (uint32_t)get_fixed(from + 12, 4),
		.events = (uint32_t)get_fixed(from + 16, 4),
		.reserved = (uint32_t)get_fixed(from + 20, 4),
		.first_seq = get_fixed(from + 24, 8),
		.base_time = get_fixed(from + 32, 8),
		.base_object = get_fixed(from + 40, 8),
	};
	if (head->magic != TRACE_CHUNK_MAGIC)
		return "it does not begin as a chunk";
	if (!head->raw || head->raw > TRACE_CHUNK_RAW || !head->packed ||
	    head->packed > TRACE_CHUNK_PACKED)
		return "its length is not possible";
	if (!head->events || head->events > head->raw || head->tid >= TRACE_THREADS_MAX ||
	    head->base_time >= TRACE_TIME_MAX || head->base_object >= TRACE_OBJECTS_MAX ||
	    head->first_seq >= TRACE_OBJECTS_MAX)
		return "its header is not possible";
	return NULL;
}

const char *chunk_get(const uint8_t *from, size_t length, const struct trace_chunk_header *head,
		      ZSTD_DCtx *zstd, uint8_t *raw)
{
	size_t unpacked;

	if (length != (size_t)TRACE_CHUNK_HEADER + head->packed + 4)
		return "its length is not that of the index";
	if (trace_crc32c(0, from, length - 4) != get_fixed(from + length - 4, 4))
		return "its checksum does not hold";
	unpacked = ZSTD_decompressDCtx(zstd, raw, head->raw, from + TRACE_CHUNK_HEADER,
				       head->packed);
	if (ZSTD_isError(unpacked) || unpacked != head->raw)
		return "it does not unpack";
	return NULL;
}
