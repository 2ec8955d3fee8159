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

static bool ring_grow(struct resolve_thread *thread)
{
	size_t room = thread->room ? 2 * thread->room : 64;
	struct free_slot *ring;

	if (thread->count < thread->room)
		return true;
	ring = malloc(room * sizeof(*ring));
	if (!ring)
		return false;
	for (size_t i = 0; i < thread->count; i++)
		ring[i] = thread->ring[(thread->first + i) & (thread->room - 1)];
	free(thread->ring);
	thread->ring = ring;
	thread->room = room;
	thread->first = 0;
	return true;
}

static void give_up(struct resolver *resolver, struct resolve_thread *thread, uint32_t slot)
{
	thread->ring[(thread->first + thread->count++) & (thread->room - 1)] =
		(struct free_slot){thread->seq, resolver->events, slot};
}

/* The oldest slot of some other thread that has rested. */
static bool take_rested(struct resolver *resolver, uint32_t tid, struct trace_event *event)
{
	for (unsigned look = 0; look < LOOKS && look < resolver->nthreads; look++) {
		struct resolve_thread *other = &resolver->threads[resolver->cursor];
		const struct free_slot *oldest = other->ring + other->first;

		if (resolver->cursor != tid && other->count &&
		    resolver->events - oldest->when >= TRACE_SLOT_REST) {
			event->slot = oldest->slot;
			event->after_tid = resolver->cursor;
			event->after_seq = oldest->seq;
			other->first = (other->first + 1) & (other->room - 1);
			other->count--;
			return true;
		}
		resolver->cursor = (resolver->cursor + 1) % resolver->nthreads;
	}
	return false;
}

static void take_slot(struct resolver *resolver, uint32_t tid, struct trace_event *event)
{
	struct resolve_thread *thread = &resolver->threads[tid];

	if (thread->count)
		event->slot =
			thread->ring[(thread->first + --thread->count) & (thread->room - 1)]
				.slot;
	else if (!take_rested(resolver, tid, event))
		event->slot = resolver->slots++;
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
	if (raw->op != TRACE_REALLOC && !ring_grow(thread))
		return NO_MEMORY;
	old = *entry;
	table_remove(&resolver->live, entry);
	event->slot = old.slot;
	event->old_size = old.size;
	event->after_tid = raw->owner;
	event->after_seq = old.seq;
	if (raw->op != TRACE_REALLOC) {
		give_up(resolver, thread, old.slot);
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
		thread->ended = true;
		return NULL;
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
		free(resolver->threads[i].ring);
	free(resolver->threads);
	table_free(&resolver->live);
	*resolver = (struct resolver){0};
}
