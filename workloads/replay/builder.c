#include "workloads/replay/builder.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/replay/builder_parts.h"
#include "workloads/trace/why.h"

/* A thread's place in the recorded order is published this often within a window, and
 * where a paced replay has slept this long. */
#define PLACES_PER_WINDOW 4
#define PACED_STRIDE_NS 200000u

/* A window spans no more bytes, allocated and freed, than this part of the peak:
 * what keeps the peak of a windowed replay within one percent of the recorded one. */
#define WINDOW_PEAK_PART 250

/* With more than these in all, what an ended thread knew is forgotten: kept for each of
 * them it would take memory by their square, to save a wait that costs a look. */
#define MANY_THREADS 4096

struct builder *builder_make(const struct replay_settings *settings,
			     const struct trace_summary *whole, char *why, size_t why_size)
{
	struct builder *b = calloc(1, sizeof(*b));

	if (b) {
		b->settings = *settings;
		b->nthreads = (uint32_t)whole->threads;
		b->nslots = whole->slots;
		b->threads = calloc(b->nthreads + 1, sizeof(*b->threads));
		b->slots = calloc(b->nslots + 1, sizeof(*b->slots));
		b->peak = calloc(whole->peak_live_objects + 1, sizeof(*b->peak));
	}
	if (!b || !b->threads || !b->slots || !b->peak) {
		trace_because(why, why_size, "not enough memory for a trace of %llu objects",
			      (unsigned long long)whole->slots);
		builder_free(b);
		return NULL;
	}
	b->peak_event = whole->peak_event;
	b->places = settings->paced || (whole->threads > 1 && !settings->merged);
	b->marks = whole->threads == 1 && !settings->merged;
	b->stride =
		settings->window / PLACES_PER_WINDOW ? settings->window / PLACES_PER_WINDOW : 1;
	b->weight_bytes = whole->peak_live_bytes / WINDOW_PEAK_PART / settings->window;
	if (!b->weight_bytes)
		b->weight_bytes = 1;
	return b;
}

void builder_free(struct builder *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; b->threads && i < b->nthreads; i++) {
		free(b->threads[i].steps.list);
		free(b->threads[i].seen);
	}
	free(b->threads);
	free(b->slots);
	free(b->peak);
	free(b);
}

/* The thread that plays a recorded thread's events. */
static uint32_t player_of(const struct builder *b, uint32_t tid)
{
	return b->settings.merged ? 0 : tid;
}

static struct replay_step *append(struct builder *b, uint32_t thread, enum replay_op op)
{
	struct steps *s = &b->threads[thread].steps;
	struct replay_step *step;

	if (s->count == s->room) {
		uint64_t room = s->room ? 2 * s->room : 256;
		struct replay_step *more = realloc(s->list, room * sizeof(*more));

		if (!more)
			return NULL;
		s->list = more;
		s->room = room;
	}
	step = &s->list[s->count++];
	*step = (struct replay_step){.op = op};
	return step;
}

/* Every place fits a step's 48 bits: places are events and parts of the peak. */
static int append_wait(struct builder *b, uint32_t thread, enum replay_op op,
		       uint32_t for_thread, uint64_t other)
{
	struct replay_step *step = append(b, thread, op);

	if (!step)
		return -1;
	step->slot = for_thread;
	step->size = b->place;
	step->other = other;
	step->idle = b->idle;
	return 0;
}

/* How much of `other` the thread knows to be done; NULL without memory. */
static uint64_t *seen(struct builder *b, uint32_t thread, uint32_t other)
{
	struct thread *t = &b->threads[thread];

	if (other >= t->nseen) {
		uint64_t *more = realloc(t->seen, (other + 1) * sizeof(*more));

		if (!more)
			return NULL;
		memset(more + t->nseen, 0, (other + 1 - t->nseen) * sizeof(*more));
		t->seen = more;
		t->nseen = other + 1;
	}
	return &t->seen[other];
}

/* All that `from` knows, `thread` knows too. */
static int learn(struct builder *b, uint32_t thread, uint32_t from, uint64_t steps)
{
	uint64_t *known = seen(b, thread, from);

	if (!known)
		return -1;
	*known = *known < steps ? steps : *known;
	for (uint32_t i = 0; i < b->threads[from].nseen; i++) {
		uint64_t there = b->threads[from].seen[i];

		if (i == thread || !there)
			continue;
		known = seen(b, thread, i);
		if (!known)
			return -1;
		if (*known < there)
			*known = there;
	}
	return 0;
}

/* The thread waits for a step of another, unless it knows that it is done. */
static int await(struct builder *b, uint32_t thread, uint32_t other, uint64_t step)
{
	uint64_t *known;

	if (thread == other)
		return 0;
	known = seen(b, thread, other);
	if (!known)
		return -1;
	if (*known > step)
		return 0;
	*known = step + 1;
	b->threads[other].steps.list[step].post = 1;
	return append_wait(b, thread, REPLAY_AWAIT, other, step + 1);
}

/* A context that no thread alive in the recording has; the thread that starts the new
 * one must have waited for the old user's end. */
static int take_context(struct builder *b, uint32_t creator, uint32_t child, char *why,
			size_t why_size)
{
	struct thread *t = &b->threads[child];

	if (++b->alive > WL_MAX_THREADS)
		return trace_because(
			why, why_size,
			"more threads are alive at one time in this trace than the "
			"%d that can be replayed",
			WL_MAX_THREADS);
	if (b->ncontexts < WL_MAX_THREADS) {
		t->context = b->ncontexts++;
		b->context_user[t->context] = child;
		return 0;
	}
	for (uint32_t c = 1; c < WL_MAX_THREADS; c++) {
		uint32_t old = b->context_user[c];

		if (!b->threads[old].ended)
			continue;
		t->context = c;
		b->context_user[c] = child;
		return append_wait(b, creator, REPLAY_REAP, old, 0);
	}
	return trace_because(why, why_size, "no context is free for thread %u", child);
}

static int create(struct builder *b, uint32_t creator, uint32_t child, char *why,
		  size_t why_size)
{
	struct thread *t = &b->threads[child];
	struct replay_step *step;

	if (b->settings.merged || t->created)
		return 0;
	t->created = true;
	if (take_context(b, creator, child, why, why_size) < 0)
		return -1;
	t->first_place = t->paced_place = t->last_place = b->place;
	t->paced_ns = UINT64_MAX; /* its first event says when it is */
	step = append(b, creator, REPLAY_CREATE);
	if (!step || learn(b, child, creator, b->threads[creator].steps.count) < 0)
		return trace_because(why, why_size, "not enough memory");
	step->slot = child;
	return 0;
}

/* Its own place, where the thread has come far enough since the last. */
static int pace(struct builder *b, uint32_t thread, const struct trace_event *e)
{
	struct thread *t = &b->threads[thread];
	uint64_t ns = e->time * 10;
	struct replay_step *step;

	if (!b->places || (t->paced_ns != UINT64_MAX && b->place - t->paced_place < b->stride &&
			   !(b->settings.paced && ns - t->paced_ns >= PACED_STRIDE_NS)))
		return 0;
	t->paced_place = b->place;
	t->paced_ns = ns;
	step = append(b, thread, REPLAY_PACE);
	if (!step)
		return -1;
	step->size = b->place;
	step->other = ns;
	step->idle = b->idle;
	return 0;
}

static void count_cross(struct builder *b, const struct slot *slot, uint32_t thread)
{
	b->cross[slot->owner][b->threads[thread].context]++;
}

/* An allocation, realloc or free of a slot. */
static int object(struct builder *b, uint32_t thread, const struct trace_event *e, char *why,
		  size_t why_size)
{
	static const enum replay_op ops[] = {
		[TRACE_MALLOC] = REPLAY_MALLOC,     [TRACE_CALLOC] = REPLAY_CALLOC,
		[TRACE_ALIGNED] = REPLAY_ALIGNED,   [TRACE_REALLOC] = REPLAY_REALLOC,
		[TRACE_REALLOC_FREE] = REPLAY_FREE, [TRACE_FREE] = REPLAY_FREE,
	};
	struct slot *slot = &b->slots[e->slot];
	bool born = e->op <= TRACE_ALIGNED;
	struct replay_step *step;

	if (e->slot >= b->nslots)
		return trace_because(why, why_size, "event %llu: object %u, the trace has %llu",
				     (unsigned long long)b->events, e->slot,
				     (unsigned long long)b->nslots);
	if (slot->live == born)
		return trace_because(why, why_size, "event %llu: object %u is used %s",
				     (unsigned long long)b->events, e->slot,
				     born ? "while it lives" : "before its allocation");
	if (e->size > REPLAY_SIZE_MAX)
		return trace_because(
			why, why_size, "event %llu: %llu bytes are beyond any machine",
			(unsigned long long)b->events, (unsigned long long)e->size);
	if ((slot->used && await(b, thread, slot->thread, slot->step) < 0) ||
	    !(step = append(b, thread, ops[e->op])))
		return trace_because(why, why_size, "not enough memory");
	if (!born) {
		count_cross(b, slot, thread);
		/* What was resident at the end is what the program had used of it. */
		if (e->resident != TRACE_NOT_MEASURED)
			b->threads[slot->thread].steps.list[slot->step].pages = e->resident;
	}
	step->slot = e->slot;
	step->pages = REPLAY_ALL_PAGES;
	step->size = step->op == REPLAY_FREE ? e->old_size : e->size;
	step->other = e->op == TRACE_REALLOC ? e->old_size : 0;
	step->align_log2 = e->op == TRACE_ALIGNED ? e->align_log2 : 0;
	*slot = (struct slot){
		.thread = thread,
		.owner = b->threads[thread].context,
		.step = b->threads[thread].steps.count - 1,
		.used = true,
		.live = step->op != REPLAY_FREE,
	};
	return 0;
}

/* Who lives when the most bytes do; a mark is taken there if one thread is alone. */
static int note_peak(struct builder *b, uint32_t thread)
{
	for (uint64_t i = 0; i < b->nslots; i++)
		if (b->slots[i].live)
			b->peak[b->npeak++] =
				(struct live_step){b->slots[i].thread, b->slots[i].step};
	return append(b, thread, REPLAY_MARK) ? 0 : -1;
}

static int thread_event(struct builder *b, const struct trace_event *e, char *why,
			size_t why_size)
{
	struct thread *t = &b->threads[e->tid];

	if (b->settings.merged)
		return 0;
	switch (e->op) {
	case TRACE_START:
		/* Of a thread whose creation was not seen nothing is known but that it ran:
		 * the first one starts it. */
		return e->tid ? create(b, 0, e->tid, why, why_size) : 0;
	case TRACE_CREATE:
		return create(b, e->tid, e->other, why, why_size);
	case TRACE_JOIN:
		if (append_wait(b, e->tid, REPLAY_JOIN, e->other, 0) < 0 ||
		    learn(b, e->tid, e->other, UINT64_MAX) < 0)
			return trace_because(why, why_size, "not enough memory");
		return 0;
	case TRACE_END:
		t->ended = true;
		b->alive--;
		if (b->nthreads > MANY_THREADS) {
			free(t->seen);
			t->seen = NULL;
			t->nseen = 0;
		}
		return 0;
	default:
		return trace_because(why, why_size, "event %llu: unknown kind %d",
				     (unsigned long long)b->events, (int)e->op);
	}
}

int builder_add(struct builder *b, const struct trace_event *e, char *why, size_t why_size)
{
	uint32_t thread = player_of(b, e->tid);
	uint64_t heavy;

	if (e->tid >= b->nthreads || ((e->op == TRACE_CREATE || e->op == TRACE_JOIN) &&
				      (e->other >= b->nthreads || e->other == e->tid)))
		return trace_because(why, why_size, "event %llu: no such thread",
				     (unsigned long long)b->events);
	if (!b->ncontexts) { /* the first thread is the process's own */
		b->ncontexts = 1;
		b->alive = 1;
		b->context_user[0] = thread;
		b->threads[thread].created = true;
		b->threads[thread].paced_ns = UINT64_MAX;
	}
	b->events++;
	b->place++;
	/* Others did more than a window of work since its last event: a thread that waits for
	 * them now (by a condition variable say, which no trace tells) waited then, too. */
	b->idle = b->place - b->threads[thread].last_place > b->settings.window;
	b->threads[thread].last_place = b->place;
	if (pace(b, thread, e) < 0)
		return trace_because(why, why_size, "not enough memory");
	if (e->op >= TRACE_START)
		return thread_event(b, e, why, why_size);
	if (object(b, thread, e, why, why_size) < 0)
		return -1;
	/* What moves much moves its thread far, and shows at once. */
	heavy = (e->size + e->old_size) / b->weight_bytes;
	b->place += heavy;
	b->threads[thread].last_place = b->place;
	b->idle = false; /* the distance is its own */
	if (heavy >= b->stride && pace(b, thread, e) < 0)
		return trace_because(why, why_size, "not enough memory");
	if (b->marks && b->events == b->peak_event && note_peak(b, thread) < 0)
		return trace_because(why, why_size, "not enough memory");
	return 0;
}
