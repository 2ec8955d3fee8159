/* A conversion at work: the threads' files and where it is in each. */
#ifndef RECORDER_CONVERSION_H
#define RECORDER_CONVERSION_H

#include "workloads/recorder/raw.h"
#include "workloads/trace/format.h"
#include "workloads/trace/writer.h"

struct raw_result;

#define NO_LANE UINT32_MAX

struct lane_file {
	const struct raw_record *list;
	size_t bytes; /* mapped */
	uint64_t count, at;
	uint64_t key; /* time of the record at hand, moved on when it was put back */
	uint32_t raw_number, creator;
	bool ended, started, created;
	unsigned waits; /* times that the record at hand was put back */
	uint64_t last;  /* time of its last record */
};

struct conversion {
	struct lane_file *lanes; /* the index is the trace's thread */
	uint32_t count;
	uint32_t *by_raw; /* raw number -> index */
	uint32_t raw_threads;
	uint32_t *heap;
	uint32_t nheap;
	uint64_t ns_per_tick_32;
	uint64_t skew; /* in units */
	uint64_t most; /* events */
	struct trace_writer *writer;
	struct raw_result *result;
};

static inline enum raw_op op_of(const struct raw_record *record)
{
	return (enum raw_op)(record->stamp & 0xff);
}

static inline uint64_t time_of(const struct conversion *c, const struct raw_record *record)
{
	uint64_t ns =
		(uint64_t)((unsigned __int128)(record->stamp >> 8) * c->ns_per_tick_32 >> 32);

	return ns / TRACE_TIME_UNIT_NS;
}

static inline uint64_t size_of(const struct raw_record *record)
{
	return record->value & RAW_SIZE_MASK;
}

static inline uint32_t lane_of(const struct conversion *c, uint64_t raw_number)
{
	return raw_number < c->raw_threads ? c->by_raw[raw_number] : NO_LANE;
}

/* Maps the files of all threads.  Returns 0, or -1 with `why` filled; close them in
 * either case. */
int lane_files_open(struct conversion *c, const char *folder, const struct raw_process *image,
		    char *why, size_t why_size);
void lane_files_close(struct conversion *c);

/* Does another thread than `self` give (or take) the address before that time, in what
 * has not been taken yet?  Then when. */
bool lane_files_ahead(const struct conversion *c, const struct lane_file *self, bool giving,
		      uint64_t address, uint64_t until, uint64_t *when);

#endif
