#include "arena/objects.h"

#include <errno.h>

#include "arena/extents.h"
#include "arena/free_extents.h"
#include "arena/slabs.h"
#include "meta/base.h"
#include "page/large.h"
#include "reclaim/relief.h"
#include "util/assert.h"
#include "util/bits.h"

static void free_lists(struct ash_arena_body *body)
{
	ash_list_init(&body->in_use);
	for (unsigned k = 0; k < ASH_EXTENT_KINDS; k++) {
		ash_list_init(&body->free[k].age);
		for (unsigned b = 0; b < ASH_EXTENT_BUCKETS; b++)
			ash_list_init(&body->free[k].bucket[b]);
	}
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		ash_list_init(&body->bin[c].slabs);
}

/* An arena that allocates for the first time. */
static bool have_body(struct ash_arena *arena)
{
	struct ash_arena_body *body;

	if (ASH_LIKELY(ash_load_acquire(&arena->body) != NULL))
		return true;
	body = ash_base_alloc(sizeof(*body), ASH_CACHE_LINE);
	if (body == NULL) {
		errno = ENOMEM;
		return false;
	}
	free_lists(body);
	ash_arena_lock(arena);
	/* (Of two threads at once the second one's is left over.) */
	if (arena->body == NULL)
		ash_store_release(&arena->body, body);
	ash_arena_unlock(arena);
	return true;
}

unsigned ash_objects_fill(struct ash_arena *arena, unsigned class, void **out, unsigned want)
{
	return have_body(arena) ? ash_slabs_fill(arena, class, out, want) : 0;
}

/* Under the lock: one of so many usable bytes came, or went. */
static void count_large(struct ash_arena *arena, bool taken, size_t usable)
{
	struct ash_large_count *n = &arena->body->larges[ash_large_size_above(usable)];

	if (taken) {
		arena->counts.large += usable;
		arena->counts.large_nmalloc++;
		n->nmalloc++;
	} else {
		arena->counts.large -= usable;
		arena->counts.large_ndalloc++;
		n->ndalloc++;
	}
}

static void *alloc_large(struct ash_arena *arena, size_t size, size_t align, bool *zeroed)
{
	size_t usable = ash_large_usable(size);
	struct ash_extent *e;

	if (usable == 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (!have_body(arena))
		return NULL;
	e = ash_extents_get(arena, usable, align);
	if (e == NULL)
		return NULL;
	e->usable = usable;
	if (zeroed != NULL)
		*zeroed = e->zeroed;
	ash_arena_lock(arena);
	ash_extents_use(arena, e, ASH_EXTENT_LARGE);
	count_large(arena, true, usable);
	ash_arena_unlock(arena);
	return (void *)e->address;
}

static void *alloc_once(struct ash_arena *arena, size_t size, size_t align, bool *zeroed)
{
	unsigned class = ash_size_class_aligned(size, align);
	void *p;

	if (zeroed != NULL)
		*zeroed = false;
	if (class == 0)
		return alloc_large(arena, size, align, zeroed);
	return ash_objects_fill(arena, class, &p, 1) == 1 ? p : NULL;
}

/* Whether what the heap gives back could be what the arena is short of: addresses for the
 * default hooks, or room under a limit. */
static bool may_relieve(const struct ash_arena *arena, size_t size, size_t align)
{
	return size <= PTRDIFF_MAX && align <= PTRDIFF_MAX / 2 &&
	       (ash_load_relaxed(&arena->hooks)->alloc == ash_hooks_default.alloc ||
		ash_load_relaxed(&ash_heap.limits.hard) != ASH_NO_LIMIT);
}

void *ash_objects_alloc(struct ash_arena *arena, size_t size, size_t align, bool *zeroed)
{
	size_t granule = ash_extent_unit();
	struct ash_relief relief = {0};
	int saved = errno;
	void *p = alloc_once(arena, size, align, zeroed);

	relief.bytes = size + (align > granule ? align : 16 * granule);
	while (ASH_UNLIKELY(p == NULL) && may_relieve(arena, size, align) &&
	       ash_relief_again(&relief))
		p = alloc_once(arena, size, align, zeroed);
	errno = p != NULL ? saved : ENOMEM;
	return p;
}

/* The extent that p lies in, with its arena locked; NULL where there is none. */
static struct ash_extent *lock_extent(const void *p)
{
	for (;;) {
		struct ash_extent *e = ash_map_at(p);
		struct ash_arena *arena;

		if (e == NULL)
			return NULL;
		arena = ash_load_acquire(&e->arena);
		ash_arena_lock(arena);
		/* It may be another's by now, or in parts. */
		if (ash_map_at(p) == e && ash_load_acquire(&e->arena) == arena)
			return e;
		ash_arena_unlock(arena);
	}
}

/* Under the lock; *region is the number of a small one. */
static enum ash_arena_place place_in(const struct ash_extent *e, const void *p,
				     unsigned *region)
{
	size_t offset = (size_t)((uintptr_t)p - e->address);
	const struct ash_size_class *sc;

	switch (ash_load_relaxed(&e->state)) {
	case ASH_EXTENT_LARGE:
		return offset == 0 ? ASH_PLACE_OUT : ASH_PLACE_INSIDE;
	case ASH_EXTENT_SLAB:
		sc = &ash_size_classes[e->class];
		if (offset >= (size_t)e->regions * sc->size)
			return ASH_PLACE_NEVER;
		*region = ash_region_index(sc->reciprocal, offset);
		if (*region * sc->size != offset)
			return ASH_PLACE_INSIDE;
		if (*region >= e->bump)
			return ASH_PLACE_NEVER;
		return e->bitmap[*region / 64] >> *region % 64 & 1 ? ASH_PLACE_FREED
								   : ASH_PLACE_OUT;
	default:
		return ASH_PLACE_FREED;
	}
}

struct ash_arena_object ash_objects_look(const void *p)
{
	struct ash_arena_object o = {.place = ASH_PLACE_NONE};
	struct ash_extent *e = lock_extent(p);
	unsigned region;

	if (e == NULL)
		return o;
	o.place = place_in(e, p, &region);
	o.arena = e->arena;
	if (ash_load_relaxed(&e->state) == ASH_EXTENT_SLAB) {
		o.class = e->class;
		o.usable = ash_class_size(o.class);
	} else if (o.place == ASH_PLACE_OUT) {
		o.usable = e->usable;
	}
	ash_arena_unlock(o.arena);
	return o;
}

/* Under the lock.  (A slab that could not be cut may have some more places than its class
 * says.) */
static void use_of_bin(const struct ash_arena *arena, unsigned class, struct ash_arena_use *use)
{
	const struct ash_arena_bin *bin = &arena->body->bin[class];

	use->bin_nregs = bin->counts.curslabs * ash_size_classes[class].regions;
	if (use->bin_nregs > bin->counts.curregs)
		use->bin_nfree = use->bin_nregs - bin->counts.curregs;
	if (!ash_list_empty(&bin->slabs))
		use->filling = (void *)ASH_LIST_ENTRY(bin->slabs.next, struct ash_extent, link)
				       ->address;
}

struct ash_arena_use ash_objects_use(const void *p)
{
	struct ash_arena_use use = {0};
	struct ash_extent *e = lock_extent(p);
	struct ash_arena *arena;

	if (e == NULL)
		return use;
	arena = e->arena;
	use.bytes = e->bytes;
	if (ash_load_relaxed(&e->state) == ASH_EXTENT_SLAB) {
		use.nfree = e->nfree;
		use.nregs = e->regions;
		use_of_bin(arena, e->class, &use);
	} else if (ash_load_relaxed(&e->state) == ASH_EXTENT_LARGE) {
		use.nregs = 1;
	} else {
		use.bytes = 0;
	}
	ash_arena_unlock(arena);
	return use;
}

/* Under the lock: a large one is in transit afterwards. */
static void take_large(struct ash_arena *arena, struct ash_extent *e)
{
	ash_extents_take(arena, e);
	count_large(arena, false, e->usable);
}

bool ash_objects_free(void *p)
{
	struct ash_extent *e = lock_extent(p);
	struct ash_arena *arena;
	bool goes = true;
	unsigned region;
	int saved = errno;

	if (e == NULL)
		return false;
	arena = e->arena;
	if (place_in(e, p, &region) != ASH_PLACE_OUT) {
		ash_arena_unlock(arena);
		return false;
	}
	if (ash_load_relaxed(&e->state) == ASH_EXTENT_LARGE)
		take_large(arena, e);
	else
		goes = ash_slabs_give(arena, e, region);
	ash_arena_unlock(arena);
	if (goes)
		ash_extents_put(arena, e);
	errno = saved;
	return true;
}

bool ash_objects_resize(void *p, size_t size)
{
	size_t usable = ash_large_usable(size), unit = ash_extent_unit(), bytes;
	struct ash_extent *e;
	struct ash_arena *arena;
	unsigned region;
	bool done = true;
	int saved = errno;

	if (usable == 0)
		return false;
	bytes = ash_align_up(usable, unit);
	e = lock_extent(p);
	if (e == NULL)
		return false;
	arena = e->arena;
	if (place_in(e, p, &region) != ASH_PLACE_OUT ||
	    ash_load_relaxed(&e->state) != ASH_EXTENT_LARGE) {
		ash_arena_unlock(arena);
		return false;
	}
	ash_extents_take(arena, e);
	ash_arena_unlock(arena);
	if (bytes > e->bytes)
		done = ash_extents_extend(arena, e, bytes);
	else if (bytes < e->bytes)
		ash_extents_cut(arena, e, bytes); /* where the hooks refuse it stays longer */
	ash_arena_lock(arena);
	if (done) {
		if (ash_large_size_above(usable) != ash_large_size_above(e->usable)) {
			count_large(arena, false, e->usable);
			count_large(arena, true, usable);
		} else {
			arena->counts.large += usable - e->usable;
		}
		e->usable = usable;
	}
	ash_extents_use(arena, e, ASH_EXTENT_LARGE);
	ash_arena_unlock(arena);
	errno = saved;
	return done;
}

void ash_objects_tidy(struct ash_arena *arena)
{
	/* One at the most of each class; others may make some meanwhile. */
	for (unsigned n = 0; n < ASH_CLASSES && ash_load_acquire(&arena->body) != NULL; n++) {
		struct ash_extent *slab;

		ash_arena_lock(arena);
		slab = ash_slabs_idle(arena);
		ash_arena_unlock(arena);
		if (slab == NULL)
			return;
		ash_extents_put(arena, slab);
	}
}

void ash_objects_reset(struct ash_arena *arena)
{
	if (ash_load_acquire(&arena->body) == NULL)
		return;
	for (;;) {
		struct ash_list *in_use = &arena->body->in_use;
		struct ash_extent *e = NULL;

		ash_arena_lock(arena);
		if (!ash_list_empty(in_use)) {
			e = ASH_LIST_ENTRY(in_use->next, struct ash_extent, age);
			if (ash_load_relaxed(&e->state) == ASH_EXTENT_LARGE)
				take_large(arena, e);
			else
				ash_slabs_discard(arena, e);
		}
		ash_arena_unlock(arena);
		if (e == NULL)
			return;
		ash_extents_put(arena, e);
	}
}
