/* Private to builder.c, which takes events, and builder_script.c, which writes steps. */
#ifndef REPLAY_BUILDER_PARTS_H
#define REPLAY_BUILDER_PARTS_H

#include "workloads/replay/script.h"
#include "workloads/shared/workload.h"

struct steps {
	struct replay_step *list;
	uint64_t count, room;
};

struct thread {
	struct steps steps;
	uint64_t *seen; /* per thread: steps of it known to be done */
	uint32_t nseen;
	uint64_t paced_place, paced_ns; /* of its last PACE */
	uint64_t last_place;            /* of its last event */
	uint64_t first_place;
	uint32_t context;
	bool created, ended;
};

/* The last event that had a slot, and what it holds. */
struct slot {
	uint32_t thread, owner; /* owner: context that allocated or resized it last */
	uint64_t step;
	bool used, live;
};

struct live_step {
	uint32_t thread;
	uint64_t step;
};

struct builder {
	struct replay_settings settings;
	struct thread *threads;
	uint32_t nthreads;
	struct slot *slots;
	uint64_t nslots;
	bool places, marks;            /* PACE and MARK steps are wanted */
	uint64_t stride, weight_bytes; /* bytes that count like one event; 0 = none do */
	uint64_t place, events;
	bool idle; /* the thread of this event had none for longer than a window */
	uint64_t peak_event;
	uint32_t context_user[WL_MAX_THREADS]; /* the thread that had it last */
	uint32_t ncontexts, alive;
	struct live_step *peak;
	uint64_t npeak;
	uint64_t cross[WL_MAX_THREADS][WL_MAX_THREADS];
};

#endif
