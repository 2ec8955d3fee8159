#include "arena/extents.h"

#include <errno.h>

#include "arena/extent.h"
#include "arena/free_extents.h"
#include "arena/map.h"
#include "page/limits.h"
#include "util/assert.h"
#include "util/bits.h"

/* What the hooks are asked for: so much at first, twice as much each time, up to the arena's
 * bound; and so much at the least.  Hooks may allocate it in the heap, and what is longer than
 * 32 KiB has no class in the byte map. */
#define GROW_FIRST ((size_t)64 << 10)
#define LEAST GROW_FIRST

/* --- cutting and joining ------------------------------------------------------------------ */

/* Under the lock: the extent at this address where it may be joined with e, as one of this
 * kind; it is detached. */
static struct ash_extent *neighbour(struct ash_arena *arena, const struct ash_extent *e,
				    uintptr_t at, enum ash_extent_state kind)
{
	struct ash_extent *n = ash_map_at((void *)at);

	if (n == NULL || ash_load_acquire(&n->arena) != arena || ash_extent_state(n) != kind ||
	    n->committed != e->committed || n->held != e->held)
		return NULL;
	ash_free_extents_detach(arena, n);
	return n;
}

/* What a free extent of that kind is: pinned memory is nothing else. */
static enum ash_extent_state kind_of(const struct ash_extent *e, enum ash_extent_state kind)
{
	return e->pinned ? ASH_EXTENT_PINNED : kind;
}

/* Joins an extent in transit with what lies free beside it and is of this kind; returns what it
 * is then, still in transit, and has taken the lock. */
static struct ash_extent *join_neighbours(struct ash_arena *arena, struct ash_extent *e,
					  enum ash_extent_state kind)
{
	bool may_join = ash_load_relaxed(&arena->hooks)->merge != NULL;
	bool below = may_join, above = may_join;

	ash_arena_lock(arena);
	while (below || above) {
		struct ash_extent *n = NULL;
		bool joined;

		if (above) {
			n = neighbour(arena, e, e->address + e->bytes, kind);
			if (n == NULL)
				above = false;
		}
		if (n == NULL && below) {
			n = neighbour(arena, e, e->address - 1, kind);
			if (n == NULL)
				below = false;
		}
		if (n == NULL)
			continue;
		ash_arena_unlock(arena);
		if (n->address > e->address) {
			joined = ash_extent_join(arena, e, n);
			above &= joined;
		} else {
			joined = ash_extent_join(arena, n, e);
			below &= joined;
			if (joined)
				e = n;
		}
		ash_arena_lock(arena);
		if (!joined)
			ash_free_extents_insert(arena, n, kind);
	}
	return e;
}

/* Under the lock: it becomes a free one of this kind. */
static void insert(struct ash_arena *arena, struct ash_extent *e, enum ash_extent_state kind)
{
	ash_free_extents_insert(arena, e, kind);
	ash_assert_expensive(ash_free_extents_are_valid(arena));
}

/* An extent in transit becomes a free one of this kind, joined with what lies beside it. */
static void settle(struct ash_arena *arena, struct ash_extent *e, enum ash_extent_state kind)
{
	kind = kind_of(e, kind);
	insert(arena, join_neighbours(arena, e, kind), kind);
	ash_arena_unlock(arena);
}

bool ash_extents_cut(struct ash_arena *arena, struct ash_extent *e, size_t bytes)
{
	struct ash_extent *rest = ash_extent_split(arena, e, bytes);

	if (rest == NULL)
		return false;
	ash_extents_put(arena, rest);
	return true;
}

/* --- memory comes ------------------------------------------------------------------------- */

/* Counts an extent in transit as held memory; false with ENOMEM beyond a limit. */
static bool charge(struct ash_extent *e)
{
	size_t charged;

	if (e->held)
		return true;
	if (!ash_limits_charge(&ash_heap, e->bytes, &charged))
		return false;
	ash_extent_count_held(e, true);
	ash_limits_settle(&ash_heap, charged);
	return true;
}

/* From the hooks, in transit. */
static struct ash_extent *ask(struct ash_arena *arena, size_t bytes, size_t align)
{
	struct ash_extent *e = ash_extent_new();
	bool zero = false, commit = true;
	extent_hooks_t *h;
	uintptr_t p;
	bool pinned;

	if (e == NULL)
		return NULL;
	if (bytes < LEAST)
		bytes = LEAST;
	h = ash_hooks_enter(arena);
	p = (uintptr_t)h->alloc(h, NULL, bytes, align, &zero, &commit, arena->index);
	ash_hooks_leave(false);
	pinned = (p & ASH_HOOKS_PINNED) != 0;
	p &= ~(uintptr_t)ASH_HOOKS_FLAGS;
	if (p == 0) {
		ash_extent_drop(e);
		return NULL;
	}
	ash_extent_describe(e, arena, p, bytes);
	e->pinned = pinned;
	e->committed = commit;
	e->zeroed = zero;
	e->since_ns = 0;
	/* Whatever was asked for: memory that is no such cannot be used. */
	if ((p & (align - 1)) != 0 || !ash_map_open(p, bytes)) {
		ash_extent_hook_dalloc(arena, e);
		ash_extent_forget(e);
		return NULL;
	}
	ash_map_set(e->address, bytes, e);
	return e;
}

/* More than is needed where the rest can be cut off, so that the hooks are seldom called. */
static struct ash_extent *fresh(struct ash_arena *arena, size_t bytes, size_t align)
{
	size_t grow = ash_load_relaxed(&arena->grow);
	size_t most = ash_load_relaxed(&arena->grow_most);
	struct ash_extent *e;

	if (grow > most)
		grow = most;
	if (grow < GROW_FIRST)
		grow = GROW_FIRST;
	if (bytes < grow && ash_load_relaxed(&arena->hooks)->split != NULL &&
	    !ash_load_relaxed(&arena->refuses_to_split)) {
		e = ask(arena, grow, align);
		if (e != NULL) {
			ash_store_relaxed(&arena->grow, grow < most ? 2 * grow : grow);
			return e;
		}
	}
	return ask(arena, bytes, align);
}

/* How long one may be for so many bytes where it cannot be cut. */
static size_t most_for(size_t bytes)
{
	return 2 * bytes > LEAST ? 2 * bytes : LEAST;
}

/* Brings an extent in transit, which was of this kind, down to `bytes` at a multiple of
 * `align`. What is cut off becomes free as it was.  NULL where the hooks refuse that: `e` is
 * then free, too. */
static struct ash_extent *trim(struct ash_arena *arena, struct ash_extent *e,
			       enum ash_extent_state kind, size_t bytes, size_t align,
			       bool may_waste)
{
	size_t lead = (size_t)(ash_align_up(e->address, align) - e->address);
	struct ash_extent *rest;

	if (lead != 0) {
		rest = ash_extent_split(arena, e, lead);
		settle(arena, e, kind);
		if (rest == NULL)
			return NULL;
		e = rest;
	}
	if (e->bytes > bytes) {
		rest = ash_extent_split(arena, e, bytes);
		if (rest != NULL) {
			settle(arena, rest, kind);
		} else if (!may_waste && e->bytes > most_for(bytes)) {
			settle(arena, e, kind);
			return NULL;
		}
	}
	return e;
}

static bool make_usable(struct ash_arena *arena, struct ash_extent *e,
			enum ash_extent_state kind)
{
	bool held = e->held;

	if (!charge(e)) {
		settle(arena, e, kind);
		return false;
	}
	if (!e->committed) {
		bool done = ash_extent_hook(arena, e, ASH_HOOK_COMMIT);

		ash_store_relaxed(&arena->refuses_to_commit, !done);
		if (!done) {
			if (!held)
				ash_extent_count_held(e, false);
			settle(arena, e, kind);
			return false;
		}
		e->committed = true;
	}
	return true;
}

/* One that is free already; NULL where there is none, or the hooks refuse. */
static struct ash_extent *reuse(struct ash_arena *arena, enum ash_extent_state kind,
				size_t bytes, size_t align, bool may_waste)
{
	bool may_split = ash_load_relaxed(&arena->hooks)->split != NULL;
	struct ash_extent *e;

	ash_arena_lock(arena);
	e = ash_free_extents_find(arena, kind, bytes, align,
				  may_split || may_waste ? SIZE_MAX : most_for(bytes));
	ash_arena_unlock(arena);
	if (e != NULL)
		e = trim(arena, e, kind, bytes, align, may_waste);
	if (e != NULL && !make_usable(arena, e, kind))
		e = NULL;
	return e;
}

struct ash_extent *ash_extents_get(struct ash_arena *arena, size_t bytes, size_t align)
{
	size_t unit = ash_extent_unit();
	struct ash_extent *e = NULL;

	if (bytes > PTRDIFF_MAX || align > PTRDIFF_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	bytes = ash_align_up(bytes, unit);
	if (align < unit)
		align = unit;
	for (unsigned k = 0; k < ASH_EXTENT_KINDS && e == NULL; k++)
		e = reuse(arena, (enum ash_extent_state)k, bytes, align, false);
	if (e == NULL) {
		e = fresh(arena, bytes, align);
		if (e != NULL)
			e = trim(arena, e, ASH_EXTENT_RETAINED, bytes, align, false);
		if (e == NULL && ash_load_relaxed(&arena->refuses_to_split))
			e = ask(arena, bytes, align);
		if (e != NULL && !make_usable(arena, e, ASH_EXTENT_RETAINED))
			e = NULL;
	}
	/* The hooks neither cut nor give more: rather one that is too long. */
	for (unsigned k = 0; k < ASH_EXTENT_KINDS && e == NULL; k++)
		e = reuse(arena, (enum ash_extent_state)k, bytes, align, true);
	if (e == NULL)
		errno = ENOMEM;
	return e;
}

bool ash_extents_extend(struct ash_arena *arena, struct ash_extent *e, size_t bytes)
{
	enum ash_extent_state kind = ASH_EXTENT_TRANSIT;
	struct ash_extent *n;
	bool fits_in = false;

	bytes = ash_align_up(bytes, ash_extent_unit());
	if (bytes <= e->bytes)
		return true;
	ash_arena_lock(arena);
	n = ash_map_at((void *)(e->address + e->bytes));
	if (n != NULL && ash_load_acquire(&n->arena) == arena) {
		kind = ash_extent_state(n);
		fits_in = kind < ASH_EXTENT_TRANSIT && n->pinned == e->pinned &&
			  n->bytes >= bytes - e->bytes;
	}
	if (fits_in)
		ash_free_extents_detach(arena, n);
	ash_arena_unlock(arena);
	if (!fits_in)
		return false;
	n = trim(arena, n, kind, bytes - e->bytes, ash_extent_unit(), true);
	if (n == NULL || !make_usable(arena, n, kind))
		return false;
	if (!ash_extent_join(arena, e, n)) {
		settle(arena, n, kind == ASH_EXTENT_RETAINED ? ASH_EXTENT_DIRTY : kind);
		return false;
	}
	return true;
}

/* --- memory goes -------------------------------------------------------------------------- */

/* What cannot be committed again is not decommitted. */
static bool can_commit(const struct ash_arena *arena)
{
	return ash_load_relaxed(&arena->hooks)->commit != NULL &&
	       !ash_load_relaxed(&arena->refuses_to_commit);
}

/* Gives an extent in transit back as far as the hooks do that: by one after the other of them.
 * Returns how many bytes of memory went. */
static size_t release(struct ash_arena *arena, struct ash_extent *e, bool was_muzzy)
{
	size_t bytes = e->bytes;
	bool gone = true;

	/* Before another may get these addresses. */
	ash_map_set(e->address, bytes, NULL);
	if (ash_extent_hook_dalloc(arena, e)) {
		ash_extent_count_held(e, false);
		ash_extent_forget(e);
		return bytes;
	}
	ash_map_set(e->address, bytes, e);
	if (!e->committed) {
		e->zeroed = true;
	} else if (can_commit(arena) && ash_extent_hook(arena, e, ASH_HOOK_DECOMMIT)) {
		e->committed = false;
		e->zeroed = true;
	} else if (ash_extent_hook(arena, e, ASH_HOOK_PURGE_FORCED)) {
		e->zeroed = true;
	} else {
		gone = was_muzzy || ash_extent_hook(arena, e, ASH_HOOK_PURGE_LAZY);
		e->zeroed = false;
	}
	if (gone)
		ash_extent_count_held(e, false);
	settle(arena, e, ASH_EXTENT_RETAINED);
	return gone ? bytes : 0;
}

static int64_t decay_ms(const struct ash_arena *arena, enum ash_extent_state kind)
{
	return ash_load_relaxed(
		&arena->decay_ms[kind == ASH_EXTENT_DIRTY ? ASH_DECAY_DIRTY : ASH_DECAY_MUZZY]);
}

static bool is_due(uint64_t since_ns, uint64_t now_ns, int64_t ms)
{
	return ms >= 0 &&
	       (ms == 0 || (now_ns > since_ns && now_ns - since_ns >= (uint64_t)ms * 1000000u));
}

/* The oldest of its kind, in transit, where it is due. */
static struct ash_extent *oldest(struct ash_arena *arena, enum ash_extent_state kind, bool all,
				 uint64_t now_ns)
{
	struct ash_list *age = &arena->body->free[kind].age;
	struct ash_extent *e = NULL;

	ash_arena_lock(arena);
	if (!ash_list_empty(age)) {
		e = ASH_LIST_ENTRY(age->next, struct ash_extent, age);
		if (all || is_due(e->since_ns, now_ns, decay_ms(arena, kind)))
			ash_free_extents_detach(arena, e);
		else
			e = NULL;
	}
	ash_arena_unlock(arena);
	return e;
}

static void count_purge(struct ash_arena *arena, enum ash_extent_state kind, size_t calls,
			size_t bytes)
{
	struct ash_arena_stats *c = &arena->counts;

	ash_arena_lock(arena);
	if (kind == ASH_EXTENT_DIRTY) {
		c->dirty_npurge++;
		c->dirty_nmadvise += calls;
		c->dirty_purged += bytes >> ash_os_page_shift;
	} else {
		c->muzzy_npurge++;
		c->muzzy_nmadvise += calls;
		c->muzzy_purged += bytes >> ash_os_page_shift;
	}
	ash_arena_unlock(arena);
}

static size_t decay_kind(struct ash_arena *arena, enum ash_extent_state kind, bool all,
			 uint64_t now_ns, size_t most)
{
	size_t calls = 0, bytes = 0, gone = 0;
	struct ash_extent *e;

	while (calls < most && (e = oldest(arena, kind, all, now_ns)) != NULL) {
		calls++;
		bytes += e->bytes;
		if (kind == ASH_EXTENT_DIRTY && !all &&
		    decay_ms(arena, ASH_EXTENT_MUZZY) != 0 && e->committed &&
		    ash_extent_hook(arena, e, ASH_HOOK_PURGE_LAZY)) {
			e->zeroed = false;
			e->since_ns = now_ns;
			settle(arena, e, ASH_EXTENT_MUZZY);
		} else {
			gone += release(arena, e, kind == ASH_EXTENT_MUZZY);
		}
	}
	if (calls != 0)
		count_purge(arena, kind, calls, bytes);
	return gone;
}

size_t ash_extents_decay(struct ash_arena *arena, bool all, size_t most)
{
	uint64_t now_ns = ash_os_coarse_clock_ns();
	size_t dirty, muzzy, gone;

	if (ash_load_acquire(&arena->body) == NULL)
		return 0;
	ash_arena_lock(arena);
	dirty = arena->body->free[ASH_EXTENT_DIRTY].count;
	muzzy = arena->body->free[ASH_EXTENT_MUZZY].count;
	ash_arena_unlock(arena);
	if (dirty + muzzy == 0)
		return 0;
	gone = decay_kind(arena, ASH_EXTENT_MUZZY, all, now_ns, muzzy < most ? muzzy : most);
	return gone +
	       decay_kind(arena, ASH_EXTENT_DIRTY, all, now_ns, dirty < most ? dirty : most);
}

bool ash_extents_are_to_go(struct ash_arena *arena)
{
	bool dirty, muzzy;

	if (ash_load_acquire(&arena->body) == NULL)
		return false;
	ash_arena_lock(arena);
	dirty = arena->body->free[ASH_EXTENT_DIRTY].count != 0;
	muzzy = arena->body->free[ASH_EXTENT_MUZZY].count != 0;
	ash_arena_unlock(arena);
	return (dirty && decay_ms(arena, ASH_EXTENT_DIRTY) >= 0) ||
	       (muzzy && decay_ms(arena, ASH_EXTENT_MUZZY) >= 0);
}

#define DECAY_IN_A_CALL 4 /* extents given back by a call that frees one */

/* Whether it is too long to wait for another use, where memory goes by time at all. */
static bool is_oversize(const struct ash_arena *arena, const struct ash_extent *e)
{
	size_t bound = ash_load_relaxed(&arena->oversize);

	return bound != 0 && e->bytes >= bound && !e->pinned &&
	       decay_ms(arena, ASH_EXTENT_DIRTY) >= 0 && decay_ms(arena, ASH_EXTENT_MUZZY) >= 0;
}

void ash_extents_put(struct ash_arena *arena, struct ash_extent *e)
{
	bool goes;

	e->zeroed = false;
	e->since_ns = ash_os_coarse_clock_ns();
	e = join_neighbours(arena, e, kind_of(e, ASH_EXTENT_DIRTY));
	goes = is_oversize(arena, e);
	if (!goes)
		insert(arena, e, kind_of(e, ASH_EXTENT_DIRTY));
	ash_arena_unlock(arena);
	if (goes) {
		count_purge(arena, ASH_EXTENT_DIRTY, 1, e->bytes);
		release(arena, e, false);
	}
	ash_extents_decay(arena, false, DECAY_IN_A_CALL);
}

void ash_extents_destroy(struct ash_arena *arena)
{
	struct ash_extent *e;

	if (ash_load_acquire(&arena->body) == NULL)
		return;
	for (unsigned k = ASH_EXTENT_DIRTY; k <= ASH_EXTENT_MUZZY; k++)
		while ((e = oldest(arena, (enum ash_extent_state)k, true, 0)) != NULL)
			release(arena, e, k == ASH_EXTENT_MUZZY);
	while ((e = oldest(arena, ASH_EXTENT_RETAINED, true, 0)) != NULL ||
	       (e = oldest(arena, ASH_EXTENT_PINNED, true, 0)) != NULL) {
		extent_hooks_t *h;

		ash_map_set(e->address, e->bytes, NULL);
		h = ash_hooks_enter(arena);
		if (h->destroy != NULL)
			h->destroy(h, (void *)e->address, e->bytes, e->committed, arena->index);
		ash_hooks_leave(false);
		ash_extent_count_held(e, false);
		ash_extent_forget(e);
	}
}
