/* The steps written down in their final form, and counted again. */
#include "workloads/replay/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/replay/builder_parts.h"
#include "workloads/trace/why.h"

static uint64_t padded(uint64_t bytes)
{
	return (bytes + 63) & ~UINT64_C(63);
}

static uint64_t live_at_end(const struct builder *b)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < b->nslots; i++)
		n += b->slots[i].live;
	return n;
}

static uint64_t place_parts(const struct builder *b, struct replay_script *s)
{
	uint64_t at = padded(sizeof(*s));

	s->nparts = b->settings.merged || !b->nthreads ? 1 : b->nthreads;
	s->parts_at = at;
	at += padded(s->nparts * sizeof(struct replay_part));
	for (uint32_t i = 0; i < s->nparts; i++)
		s->nsteps += b->threads[i].steps.count;
	s->steps_at = at;
	at += padded(s->nsteps * sizeof(struct replay_step));
	for (uint32_t i = 0; i < WL_MAX_THREADS; i++)
		for (uint32_t k = 0; k < WL_MAX_THREADS; k++)
			s->ncross += b->cross[i][k] != 0;
	s->cross_at = at;
	at += padded(s->ncross * sizeof(struct replay_cross));
	s->npeak = b->npeak;
	s->peak_at = at;
	at += padded(s->npeak * sizeof(struct replay_object));
	s->nfinal = live_at_end(b);
	s->final_at = at;
	at += padded(s->nfinal * sizeof(struct replay_object));
	return at;
}

int builder_promise(struct builder *b, const struct trace_summary *promised)
{
	struct trace_cross *pairs;
	size_t n;

	pairs = trace_summary_cross(promised, &n);
	if (!pairs && n)
		return -1;
	memset(b->cross, 0, sizeof(b->cross));
	for (size_t i = 0; i < n; i++)
		if (pairs[i].alloc_tid < b->nthreads && pairs[i].free_tid < b->nthreads)
			b->cross[b->threads[pairs[i].alloc_tid].context]
				[b->threads[pairs[i].free_tid].context] += pairs[i].count;
	free(pairs);
	return 0;
}

uint64_t builder_bytes(const struct builder *b)
{
	struct replay_script s;

	memset(&s, 0, sizeof(s));
	return place_parts(b, &s);
}

static struct replay_object object_of(const struct builder *b, uint32_t thread, uint64_t step)
{
	const struct replay_step *made = &b->threads[thread].steps.list[step];

	return (struct replay_object){made->size, made->slot, made->pages};
}

/* Counts the steps of the script over again, and says where that is not what the trace
 * promises.  The order between threads, the peak and who frees whose objects are seen
 * when it is played. */
static bool same_work(const struct replay_script *s, const struct trace_summary *promised,
		      char *why, size_t size)
{
	static struct trace_summary n;
	const struct replay_step *step = REPLAY_AT(s, struct replay_step, s->steps_at);
	uint64_t frees;

	memset(&n, 0, sizeof(n));
	for (uint64_t i = 0; i < s->nsteps; i++, step++) {
		if (step->op > REPLAY_FREE)
			continue;
		n.count[step->op == REPLAY_FREE ? TRACE_FREE : step->op]++;
		if (step->op == REPLAY_FREE)
			continue;
		n.bytes += step->size;
		n.sizes[trace_size_bucket(step->size)]++;
		if (step->op == REPLAY_ALIGNED)
			n.aligns[step->align_log2]++;
	}
	frees = promised->count[TRACE_FREE] + promised->count[TRACE_REALLOC_FREE];
	for (int op = TRACE_MALLOC; op <= TRACE_FREE; op++) {
		uint64_t wanted = op == TRACE_FREE ? frees : promised->count[op];

		if (op != TRACE_REALLOC_FREE && n.count[op] != wanted)
			return trace_because(why, size,
					     "%llu events of kind %s, the trace promises %llu",
					     (unsigned long long)n.count[op],
					     trace_op_name((enum trace_op)op),
					     (unsigned long long)wanted) == 0;
	}
	if (n.bytes != promised->bytes)
		return trace_because(why, size, "%llu bytes requested, the trace promises %llu",
				     (unsigned long long)n.bytes,
				     (unsigned long long)promised->bytes) == 0;
	for (unsigned i = 0; i < TRACE_SIZE_BUCKETS; i++)
		if (n.sizes[i] != promised->sizes[i])
			return trace_because(
				       why, size,
				       "%llu objects of %llu bytes or a little more, the trace "
				       "promises %llu",
				       (unsigned long long)n.sizes[i],
				       (unsigned long long)trace_size_bucket_least(i),
				       (unsigned long long)promised->sizes[i]) == 0;
	for (unsigned i = 0; i < TRACE_ALIGN_BUCKETS; i++)
		if (n.aligns[i] != promised->aligns[i])
			return trace_because(
				       why, size,
				       "%llu objects aligned to 2^%u, the trace promises %llu",
				       (unsigned long long)n.aligns[i], i,
				       (unsigned long long)promised->aligns[i]) == 0;
	return true;
}

void builder_write(const struct builder *b, const struct trace_summary *whole,
		   const struct trace_summary *promised, struct replay_script *s)
{
	struct replay_part *part;
	struct replay_step *step;
	struct replay_cross *cross;
	struct replay_object *list;
	char *base = (char *)s;
	uint64_t first = 0;

	s->bytes = place_parts(b, s);
	s->ncontexts = b->ncontexts ? b->ncontexts : 1;
	s->slots = b->nslots;
	s->events = b->events;
	s->allocs = whole->count[TRACE_MALLOC] + whole->count[TRACE_CALLOC] +
		    whole->count[TRACE_ALIGNED];
	s->reallocs = whole->count[TRACE_REALLOC];
	s->frees = whole->count[TRACE_FREE] + whole->count[TRACE_REALLOC_FREE];
	s->total_bytes = whole->bytes;
	s->peak_live_bytes = promised ? promised->peak_live_bytes : whole->peak_live_bytes;
	s->live_objects = promised ? promised->live_objects : whole->live_objects;
	s->live_bytes = promised ? promised->live_bytes : whole->live_bytes;
	s->duration_ns = whole->duration * 10;
	part = (void *)(base + s->parts_at);
	step = (void *)(base + s->steps_at);
	for (uint32_t i = 0; i < s->nparts; i++) {
		const struct thread *t = &b->threads[i];

		part[i] =
			(struct replay_part){first, t->steps.count, t->first_place, t->context};
		if (t->steps.count)
			memcpy(step + first, t->steps.list, t->steps.count * sizeof(*step));
		first += t->steps.count;
	}
	cross = (void *)(base + s->cross_at);
	for (uint32_t i = 0; i < WL_MAX_THREADS; i++)
		for (uint32_t k = 0; k < WL_MAX_THREADS; k++)
			if (b->cross[i][k])
				*cross++ = (struct replay_cross){i, k, b->cross[i][k]};
	list = (void *)(base + s->peak_at);
	for (uint64_t i = 0; i < b->npeak; i++)
		*list++ = object_of(b, b->peak[i].thread, b->peak[i].step);
	list = (void *)(base + s->final_at);
	for (uint64_t i = 0; i < b->nslots; i++)
		if (b->slots[i].live)
			*list++ = object_of(b, b->slots[i].thread, b->slots[i].step);
	if (!promised)
		snprintf(s->unsound, sizeof(s->unsound),
			 "the trace is cut short: nothing to compare with");
	else
		s->sound = same_work(s, promised, s->unsound, sizeof(s->unsound));
}
