/* A thread's records: a window of its file, mapped shared, filled without locks and
 * without system calls until it is full. */
#ifndef RECORDER_LANE_H
#define RECORDER_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "workloads/recorder/image.h"
#include "workloads/recorder/raw.h"
#include "workloads/trace/event.h"

enum lane_state { LANE_NEW, LANE_OPEN, LANE_ENDED, LANE_FULL, LANE_OFF };

struct lane {
	struct raw_record *at, *end; /* equal: the slow way */
	unsigned depth; /* of calls into the allocator: only the outermost counts */
	enum lane_state state;
	uint32_t number;
	bool numbered;   /* by its creator */
	unsigned rounds; /* of key destructors seen */
	void *window;
	size_t window_bytes;
	off_t offset; /* of the window in the file */
};

extern __thread struct lane lane;

/* One record of an open lane whose window may be full.  Where there is no room any more it
 * is counted as lost. */
void lane_put_open(const struct raw_record *record);
/* Unmaps the window of an open lane, after its RAW_END; what the thread still does is
 * appended one by one. */
void lane_close(void);

/* The slow way of lane_put_at(), in process.c: opens the lane first. */
void lane_put_slow(struct raw_record record);
/* Notes that an object is about to be freed (interpose.c). */
void recorder_freeing(void *p, enum trace_call call);

static inline void lane_put_at(uint64_t ticks, enum raw_op op, uintptr_t address,
			       uint64_t value)
{
	struct raw_record *to = lane.at;

	if (__builtin_expect(to == lane.end || image_in_child(), 0)) {
		lane_put_slow((struct raw_record){ticks << 8 | op, address, value});
		return;
	}
	lane.at = to + 1;
	to->address = address;
	to->value = value;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&to->stamp, ticks << 8 | op, __ATOMIC_RELAXED);
}

static inline void lane_put(enum raw_op op, uintptr_t address, uint64_t value)
{
	lane_put_at(image_now(), op, address, value);
}

#endif
