/* Turns events as coded into events as delivered, in merged order: finds the object that
 * is meant, gives out slots, names what must have happened before, and refuses what
 * could not have happened.  Reader and writer run the same. */
#ifndef TRACE_RESOLVE_H
#define TRACE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/codec.h"
#include "workloads/trace/event.h"
#include "workloads/trace/table.h"

struct free_slot {
	uint64_t seq;  /* of the free, in its thread */
	uint64_t when; /* events of all threads before it */
	uint32_t slot;
	uint32_t tid; /* that thread */
};

struct slot_ring {
	struct free_slot *list;
	size_t room, first, count; /* room: a power of two, or 0 */
};

struct resolve_thread {
	uint64_t seq;     /* of the next event */
	uint64_t objects; /* numbered so far */
	uint64_t created_seq;
	uint32_t created_by; /* TRACE_NO_THREAD: nobody yet */
	bool ended, joined;
	/* Slots given up, a ring: the thread takes the newest, others the oldest. */
	struct slot_ring given_up;
};

/* All zero is the start. */
struct resolver {
	struct resolve_thread *threads;
	uint32_t nthreads; /* known of */
	struct table live; /* by thread and number */
	uint64_t events;
	uint32_t slots;
	struct slot_ring left; /* slots of threads that have ended */
	uint32_t cursor;       /* thread whose slots are looked at next */
};

/* Returns NULL, or what is wrong with the event; nothing has then changed. */
const char *resolver_take(struct resolver *resolver, uint32_t tid, const struct raw_event *raw,
			  struct trace_event *event);

/* The thread's state; NULL for one not yet heard of. */
const struct resolve_thread *resolver_thread(const struct resolver *resolver, uint32_t tid);

void resolver_free(struct resolver *resolver);

#endif
