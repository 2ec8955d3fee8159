/* Reads a trace file: header, events in one merged order, summary.
 *
 * The order is by (time, tid, seq), and the writer saw to it that in this order every
 * object is allocated before it is resized or freed, every thread created before it
 * starts and joined after it ended: it is a history that could have happened, whatever
 * the resolution of the clock.  Slots and the `after` edges of struct trace_event are
 * not in the file; the reader derives them while it merges, always the same ones.
 *
 * Memory: by malloc, about 40 bytes per live object and 150 KiB per thread that is
 * alive at one time.  A process whose heap is being measured leaves the reading to
 * another.  Any bytes whatever are safe to open: what does not hold is said in words.
 * A reader is used by one thread at a time; there is no global state. */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/event.h"
#include "workloads/trace/format.h"
#include "workloads/trace/keys.h"
#include "workloads/trace/summary.h"

struct trace_reader;

/* NULL with `why` = "FILE: what is wrong". */
struct trace_reader *trace_open(const char *path, char *why, size_t why_size);
void trace_close(struct trace_reader *reader);

/* Header lines (keys: FORMAT.md) and the notes of the trailer. */
const struct trace_keys *trace_header(const struct trace_reader *reader);
const struct trace_keys *trace_notes(const struct trace_reader *reader);

/* Threads that have events: their tids are all below. */
uint32_t trace_threads(const struct trace_reader *reader);

/* The trailer's summary; NULL when the trace is cut short.  Its `slots`, `threads` and
 * counts are known before the first event is read. */
const struct trace_summary *trace_stored_summary(const struct trace_reader *reader);

/* The next event of all threads.  1 an event; 0 the end; -1 damaged: trace_error() says
 * how, and every later call says the same.  A trace that is cut short ends with -1 too,
 * after its last whole chunk that fits to the others: trace_cut_short() tells it from
 * damage. */
int trace_next(struct trace_reader *reader, struct trace_event *event);
const char *trace_error(const struct trace_reader *reader);
bool trace_cut_short(const struct trace_reader *reader);

/* Of the events delivered so far. */
const struct trace_summary *trace_summary(const struct trace_reader *reader);

/* Back to before the first event. */
void trace_rewind(struct trace_reader *reader);

/* Reads from the start to the end and compares with the trailer.  Returns 0, or -1 with
 * trace_error() saying what does not hold.  The reader is then at the end. */
int trace_check(struct trace_reader *reader);

/* How it is packed. */
struct trace_layout trace_layout(const struct trace_reader *reader);

#endif
