/* A trace as the replayer executes it: per thread one flat array of steps, decoded
 * before the run, in shared memory that is no part of the measured heap.
 *
 * A process of its own makes it (decode.h), since reading a trace allocates and the heap
 * of the worker belongs to the allocator under test.  Both map the same memory file:
 * this header, then the parts that the header places. */
#ifndef REPLAY_SCRIPT_H
#define REPLAY_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

enum replay_op {
	REPLAY_MALLOC,
	REPLAY_CALLOC,
	REPLAY_ALIGNED,
	REPLAY_REALLOC,
	REPLAY_FREE,
	REPLAY_CREATE, /* start thread `slot` */
	REPLAY_JOIN,   /* until thread `slot` has ended, and join it */
	REPLAY_REAP,   /* until thread `slot` has ended: its context is used again */
	REPLAY_AWAIT,  /* until thread `slot` has done `other` of its steps */
	REPLAY_PACE,   /* a place in the recorded order, `size`, and its time, `other` ns */
	REPLAY_MARK,   /* the recorded peak of live bytes is reached */
};

#define REPLAY_SIZE_MAX ((UINT64_C(1) << 48) - 1)
#define REPLAY_ALL_PAGES UINT32_MAX

struct replay_step {
	uint64_t size : 48; /* requested; of a free what is given back; else see above: the
			       place in the recorded order, for whoever waits */
	uint64_t align_log2 : 6;
	uint64_t idle : 1; /* of a wait: the recorded thread had nothing to do before it either
			    */
	uint64_t post : 1; /* another thread waits for this step */
	uint64_t op : 8;
	uint64_t other; /* REALLOC: the size before */
	uint32_t slot;
	uint32_t pages; /* of an allocation: how many of its pages the program used */
};

/* A live object at a mark. */
struct replay_object {
	uint64_t size;
	uint32_t slot, pages;
};

struct replay_part {           /* a recorded thread */
	uint64_t first, steps; /* in the array of all steps */
	uint64_t place;        /* of its first event */
	uint32_t context;      /* of wl_run.threads; one after the other may use the same */
};

/* Frees and reallocs of objects that another context (or the same) allocated. */
struct replay_cross {
	uint32_t alloc_context, free_context;
	uint64_t count;
};

enum replay_mode { REPLAY_MAX, REPLAY_WINDOWED, REPLAY_PACED, REPLAY_SINGLE };

/* What the reading depends on; set by the worker before the other process starts. */
struct replay_settings {
	uint64_t events; /* from the start of the trace; more than it has: all */
	uint64_t window; /* events; see REPLAY_PACE in script.c */
	bool merged;     /* all events in the first thread, in recorded order */
	bool paced;      /* steps carry times also where one thread is alone */
	char path[4096];
};

enum replay_state { REPLAY_UNREAD, REPLAY_READY, REPLAY_REFUSED };

struct replay_script {
	struct replay_settings settings;
	uint32_t state;
	char why[512]; /* REFUSED: in one sentence */

	uint64_t bytes; /* of the whole file */
	uint32_t nparts, ncontexts;
	uint64_t slots;
	uint64_t events; /* taken from the trace, those of threads included */
	uint64_t allocs, reallocs, frees;
	uint64_t total_bytes; /* requested in all */
	uint64_t peak_live_bytes;
	uint64_t live_objects, live_bytes; /* at the end */
	uint64_t duration_ns;              /* recorded */

	/* Whether steps and trailer say the same; if not, the first difference. */
	bool sound;
	char unsound[200];

	/* Offsets from the start of the file, and numbers of entries. */
	uint64_t parts_at, steps_at, nsteps, cross_at, ncross;
	uint64_t peak_at, npeak, final_at, nfinal; /* struct replay_object */
};

#define REPLAY_AT(script, type, offset) \
	((const type *)(const void *)((const char *)(script) + (offset)))

#endif
