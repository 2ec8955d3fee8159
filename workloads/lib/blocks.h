/* A block and its size, as most workloads keep them: in slots of a table. */
#ifndef WORKLOADS_BLOCKS_H
#define WORKLOADS_BLOCKS_H

#include "workloads/lib/calls.h"
#include "workloads/lib/page_floor.h"

struct block {
	void *at; /* NULL = the slot is empty */
	uint64_t size;
};

static inline void block_make(struct wl_thread *t, struct block *b, size_t size,
			      enum wl_touch how)
{
	b->size = size;
	b->at = wl_malloc(t, size);
	wl_touch(t, b->at, size, how);
}

/* Frees what is in the slot, which must not be empty. */
static inline void block_drop(struct wl_thread *t, struct block *b)
{
	wl_look(b->at);
	wl_free(t, b->at, b->size);
	b->at = NULL;
}

/* Frees all of them that are there, in order. */
static inline void blocks_drop(struct wl_thread *t, struct block *b, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (b[i].at)
			block_drop(t, &b[i]);
}

/* Frees random ones of b[0..*n) until `to` are left; the last takes the place of each. */
static inline void blocks_shrink(struct wl_thread *t, struct block *b, uint64_t *n, uint64_t to)
{
	while (*n > to) {
		struct block *one = &b[rng_below(&t->rng, *n)];

		block_drop(t, one);
		*one = b[--*n];
	}
}

static inline void blocks_live(struct page_floor *floor, const struct block *b, uint64_t count,
			       enum wl_touch how)
{
	for (uint64_t i = 0; i < count; i++)
		if (b[i].at)
			page_floor_object(floor, b[i].at, b[i].size, how);
}

/* How many batches of `each` objects hold at least `ops` of them. */
static inline uint64_t batches_for(int64_t ops, uint64_t each)
{
	return ((uint64_t)ops + each - 1) / each;
}

/* -1 with the reason recorded, when the two parameters are in the wrong order. */
static inline int sizes_ordered(struct wl_run *run, int min, int max)
{
	const struct wl_param *p = run->workload->params;

	if (run->values[min] <= run->values[max])
		return 0;
	wl_fail(run, "%s: %s=%lld is above %s=%lld", run->workload->name, p[min].name,
		(long long)run->values[min], p[max].name, (long long)run->values[max]);
	return -1;
}

#endif
