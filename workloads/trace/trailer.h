/* The trailer's body: notes, summary, index of chunks. */
#ifndef TRACE_TRAILER_H
#define TRACE_TRAILER_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/keys.h"
#include "workloads/trace/summary.h"

struct chunk_place {
	uint64_t offset; /* in the file */
	uint32_t tid;
	uint32_t bytes; /* with header and checksum */
	uint32_t events;
};

struct chunk_index {
	struct chunk_place *list;
	size_t count, room;
};

/* Returns 0, or -1 without memory. */
int chunk_index_add(struct chunk_index *index, const struct chunk_place *place);

/* The body on the heap; NULL without memory, or when it is longer than
 * TRACE_TRAILER_MAX. */
uint8_t *trailer_put(const struct trace_keys *notes, const struct trace_summary *summary,
		     const struct chunk_index *index, size_t *length);

/* Fills the three, which are empty before; `first` is the file offset of the first chunk
 * and `limit` where the trailer begins.  Returns NULL, or what is wrong (what was
 * filled is still to be freed). */
const char *trailer_get(const uint8_t *body, size_t length, uint64_t first, uint64_t limit,
			struct trace_keys *notes, struct trace_summary *summary,
			struct chunk_index *index);

#endif
