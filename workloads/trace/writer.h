/* Writes a trace file.  Events come in one order that could have happened; objects are
 * named by any number that no other live object has (an address, a slot). */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/event.h"
#include "workloads/trace/keys.h"
#include "workloads/trace/summary.h"

struct trace_writer;

#define TRACE_LEVEL 12 /* zstd's, where the header names none ("zstd-level") */

/* Whether a trace may take the name `path`: 0 if nothing has it, or a file that the trace
 * then takes the place of; -1 with `why` filled if a folder or a device has it. */
int trace_may_take(const char *path, char *why, size_t why_size);

/* Opens PATH.partial; PATH appears only by trace_finish().  The header's keys are
 * copied.  NULL with `why` filled, also where trace_may_take() says no. */
struct trace_writer *trace_create(const char *path, const struct trace_keys *header, char *why,
				  size_t why_size);

enum trace_put {
	TRACE_PUT_OK = 0,
	TRACE_PUT_FAILED = -1, /* disk, memory: trace_writer_error() */
	TRACE_PUT_UNKNOWN = 1, /* frees or resizes an object that is not live; not written */
	TRACE_PUT_TAKEN = 2,   /* allocates one whose name is live already; not written */
	TRACE_PUT_INVALID = 3  /* out of the format's limits, or a thread's start is not its
				  first event, or something follows its end; not written */
};

/* Of the event these count: op, call, tid, time, size, align_log2, resident, other.
 * `object` names what is allocated, resized or freed, `resized` the object after a
 * realloc (often the same).  Thread numbers are taken as they are: the caller keeps
 * them dense.  A time that would come before an event already written (of another
 * thread in the same unit, say) is moved up by as little as is needed; trace_moved()
 * counts those.  A thread that was never started gets a TRACE_START of its own. */
enum trace_put trace_write(struct trace_writer *writer, const struct trace_event *event,
			   uint64_t object, uint64_t resized);
uint64_t trace_moved(const struct trace_writer *writer);
int trace_is_live(const struct trace_writer *writer, uint64_t object);
const struct trace_summary *trace_written(const struct trace_writer *writer);
const char *trace_writer_error(const struct trace_writer *writer);

/* Writes what is open and the trailer with `notes`, syncs, renames.  Frees the writer.
 * Returns 0, or -1 with `why` filled and no file left. */
int trace_finish(struct trace_writer *writer, const struct trace_keys *notes, char *why,
		 size_t why_size);

/* Removes what was written.  Frees the writer. */
void trace_abandon(struct trace_writer *writer);

#endif
