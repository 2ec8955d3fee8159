#include "arena/free_extents.h"

#include "util/assert.h"
#include "util/bits.h"

/* Entries of a bucket that are looked at for one that is long enough. */
#define LOOKS 16

/* Up to three units singly, then four buckets for each doubling. */
static unsigned bucket_of(size_t bytes)
{
	size_t n = bytes >> ASH_GRANULE_SHIFT;
	unsigned log, b;

	ash_assert(n > 0);
	if (n < 4)
		return (unsigned)n - 1;
	log = ash_log2_floor(n);
	b = 3 + (log - 2) * 4 + (unsigned)(n >> (log - 2) & 3);
	return b < ASH_EXTENT_BUCKETS ? b : ASH_EXTENT_BUCKETS - 1;
}

size_t ash_free_extents_least(unsigned b)
{
	return b < 3 ? (size_t)(b + 1) << ASH_GRANULE_SHIFT
		     : (size_t)(4 + (b - 3) % 4) << ((b - 3) / 4 + ASH_GRANULE_SHIFT);
}

static size_t *count_of(struct ash_arena *arena, enum ash_extent_state kind)
{
	switch (kind) {
	case ASH_EXTENT_DIRTY:
		return &arena->counts.dirty;
	case ASH_EXTENT_MUZZY:
		return &arena->counts.muzzy;
	case ASH_EXTENT_RETAINED:
		return &arena->counts.retained;
	case ASH_EXTENT_PINNED:
		return &arena->counts.pinned;
	default:
		return &arena->counts.active;
	}
}

void ash_free_extents_insert(struct ash_arena *arena, struct ash_extent *e,
			     enum ash_extent_state kind)
{
	struct ash_free_extents *f = &arena->body->free[kind];
	unsigned b = bucket_of(e->bytes);

	ash_assert(ash_extent_state(e) == ASH_EXTENT_TRANSIT);
	ash_list_push_front(&f->bucket[b], &e->link);
	ash_list_push_back(&f->age, &e->age);
	f->filled |= (uint64_t)1 << b;
	f->count++;
	f->in_bucket[b]++;
	f->bytes_in[b] += e->bytes;
	*count_of(arena, kind) += e->bytes;
	ash_store_relaxed(&e->state, (uint8_t)kind);
}

void ash_free_extents_detach(struct ash_arena *arena, struct ash_extent *e)
{
	enum ash_extent_state kind = ash_extent_state(e);
	struct ash_free_extents *f = &arena->body->free[kind];
	unsigned b = bucket_of(e->bytes);

	ash_assert(kind < ASH_EXTENT_TRANSIT && f->count > 0);
	ash_list_remove(&e->link);
	ash_list_remove(&e->age);
	if (ash_list_empty(&f->bucket[b]))
		f->filled &= ~((uint64_t)1 << b);
	f->count--;
	f->in_bucket[b]--;
	f->bytes_in[b] -= e->bytes;
	*count_of(arena, kind) -= e->bytes;
	ash_store_relaxed(&e->state, ASH_EXTENT_TRANSIT);
}

static bool fits(const struct ash_extent *e, size_t bytes, size_t align, size_t most)
{
	size_t lead = (size_t)(ash_align_up(e->address, align) - e->address);

	return e->bytes <= most && lead <= e->bytes && e->bytes - lead >= bytes;
}

struct ash_extent *ash_free_extents_find(struct ash_arena *arena, enum ash_extent_state kind,
					 size_t bytes, size_t align, size_t most)
{
	struct ash_free_extents *f = &arena->body->free[kind];
	unsigned first = bucket_of(bytes);

	for (uint64_t left = f->filled >> first << first; left != 0; left &= left - 1) {
		unsigned b = ash_ctz64(left), looks = 0;

		for (struct ash_list *n = f->bucket[b].next; n != &f->bucket[b]; n = n->next) {
			struct ash_extent *e = ASH_LIST_ENTRY(n, struct ash_extent, link);

			if (fits(e, bytes, align, most)) {
				ash_free_extents_detach(arena, e);
				return e;
			}
			/* The last bucket has what is longer than any other. */
			if (++looks == LOOKS && b < ASH_EXTENT_BUCKETS - 1)
				break;
		}
	}
	return NULL;
}

void ash_extents_take(struct ash_arena *arena, struct ash_extent *e)
{
	ash_assert(ash_extent_state(e) > ASH_EXTENT_TRANSIT);
	ash_list_remove(&e->age);
	arena->counts.active -= e->bytes;
	ash_store_relaxed(&e->state, ASH_EXTENT_TRANSIT);
}

void ash_extents_use(struct ash_arena *arena, struct ash_extent *e, enum ash_extent_state state)
{
	ash_assert(ash_extent_state(e) == ASH_EXTENT_TRANSIT && state > ASH_EXTENT_TRANSIT);
	ash_list_push_back(&arena->body->in_use, &e->age);
	arena->counts.active += e->bytes;
	ash_store_relaxed(&e->state, (uint8_t)state);
}

bool ash_free_extents_are_valid(const struct ash_arena *arena)
{
	const struct ash_arena_body *body = arena->body;

	for (unsigned k = 0; body != NULL && k < ASH_EXTENT_KINDS; k++) {
		const struct ash_free_extents *f = &body->free[k];
		size_t count = 0;

		for (unsigned b = 0; b < ASH_EXTENT_BUCKETS; b++) {
			size_t n = ash_list_length(&f->bucket[b]);

			if ((f->filled >> b & 1) != (n != 0) || n != f->in_bucket[b])
				return false;
			count += n;
		}
		if (count != f->count || count != ash_list_length(&f->age))
			return false;
	}
	return true;
}
