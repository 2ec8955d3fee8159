/* Chunks between memory and file. */
#ifndef TRACE_CHUNK_H
#define TRACE_CHUNK_H

#include <stddef.h>
#include <stdint.h>
#include <zstd.h>
#include "workloads/trace/format.h"

/* Room for any chunk as it lies in the file. */
#define CHUNK_FILE_MAX (TRACE_CHUNK_HEADER + TRACE_CHUNK_PACKED + 4)

/* Packs head->raw bytes into `to` (CHUNK_FILE_MAX) and fills head->packed.  Returns the
 * bytes it takes in the file, or 0 when zstd fails. */
size_t chunk_put(struct trace_chunk_header *head, const uint8_t *raw, ZSTD_CCtx *zstd,
		 int level, uint8_t *to);

/* The header of bytes that are TRACE_CHUNK_HEADER long at least.  Returns NULL, or what
 * is wrong. */
const char *chunk_get_header(const uint8_t *from, struct trace_chunk_header *head);

/* Checks and unpacks a whole chunk of `length` bytes into `raw`, which has room for
 * head->raw.  Returns NULL, or what is wrong. */
const char *chunk_get(const uint8_t *from, size_t length, const struct trace_chunk_header *head,
		      ZSTD_DCtx *zstd, uint8_t *raw);

#endif
