#include "workloads/trace/resolve.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/trace/format.h"

#define NO_MEMORY "there is no memory for its live objects"
#define LOOKS 4u /* threads whose slots one allocation looks at */

static uint64_t name_of(uint32_t tid, uint64_t number)
{
	return (uint64_t)tid << 44 | number;
}

const struct resolve_thread *resolver_thread(const struct resolver *resolver, uint32_t tid)
{
	return tid < resolver->nthreads ? &resolver->threads[tid] : NULL;
}

static bool know(struct resolver *resolver, uint32_t tid)
{
	struct resolve_thread *list;
	uint32_t n = resolver->nthreads;

	if (tid < n)
		return true;
	/* Doubles, so that many threads do not cost their square. */
	while (n <= tid)
		n = n ? 2 * n : 8;
	list = realloc(resolver->threads, n * sizeof(*list));
	if (!list)
		return false;
	memset(list + resolver->nthreads, 0, (n - resolver->nthreads) * sizeof(*list));
	for (uint32_t i = resolver->nthreads; i < n; i++)
		list[i].created_by = TRACE_NO_THREAD;
	resolver->threads = list;
	resolver->nthreads = n;
	return true;
}

/* Room for so many more. */
static bool ring_grow(struct slot_ring *ring, size_t more)
{
	size_t room = ring->room ? ring->room : 64;
	struct free_slot *list;

	while (room < ring->count + more)
		room *= 2;
	if (room == ring->room)
		return true;
	list = malloc(room * sizeof(*list));
	if (!list)
		return false;
	for (size_t i = 0; i < ring->count; i++)
		list[i] = ring->list[(ring->first + i) & (ring->room - 1)];
	free(ring->list);
	ring->list = list;
	ring->room = room;
	ring->first = 0;
	return true;
}

static void ring_add(struct slot_ring *ring, const struct free_slot *slot)
{
	ring->list[(ring->first + ring->count++) & (ring->room - 1)] = *slot;
}

static const struct free_slot *ring_newest(struct slot_ring *ring)
{
	return &ring->list[(ring->first + --ring->count) & (ring->room - 1)];
}

static const struct free_slot *ring_oldest(struct slot_ring *ring)
{
	const struct free_slot *slot = &ring->list[ring->first];

	ring->first = (ring->first + 1) & (ring->room - 1);
	ring->count--;
	return slot;
}

static bool rested(const struct resolver *resolver, const struct slot_ring *ring)
{
	return ring->count &&
	       resolver->events - ring->list[ring->first].when >= TRACE_SLOT_REST;
}

/* The oldest slot of a thread that ended, or else of some other, that has rested. */
static const struct free_slot *take_rested(struct resolver *resolver, uint32_t tid)
{
	if (rested(resolver, &resolver->left))
		return ring_oldest(&resolver->left);
	for (unsigned look = 0; look < LOOKS && look < resolver->nthreads; look++) {
		struct slot_ring *ring = &resolver->threads[resolver->cursor].given_up;

		if (resolver->cursor != tid && rested(resolver, ring))
			return ring_oldest(ring);
		resolver->cursor = (resolver->cursor + 1) % resolver->nthreads;
	}
	return NULL;
}

static void take_slot(struct resolver *resolver, uint32_t tid, struct trace_event *event)
{
	struct slot_ring *own = &resolver->threads[tid].given_up;
	const struct free_slot *slot;

	if (own->count) {
		event->slot = ring_newest(own)->slot;
		return;
	}
	slot = take_rested(resolver, tid);
	if (!slot) {
		event->slot = resolver->slots++;
		return;
	}
	event->slot = slot->slot;
	event->after_tid = slot->tid;
	event->after_seq = slot->seq;
}

static const char *allocate(struct resolver *resolver, uint32_t tid, struct trace_event *event)
{
	struct resolve_thread *thread = &resolver->threads[tid];
	struct table_entry *entry;

	if (resolver->slots == UINT32_MAX)
		return "more than 2^32 objects are live";
	entry = table_add(&resolver->live, name_of(tid, thread->objects));
	if (!entry)
		return NO_MEMORY;
	take_slot(resolver, tid, event);
	thread->objects++;
	entry->seq = thread->seq;
	entry->size = event->size;
	entry->slot = event->slot;
	return NULL;
}

/* A free or realloc: the object that is meant goes, and with a realloc comes again
 * under its new name in the same slot. */
static const char *release(struct resolver *resolver, uint32_t tid, const struct raw_event *raw,
			   struct trace_event *event)
{
	struct resolve_thread *thread = &resolver->threads[tid];
	struct table_entry *entry =
		table_find(&resolver->live, name_of(raw->owner, raw->number));
	struct table_entry old;

	if (!entry)
		return raw->op == TRACE_REALLOC ? "an object is resized that is not live"
						: "an object is freed that is not live";
	if (raw->op != TRACE_REALLOC && !ring_grow(&thread->given_up, 1))
		return NO_MEMORY;
	old = *entry;
	table_remove(&resolver->live, entry);
	event->slot = old.slot;
	event->old_size = old.size;
	event->after_tid = raw->owner;
	event->after_seq = old.seq;
	if (raw->op != TRACE_REALLOC) {
		ring_add(&thread->given_up,
			 &(struct free_slot){thread->seq, resolver->events, old.slot, tid});
		return NULL;
	}
	entry = table_add(&resolver->live, name_of(tid, thread->objects++));
	if (!entry) /* cannot be: the table does not grow back to a size it had */
		return NO_MEMORY;
	entry->seq = thread->seq;
	entry->size = event->size;
	entry->slot = old.slot;
	return NULL;
}

/* What it gave up is looked for in one place, however many threads come and go. */
static const char *end_thread(struct resolver *resolver, struct resolve_thread *thread)
{
	if (!ring_grow(&resolver->left, thread->given_up.count))
		return NO_MEMORY;
	while (thread->given_up.count)
		ring_add(&resolver->left, ring_oldest(&thread->given_up));
	free(thread->given_up.list);
	thread->given_up = (struct slot_ring){0};
	thread->ended = true;
	return NULL;
}

static const char *thread_event(struct resolver *resolver, uint32_t tid,
				struct trace_event *event)
{
	struct resolve_thread *thread = &resolver->threads[tid];
	struct resolve_thread *other =
		event->other < resolver->nthreads ? &resolver->threads[event->other] : NULL;

	switch (event->op) {
	case TRACE_START:
		if (event->other == TRACE_NO_THREAD)
			return NULL;
		if (thread->created_by != event->other)
			return "a thread starts that its creator has not created";
		event->after_tid = event->other;
		event->after_seq = thread->created_seq;
		return NULL;
	case TRACE_CREATE:
		if (event->other == tid || other->seq || other->created_by != TRACE_NO_THREAD)
			return "a thread is created twice or too late";
		other->created_by = tid;
		other->created_seq = thread->seq;
		return NULL;
	case TRACE_JOIN:
		if (!other || event->other == tid || !other->seq || other->joined)
			return "a thread is joined that is not there";
		other->joined = true;
		event->after_tid = event->other;
		event->after_seq = other->seq - 1;
		return NULL;
	default:
		return end_thread(resolver, thread);
	}
}

const char *resolver_take(struct resolver *resolver, uint32_t tid, const struct raw_event *raw,
			  struct trace_event *event)
{
	struct resolve_thread *thread;
	const char *wrong;

	if (tid >= TRACE_THREADS_MAX ||
	    (raw->other != TRACE_NO_THREAD && raw->other >= TRACE_THREADS_MAX))
		return "a thread's number is beyond the last possible";
	if (!know(resolver, tid) || (raw->op == TRACE_CREATE && !know(resolver, raw->other)))
		return NO_MEMORY;
	thread = &resolver->threads[tid];
	if ((raw->op == TRACE_START) != (thread->seq == 0))
		return "a thread does not begin with its start, or starts twice";
	if (thread->ended || thread->joined)
		return "a thread goes on after its end";
	*event = (struct trace_event){.op = raw->op,
				      .call = raw->call,
				      .tid = tid,
				      .seq = thread->seq,
				      .time = raw->time,
				      .size = raw->size,
				      .align_log2 = raw->align_log2,
				      .resident = raw->resident,
				      .other = raw->other,
				      .after_tid = TRACE_NO_THREAD};
	if (raw->op <= TRACE_ALIGNED)
		wrong = allocate(resolver, tid, event);
	else if (raw->op <= TRACE_FREE)
		wrong = release(resolver, tid, raw, event);
	else
		wrong = thread_event(resolver, tid, event);
	if (wrong)
		return wrong;
	thread->seq++;
	resolver->events++;
	return NULL;
}

void resolver_free(struct resolver *resolver)
{
	for (uint32_t i = 0; i < resolver->nthreads; i++)
		free(resolver->threads[i].given_up.list);
	free(resolver->threads);
	free(resolver->left.list);
	table_free(&resolver->live);
	*resolver = (struct resolver){0};
}
