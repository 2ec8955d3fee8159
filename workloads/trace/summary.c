#include "workloads/trace/summary.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/trace/why.h"

unsigned trace_size_bucket(uint64_t size)
{
	unsigned top;

	if (size < 16)
		return (unsigned)size;
	top = 63 - (unsigned)__builtin_clzll(size);
	return 16 + (top - 4) * 8 + (unsigned)(size >> (top - 3) & 7);
}

uint64_t trace_size_bucket_least(unsigned bucket)
{
	unsigned above = bucket - 16;

	return bucket < 16 ? bucket : (UINT64_C(8) + above % 8) << (above / 8 + 1);
}

const char *trace_op_name(enum trace_op op)
{
	static const char *const names[TRACE_OPS] = {
		"malloc", "calloc", "aligned", "realloc", "realloc-free",
		"free",   "start",  "end",     "create",  "join"};

	return op < TRACE_OPS ? names[op] : "unknown";
}

static size_t cross_home(const struct trace_summary *summary, uint32_t a, uint32_t b)
{
	uint64_t mixed = ((uint64_t)a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 32) & (summary->cross_room - 1);
}

/* The pair's entry, or the empty one where it belongs. */
static struct trace_cross *cross_place(const struct trace_summary *summary, uint32_t a,
				       uint32_t b)
{
	size_t at = cross_home(summary, a, b);

	while (summary->cross[at].count &&
	       (summary->cross[at].alloc_tid != a || summary->cross[at].free_tid != b))
		at = (at + 1) & (summary->cross_room - 1);
	return &summary->cross[at];
}

static int cross_grow(struct trace_summary *summary)
{
	struct trace_summary bigger = {
		.cross_room = summary->cross_room ? 2 * summary->cross_room : 16};

	bigger.cross = calloc(bigger.cross_room, sizeof(*bigger.cross));
	if (!bigger.cross)
		return -1;
	for (size_t i = 0; i < summary->cross_room; i++)
		if (summary->cross[i].count)
			*cross_place(&bigger, summary->cross[i].alloc_tid,
				     summary->cross[i].free_tid) = summary->cross[i];
	free(summary->cross);
	summary->cross = bigger.cross;
	summary->cross_room = bigger.cross_room;
	return 0;
}

static int cross_add(struct trace_summary *summary, uint32_t a, uint32_t b, uint64_t count)
{
	struct trace_cross *entry;

	if (summary->ncross >= summary->cross_room / 2 && cross_grow(summary))
		return -1;
	entry = cross_place(summary, a, b);
	if (!entry->count) {
		entry->alloc_tid = a;
		entry->free_tid = b;
		summary->ncross++;
	}
	entry->count += count;
	return 0;
}

int summary_cross_put(struct trace_summary *summary, const struct trace_cross *pair)
{
	return cross_add(summary, pair->alloc_tid, pair->free_tid, pair->count);
}

static void add_live(struct trace_summary *summary, const struct trace_event *event)
{
	summary->live_bytes += event->size - event->old_size;
	if (event->op <= TRACE_ALIGNED)
		summary->live_objects++;
	else if (event->op != TRACE_REALLOC)
		summary->live_objects--;
	if (summary->live_objects > summary->peak_live_objects)
		summary->peak_live_objects = summary->live_objects;
	if (summary->live_bytes > summary->peak_live_bytes) {
		summary->peak_live_bytes = summary->live_bytes;
		summary->peak_event = summary->events;
		summary->peak_time = event->time;
	}
	if (event->slot >= summary->slots)
		summary->slots = (uint64_t)event->slot + 1;
}

int trace_summary_add(struct trace_summary *summary, const struct trace_event *event)
{
	if (event->op >= TRACE_REALLOC && event->op <= TRACE_FREE &&
	    cross_add(summary, event->after_tid, event->tid, 1))
		return -1;
	summary->events++;
	summary->count[event->op]++;
	summary->duration = event->time;
	if (event->op == TRACE_START)
		summary->threads++;
	if (event->op > TRACE_FREE)
		return 0;
	if (event->op <= TRACE_REALLOC) {
		summary->bytes += event->size;
		summary->sizes[trace_size_bucket(event->size)]++;
	}
	if (event->op == TRACE_ALIGNED)
		summary->aligns[event->align_log2]++;
	add_live(summary, event);
	return 0;
}

static int compare_cross(const void *left, const void *right)
{
	const struct trace_cross *a = left, *b = right;

	if (a->alloc_tid != b->alloc_tid)
		return a->alloc_tid < b->alloc_tid ? -1 : 1;
	return a->free_tid < b->free_tid ? -1 : a->free_tid > b->free_tid;
}

struct trace_cross *trace_summary_cross(const struct trace_summary *summary, size_t *count)
{
	struct trace_cross *list;
	size_t n = 0;

	*count = 0;
	if (!summary->ncross)
		return NULL;
	list = malloc(summary->ncross * sizeof(*list));
	if (!list) {
		*count = 1;
		return NULL;
	}
	for (size_t i = 0; i < summary->cross_room; i++)
		if (summary->cross[i].count)
			list[n++] = summary->cross[i];
	qsort(list, n, sizeof(*list), compare_cross);
	*count = n;
	return list;
}

static bool same_number(const char *what, uint64_t a, uint64_t b, char *why, size_t why_size)
{
	if (a != b)
		trace_because(why, why_size, "%s: %llu and %llu", what, (unsigned long long)a,
			      (unsigned long long)b);
	return a == b;
}

static bool same_cross(const struct trace_summary *a, const struct trace_summary *b, char *why,
		       size_t why_size)
{
	if (!same_number("pairs of allocating and freeing threads", a->ncross, b->ncross, why,
			 why_size))
		return false;
	for (size_t i = 0; i < a->cross_room; i++) {
		const struct trace_cross *pair = &a->cross[i];
		char what[80];

		if (!pair->count)
			continue;
		snprintf(what, sizeof(what), "objects of thread %u freed by thread %u",
			 pair->alloc_tid, pair->free_tid);
		if (!same_number(what, pair->count,
				 cross_place(b, pair->alloc_tid, pair->free_tid)->count, why,
				 why_size))
			return false;
	}
	return true;
}

bool trace_summary_same(const struct trace_summary *a, const struct trace_summary *b, char *why,
			size_t why_size)
{
	static const struct {
		const char *what;
		size_t offset;
	} fields[] = {
		{"events", offsetof(struct trace_summary, events)},
		{"bytes asked for", offsetof(struct trace_summary, bytes)},
		{"peak of live bytes", offsetof(struct trace_summary, peak_live_bytes)},
		{"event of the peak", offsetof(struct trace_summary, peak_event)},
		{"time of the peak", offsetof(struct trace_summary, peak_time)},
		{"objects live at the end", offsetof(struct trace_summary, live_objects)},
		{"bytes live at the end", offsetof(struct trace_summary, live_bytes)},
		{"peak of live objects", offsetof(struct trace_summary, peak_live_objects)},
		{"slots", offsetof(struct trace_summary, slots)},
		{"threads", offsetof(struct trace_summary, threads)},
		{"duration", offsetof(struct trace_summary, duration)},
	};
	char what[64];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t left, right;

		memcpy(&left, (const char *)a + fields[i].offset, sizeof(left));
		memcpy(&right, (const char *)b + fields[i].offset, sizeof(right));
		if (!same_number(fields[i].what, left, right, why, why_size))
			return false;
	}
	for (unsigned i = 0; i < TRACE_OPS; i++) {
		snprintf(what, sizeof(what), "events of %s", trace_op_name((enum trace_op)i));
		if (!same_number(what, a->count[i], b->count[i], why, why_size))
			return false;
	}
	for (unsigned i = 0; i < TRACE_SIZE_BUCKETS; i++) {
		snprintf(what, sizeof(what), "allocations of the size class from %llu bytes",
			 (unsigned long long)trace_size_bucket_least(i));
		if (!same_number(what, a->sizes[i], b->sizes[i], why, why_size))
			return false;
	}
	for (unsigned i = 0; i < TRACE_ALIGN_BUCKETS; i++) {
		snprintf(what, sizeof(what), "allocations aligned to 2^%u", i);
		if (!same_number(what, a->aligns[i], b->aligns[i], why, why_size))
			return false;
	}
	return same_cross(a, b, why, why_size);
}

void trace_summary_free(struct trace_summary *summary)
{
	free(summary->cross);
	*summary = (struct trace_summary){0};
}
