/* One event of a trace, as readers deliver it and writers take it. */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <stdint.h>

/* The numbers are those of the file format. */
enum trace_op {
	TRACE_MALLOC = 0,
	TRACE_CALLOC = 1,
	TRACE_ALIGNED = 2,      /* any call that states an alignment: see call */
	TRACE_REALLOC = 3,      /* of a live object; realloc(NULL, n) is a TRACE_MALLOC */
	TRACE_REALLOC_FREE = 4, /* realloc(p, 0) that returned NULL: the object is gone */
	TRACE_FREE = 5,         /* of a live object; free(NULL) is a note, not an event */
	TRACE_START = 6,        /* the thread's first event */
	TRACE_END = 7,    /* the thread's last one; missing where the process ended first */
	TRACE_CREATE = 8, /* pthread_create of `other` succeeded */
	TRACE_JOIN = 9,   /* pthread_join of `other` returned */
	TRACE_OPS = 10
};

/* Which function, where an operation has several. */
enum trace_call {
	TRACE_CALL_PLAIN = 0, /* malloc, calloc, realloc, free */
	/* TRACE_ALIGNED */
	TRACE_CALL_POSIX_MEMALIGN = 0,
	TRACE_CALL_ALIGNED_ALLOC = 1,
	TRACE_CALL_MEMALIGN = 2,
	TRACE_CALL_VALLOC = 3,
	TRACE_CALL_PVALLOC = 4,
	/* TRACE_FREE */
	TRACE_CALL_FREE_SIZED = 1,        /* C23 free_sized, C++ sized delete */
	TRACE_CALL_FREE_ALIGNED_SIZED = 2 /* the same for an aligned object */
};

#define TRACE_NO_THREAD UINT32_MAX
#define TRACE_NOT_MEASURED UINT32_MAX

struct trace_event {
	enum trace_op op;
	enum trace_call call;
	uint32_t tid;  /* thread of the trace: dense, from 0, in order of first appearance */
	uint64_t seq;  /* number of this event in its thread, from 0; threads have no gaps */
	uint64_t time; /* units of TRACE_TIME_UNIT_NS since the start; see reader.h on order */

	/* The object: a slot is a number below the summary's `slots` that no other live
	 * object has.  A realloc keeps its slot.  Thread events have slot 0. */
	uint32_t slot;
	uint64_t size; /* asked for: calloc's is the product; 0 for frees and thread events */
	uint64_t old_size;   /* of the object before a realloc or free; else 0 */
	uint32_t align_log2; /* of TRACE_ALIGNED; else 0 */
	uint32_t resident;   /* pages in memory just before a free, or TRACE_NOT_MEASURED */

	uint32_t other; /* thread created or joined; of TRACE_START the creator; else none */

	/* A replay may make this call only after thread after_tid has finished its event
	 * after_seq.  Frees and reallocs name the object's allocation (or last realloc),
	 * also in their own thread; TRACE_START the creation; TRACE_JOIN the joined
	 * thread's last event; an allocation whose slot another thread gave up, that
	 * thread's free (at least TRACE_SLOT_REST events ago).  TRACE_NO_THREAD: nothing. */
	uint32_t after_tid;
	uint64_t after_seq;
};

#endif
