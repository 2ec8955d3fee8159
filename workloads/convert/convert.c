/* From one array of stamped records per thread to one history.
 *
 * The merge takes the earliest record.  Where it cannot have happened yet (an address is
 * allocated that is still live, freed that is not yet live) the cause must lie a little
 * ahead in another thread: the thread is put back until just after it.  A realloc is
 * stamped on both sides and taken at the first stamp; only when its new address is
 * still live then, at the second. */
#include "workloads/convert/convert.h"

#include <inttypes.h>
#include "workloads/convert/conversion.h"
#include "workloads/trace/format.h"
#include "workloads/trace/why.h"

/* How far the CPUs' clocks may differ.  Stamps lie within the object's life, so without
 * such a difference nothing is ever put back by this. */
#define SKEW_NS 100000u

/* ---- events ------------------------------------------------------------------- */

enum outcome { TAKEN, PUT_BACK, FAILED };

static struct trace_event plain_event(const struct conversion *c, const struct lane_file *lane,
				      enum trace_op op)
{
	return (struct trace_event){.op = op,
				    .tid = (uint32_t)(lane - c->lanes),
				    .time = lane->key,
				    .resident = TRACE_NOT_MEASURED,
				    .other = TRACE_NO_THREAD};
}

static enum outcome put_back(struct lane_file *lane, uint64_t until)
{
	lane->key = until > lane->key ? until : lane->key + 1;
	lane->waits++;
	return PUT_BACK;
}

/* The address comes again, and its free was not seen (from code that does not go through
 * the dynamic linker): one is put in. */
static bool free_unseen(struct conversion *c, const struct lane_file *lane, uint64_t address)
{
	struct trace_event event = plain_event(c, lane, TRACE_FREE);

	c->result->lost_frees++;
	return trace_write(c->writer, &event, address, 0) == TRACE_PUT_OK;
}

static enum outcome write_given(struct conversion *c, struct lane_file *lane,
				const struct trace_event *event, uint64_t address)
{
	uint64_t when;

	if (trace_is_live(c->writer, address)) {
		if (lane_files_ahead(c, lane, false, address, lane->key + c->skew, &when)) {
			c->result->inversions++;
			return put_back(lane, when + 1);
		}
		if (!free_unseen(c, lane, address))
			return FAILED;
	}
	return trace_write(c->writer, event, address, 0) == TRACE_PUT_OK ? TAKEN : FAILED;
}

static enum outcome take_allocation(struct conversion *c, struct lane_file *lane,
				    const struct raw_record *record)
{
	enum raw_op op = op_of(record);
	struct trace_event event = plain_event(c, lane,
					       op == RAW_MALLOC   ? TRACE_MALLOC
					       : op == RAW_CALLOC ? TRACE_CALLOC
								  : TRACE_ALIGNED);
	uint64_t extra = record->value >> RAW_SIZE_BITS;

	event.size = size_of(record);
	if (op == RAW_ALIGNED) {
		event.align_log2 = extra & 63;
		event.call = (enum trace_call)(extra >> 6);
	}
	return write_given(c, lane, &event, record->address);
}

/* Puts the lane back when another thread is just about to give the address, else counts
 * an unknown object. */
static enum outcome not_live(struct conversion *c, struct lane_file *lane, uint64_t address)
{
	uint64_t when;

	if (lane_files_ahead(c, lane, true, address, lane->key + c->skew, &when)) {
		c->result->inversions++;
		return put_back(lane, when + 1);
	}
	c->result->unknown_frees++;
	return TAKEN;
}

static enum outcome take_free(struct conversion *c, struct lane_file *lane,
			      const struct raw_record *record)
{
	struct trace_event event = plain_event(c, lane, TRACE_FREE);
	uint64_t pages = size_of(record);

	if (!trace_is_live(c->writer, record->address))
		return not_live(c, lane, record->address);
	event.call = (enum trace_call)(record->value >> RAW_SIZE_BITS);
	if (pages)
		event.resident = (uint32_t)(pages - 1);
	return trace_write(c->writer, &event, record->address, 0) == TRACE_PUT_OK ? TAKEN
										  : FAILED;
}

static enum outcome take_resize(struct conversion *c, struct lane_file *lane,
				const struct raw_record *before, const struct raw_record *after)
{
	struct trace_event event = plain_event(c, lane, TRACE_REALLOC);
	uint64_t second = time_of(c, after), when;

	event.size = size_of(after);
	if (!trace_is_live(c->writer, before->address)) {
		enum outcome outcome = not_live(c, lane, before->address);

		if (outcome == PUT_BACK)
			return outcome;
		/* What it makes of an unknown object is a new one. */
		event.op = TRACE_MALLOC;
		return write_given(c, lane, &event, after->address);
	}
	if (after->address != before->address && trace_is_live(c->writer, after->address)) {
		if (lane->key < second)
			return put_back(lane, second);
		if (lane_files_ahead(c, lane, false, after->address, lane->key + c->skew,
				     &when)) {
			c->result->inversions++;
			return put_back(lane, when + 1);
		}
		if (!free_unseen(c, lane, after->address))
			return FAILED;
	}
	return trace_write(c->writer, &event, before->address, after->address) == TRACE_PUT_OK
		       ? TAKEN
		       : FAILED;
}

/* The record after it says what came of it; without one the program ended inside. */
static enum outcome take_realloc(struct conversion *c, struct lane_file *lane,
				 const struct raw_record *record)
{
	const struct raw_record *after = record + 1;
	struct trace_event event = plain_event(c, lane, TRACE_REALLOC_FREE);
	enum outcome outcome = TAKEN;

	if (lane->at + 1 >= lane->count)
		return TAKEN;
	if (op_of(after) == RAW_RESIZED) {
		outcome = take_resize(c, lane, record, after);
	} else if (op_of(after) == RAW_UNRESIZED && size_of(after) > 0) {
		c->result->failed++;
	} else if (op_of(after) == RAW_UNRESIZED) {
		if (!trace_is_live(c->writer, record->address))
			outcome = not_live(c, lane, record->address);
		else if (trace_write(c->writer, &event, record->address, 0) != TRACE_PUT_OK)
			outcome = FAILED;
	} else {
		return TAKEN;
	}
	if (outcome == TAKEN)
		lane->at++;
	return outcome;
}

static enum outcome take_start(struct conversion *c, struct lane_file *lane,
			       const struct raw_record *record)
{
	struct trace_event event = plain_event(c, lane, TRACE_START);
	uint32_t creator = record->value ? lane_of(c, record->value - 1) : NO_LANE;

	if (lane->started)
		return TAKEN;
	if (creator != NO_LANE && !lane->created &&
	    c->lanes[creator].at < c->lanes[creator].count &&
	    c->lanes[creator].key <= lane->key + c->skew)
		return put_back(lane, c->lanes[creator].key + 1);
	lane->started = true;
	if (lane->created)
		event.other = lane->creator;
	return trace_write(c->writer, &event, 0, 0) == TRACE_PUT_OK ? TAKEN : FAILED;
}

static enum outcome take_create(struct conversion *c, struct lane_file *lane,
				const struct raw_record *record)
{
	struct trace_event event = plain_event(c, lane, TRACE_CREATE);

	event.other = lane_of(c, record->value);
	/* A thread that did not come to life has no file. */
	if (event.other == NO_LANE || c->lanes[event.other].started ||
	    c->lanes[event.other].created)
		return TAKEN;
	c->lanes[event.other].created = true;
	c->lanes[event.other].creator = event.tid;
	return trace_write(c->writer, &event, 0, 0) == TRACE_PUT_OK ? TAKEN : FAILED;
}

static enum outcome take_join(struct conversion *c, struct lane_file *lane,
			      const struct raw_record *record)
{
	struct trace_event event = plain_event(c, lane, TRACE_JOIN);
	const struct lane_file *joined;

	event.other = lane_of(c, record->value);
	if (event.other == NO_LANE)
		return TAKEN;
	joined = &c->lanes[event.other];
	if (joined->at < joined->count) {
		if (joined->last <= lane->key + c->skew &&
		    joined->key <= joined->last + c->skew)
			return put_back(lane, joined->key + 1);
		c->result->inversions++;
		return TAKEN;
	}
	/* Refused for a thread joined already: then its number was a newer one's. */
	if (trace_write(c->writer, &event, 0, 0) == TRACE_PUT_FAILED)
		return FAILED;
	return TAKEN;
}

static enum outcome take(struct conversion *c, struct lane_file *lane)
{
	const struct raw_record *record = &lane->list[lane->at];

	switch (op_of(record)) {
	case RAW_MALLOC:
	case RAW_CALLOC:
	case RAW_ALIGNED:
		return take_allocation(c, lane, record);
	case RAW_REALLOC:
		return take_realloc(c, lane, record);
	case RAW_FREE:
		return take_free(c, lane, record);
	case RAW_FREE_NULL:
		c->result->null_frees++;
		return TAKEN;
	case RAW_FAILED:
		c->result->failed++;
		return TAKEN;
	case RAW_START:
		return take_start(c, lane, record);
	case RAW_END:
		lane->ended = true; /* written when what follows has been */
		return TAKEN;
	case RAW_CREATE:
		return take_create(c, lane, record);
	case RAW_JOIN:
		return take_join(c, lane, record);
	default:
		return TAKEN;
	}
}

static bool end_lane(struct conversion *c, struct lane_file *lane)
{
	struct trace_event event = plain_event(c, lane, TRACE_END);

	return !lane->ended || trace_write(c->writer, &event, 0, 0) == TRACE_PUT_OK;
}

/* ---- the merge ---------------------------------------------------------------- */

static bool before(const struct conversion *c, uint32_t a, uint32_t b)
{
	return c->lanes[a].key < c->lanes[b].key ||
	       (c->lanes[a].key == c->lanes[b].key && a < b);
}

static void sift_down(struct conversion *c, uint32_t at)
{
	uint32_t moving = c->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < c->nheap; at = child) {
		if (child + 1 < c->nheap && before(c, c->heap[child + 1], c->heap[child]))
			child++;
		if (!before(c, c->heap[child], moving))
			break;
		c->heap[at] = c->heap[child];
	}
	c->heap[at] = moving;
}

static int merge(struct conversion *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		c->heap[c->nheap++] = i;
	for (uint32_t i = c->nheap / 2; i-- > 0;)
		sift_down(c, i);
	while (c->nheap && trace_written(c->writer)->events < c->most) {
		struct lane_file *lane = &c->lanes[c->heap[0]];
		enum outcome outcome = take(c, lane);

		if (outcome == FAILED)
			return -1;
		if (outcome == TAKEN && ++lane->at < lane->count) {
			uint64_t time = time_of(c, &lane->list[lane->at]);

			lane->started = true;
			lane->waits = 0;
			if (time > lane->key)
				lane->key = time;
		} else if (outcome == TAKEN) {
			if (!end_lane(c, lane))
				return -1;
			c->heap[0] = c->heap[--c->nheap];
		}
		if (c->nheap)
			sift_down(c, 0);
	}
	return 0;
}

static void add_notes(struct trace_keys *notes, const struct raw_result *r)
{
	trace_keys_add(notes, "failed", "%" PRIu64, r->failed);
	trace_keys_add(notes, "null-frees", "%" PRIu64, r->null_frees);
	trace_keys_add(notes, "unknown-frees", "%" PRIu64, r->unknown_frees);
	trace_keys_add(notes, "lost-frees", "%" PRIu64, r->lost_frees);
	trace_keys_add(notes, "inversions", "%" PRIu64, r->inversions);
	trace_keys_add(notes, "times-moved", "%" PRIu64, r->moved);
}

static int convert(struct conversion *c, const struct trace_keys *header,
		   struct trace_keys *notes, const char *path, char *why, size_t why_size)
{
	c->writer = trace_create(path, header, why, why_size);
	if (!c->writer)
		return -1;
	if (merge(c)) {
		const char *error = trace_writer_error(c->writer);

		trace_because(why, why_size, "%s%s", error[0] ? "" : path,
			      error[0] ? error
				       : ": not written: the records contradict each other; "
					 "did the program write over them?");
		trace_abandon(c->writer);
		return -1;
	}
	c->result->moved = trace_moved(c->writer);
	c->result->events = trace_written(c->writer)->events;
	c->result->threads = trace_written(c->writer)->threads;
	c->result->duration_ns = trace_written(c->writer)->duration * TRACE_TIME_UNIT_NS;
	if (c->nheap)
		trace_keys_add(notes, "cut", "after %" PRIu64 " events", c->result->events);
	add_notes(notes, c->result);
	return trace_finish(c->writer, notes, why, why_size);
}

int raw_convert(const char *folder, const struct raw_process *image, uint64_t ns_per_tick_32,
		uint64_t most, const struct trace_keys *header, struct trace_keys *notes,
		const char *path, struct raw_result *result, char *why, size_t why_size)
{
	struct conversion c = {.ns_per_tick_32 = ns_per_tick_32,
			       .skew = SKEW_NS / TRACE_TIME_UNIT_NS,
			       .most = most ? most : UINT64_MAX,
			       .result = result};
	int status;

	*result = (struct raw_result){0};
	if (image->lost)
		return trace_because(
			why, why_size,
			"%s: not written: the recorder of %s (pid %u) lost %" PRIu64
			" events; is there room on the disk?",
			path, image->program, image->pid, (uint64_t)image->lost);
	/* The file is mapped in the program's memory, where a stray pointer may reach it. */
	if (image->threads > TRACE_THREADS_MAX)
		return trace_because(why, why_size,
				     "%s: not written: the recorder of %s (pid %u) counted %u "
				     "threads; did the program write over them?",
				     path, image->program, image->pid, image->threads);
	status = lane_files_open(&c, folder, image, why, why_size);
	if (!status && !c.count)
		status = 1;
	if (!status)
		status = convert(&c, header, notes, path, why, why_size);
	lane_files_close(&c);
	return status;
}
