/* What a whole trace amounts to: kept in the trailer, recomputed by every reader, and
 * what a replay is validated against. */
#ifndef TRACE_SUMMARY_H
#define TRACE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/event.h"

/* Sizes below 16 have a bucket each; from there every power of two has eight. */
#define TRACE_SIZE_BUCKETS 496u
#define TRACE_ALIGN_BUCKETS 64u

/* Objects allocated by one thread (or resized by it last) and freed or resized by
 * another or the same. */
struct trace_cross {
	uint32_t alloc_tid, free_tid;
	uint64_t count;
};

struct trace_summary {
	uint64_t events; /* of all operations */
	uint64_t count[TRACE_OPS];
	uint64_t bytes;           /* asked for by all allocations and reallocs */
	uint64_t peak_live_bytes; /* asked for and not yet freed; realloc: never both sizes */
	uint64_t peak_event;      /* events before and including the one that reached it */
	uint64_t peak_time;       /* its time */
	uint64_t live_objects, live_bytes; /* at the end of what was added */
	uint64_t peak_live_objects;
	uint64_t slots; /* one more than the greatest slot; not less than peak_live_objects */
	uint64_t threads;
	uint64_t duration;                    /* time of the last event, in units */
	uint64_t sizes[TRACE_SIZE_BUCKETS];   /* of allocations and reallocs, by new size */
	uint64_t aligns[TRACE_ALIGN_BUCKETS]; /* of TRACE_ALIGNED, by log2 */

	/* Private until trace_summary_cross(): a hash table of the pairs seen. */
	struct trace_cross *cross;
	size_t ncross, cross_room;
};

/* An all-zero struct is empty.  Adds one event, as a reader delivers it (in merged
 * order).  Returns 0, or -1 when there is no memory. */
int trace_summary_add(struct trace_summary *summary, const struct trace_event *event);

/* Adds to a pair's count, as one that a file's trailer holds.  Returns 0, or -1 when there is
 * no memory. */
int summary_cross_put(struct trace_summary *summary, const struct trace_cross *pair);

/* The pairs, sorted by allocating then freeing thread, `*count` of them; free() it.
 * NULL with *count 0 when there are none, NULL with *count 1 without memory. */
struct trace_cross *trace_summary_cross(const struct trace_summary *summary, size_t *count);

/* Whether both say the same in every field.  If not, `why` names the first that
 * differs, and both values. */
bool trace_summary_same(const struct trace_summary *a, const struct trace_summary *b, char *why,
			size_t why_size);

void trace_summary_free(struct trace_summary *summary);

unsigned trace_size_bucket(uint64_t size);
uint64_t trace_size_bucket_least(unsigned bucket); /* the least size in it */

const char *trace_op_name(enum trace_op op);

#endif
