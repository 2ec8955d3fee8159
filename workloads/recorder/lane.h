/* A thread's records: a window of its file, mapped shared, filled without locks and
 * without system calls until it is full. */
#ifndef RECORDER_LANE_H
#define RECORDER_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "workloads/recorder/raw.h"
#include "workloads/recorder/ticks.h"
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

/* Set once an image records; NULL before and when it does not. */
extern struct raw_process *recorder;
extern enum raw_clock recorder_clock;
extern uint64_t recorder_base;
extern pthread_key_t recorder_key;

void lane_put_slow(struct raw_record record);
/* Gives the thread its number and window if it has none yet; false when off. */
bool lane_open(void);
/* Writes RAW_END and unmaps; what the thread still does is appended one by one. */
void lane_close(void);

/* Starts recording this image if the environment says so. */
void recorder_start(void);
/* In a new child: begins an image of its own. */
void recorder_begin_child(void);

/* 1 while this process records; 0 in a child made by whatever kind of fork, which the
 * kernel sees to: it gives the child this page empty. */
extern const _Atomic uint32_t *recorder_alive;

static inline bool recorder_in_child(void)
{
	return !atomic_load_explicit(recorder_alive, memory_order_relaxed);
}

/* The thread whose handle this is; and after a fork, none of the parent's is there. */
void recorder_know_thread(pthread_t thread, uint32_t number);
void recorder_forget_threads(void);
/* Notes that an object is about to be freed. */
void recorder_freeing(void *p, enum trace_call call);
/* Path of this image's file with that ending, from the folder given. */
const char *recorder_path(char *path, size_t size, const char *ending, uint32_t number);

static inline uint64_t lane_now(void)
{
	return ticks_read(recorder_clock) - recorder_base;
}

static inline void lane_put_at(uint64_t ticks, enum raw_op op, uintptr_t address,
			       uint64_t value)
{
	struct raw_record *to = lane.at;

	if (__builtin_expect(to == lane.end || recorder_in_child(), 0)) {
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
	lane_put_at(lane_now(), op, address, value);
}

#endif
