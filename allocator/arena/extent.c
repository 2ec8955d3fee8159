#include "arena/extent.h"

#include "arena/map.h"
#include "meta/base.h"
#include "page/account.h"
#include "util/assert.h"

#define DESCRIPTORS_AT_ONCE 8

__thread uint32_t ash_hooks_depth;

/* Linked by `link`, of which only next is used. */
static struct ash_mutex pool_lock = ASH_MUTEX_INIT(ASH_RANK_EXTENTS);
static struct ash_list *pool;

void ash_extent_drop(struct ash_extent *e)
{
	ash_store_relaxed(&e->state, ASH_EXTENT_TRANSIT);
	ash_mutex_lock(&pool_lock);
	e->link.next = pool;
	pool = &e->link;
	ash_mutex_unlock(&pool_lock);
}

struct ash_extent *ash_extent_new(void)
{
	struct ash_extent *e;

	ash_mutex_lock(&pool_lock);
	e = pool != NULL ? ASH_LIST_ENTRY(pool, struct ash_extent, link) : NULL;
	if (e != NULL)
		pool = e->link.next;
	ash_mutex_unlock(&pool_lock);
	if (e != NULL) {
		e->link.next = NULL;
		return e;
	}
	e = ash_base_alloc_for(ASH_BASE_DESCRIPTORS, DESCRIPTORS_AT_ONCE * sizeof(*e),
			       ASH_CACHE_LINE);
	for (unsigned i = 1; e != NULL && i < DESCRIPTORS_AT_ONCE; i++)
		ash_extent_drop(e + i);
	return e;
}

void ash_extent_describe(struct ash_extent *e, struct ash_arena *arena, uintptr_t address,
			 size_t bytes)
{
	ash_list_init(&e->link);
	ash_list_init(&e->age);
	ash_store_relaxed(&e->state, ASH_EXTENT_TRANSIT);
	e->address = address;
	e->bytes = bytes;
	e->held = false;
	e->pinned = false;
	ash_store_release(&e->arena, arena);
	ash_add_relaxed(&arena->extents, 1);
}

void ash_extent_forget(struct ash_extent *e)
{
	ash_sub_relaxed(&e->arena->extents, 1);
	ash_extent_drop(e);
}

extent_hooks_t *ash_hooks_enter(struct ash_arena *arena)
{
	ash_lock_rank_assert_none();
	ash_hooks_depth++;
	/* (Hooks are told of themselves; they may change what is theirs.) */
	return (extent_hooks_t *)(uintptr_t)ash_load_acquire(&arena->hooks);
}

bool ash_hooks_leave(bool failed)
{
	ash_hooks_depth--;
	return !failed;
}

static bool hook_split(struct ash_arena *arena, const struct ash_extent *e, size_t first)
{
	extent_hooks_t *h = ash_hooks_enter(arena);
	bool done = ash_hooks_leave(h->split == NULL ||
				    h->split(h, (void *)e->address, e->bytes, first,
					     e->bytes - first, e->committed, arena->index));

	ash_store_relaxed(&arena->refuses_to_split, !done);
	return done;
}

static bool hook_merge(struct ash_arena *arena, const struct ash_extent *a,
		       const struct ash_extent *b)
{
	extent_hooks_t *h = ash_hooks_enter(arena);

	return ash_hooks_leave(h->merge == NULL ||
			       h->merge(h, (void *)a->address, a->bytes, (void *)b->address,
					b->bytes, a->committed, arena->index));
}

bool ash_extent_hook_dalloc(struct ash_arena *arena, const struct ash_extent *e)
{
	extent_hooks_t *h = ash_hooks_enter(arena);

	return ash_hooks_leave(h->dalloc == NULL || h->dalloc(h, (void *)e->address, e->bytes,
							      e->committed, arena->index));
}

bool ash_extent_hook(struct ash_arena *arena, const struct ash_extent *e, enum ash_hook which)
{
	extent_hooks_t *h = ash_hooks_enter(arena);
	bool (*hook)(extent_hooks_t *, void *, size_t, size_t, size_t, unsigned) =
		which == ASH_HOOK_COMMIT       ? h->commit
		: which == ASH_HOOK_DECOMMIT   ? h->decommit
		: which == ASH_HOOK_PURGE_LAZY ? h->purge_lazy
					       : h->purge_forced;

	return ash_hooks_leave(hook == NULL || hook(h, (void *)e->address, e->bytes, 0,
						    e->bytes, arena->index));
}

struct ash_extent *ash_extent_split(struct ash_arena *arena, struct ash_extent *e, size_t first)
{
	struct ash_extent *rest = ash_extent_new();

	ash_assert(first > 0 && first < e->bytes);
	if (rest == NULL)
		return NULL;
	if (!hook_split(arena, e, first)) {
		ash_extent_drop(rest);
		return NULL;
	}
	ash_extent_describe(rest, arena, e->address + first, e->bytes - first);
	rest->since_ns = e->since_ns;
	rest->committed = e->committed;
	rest->zeroed = e->zeroed;
	rest->held = e->held;
	rest->pinned = e->pinned;
	e->bytes = first;
	ash_map_set(rest->address, rest->bytes, rest);
	return rest;
}

bool ash_extent_join(struct ash_arena *arena, struct ash_extent *low, struct ash_extent *high)
{
	ash_assert(low->address + low->bytes == high->address);
	if (!hook_merge(arena, low, high))
		return false;
	ash_map_set(high->address, high->bytes, low);
	low->bytes += high->bytes;
	low->zeroed &= high->zeroed;
	if (low->since_ns < high->since_ns)
		low->since_ns = high->since_ns;
	ash_extent_forget(high);
	return true;
}

void ash_extent_count_held(struct ash_extent *e, bool held)
{
	if (e->held == held)
		return;
	e->held = held;
	ash_account_count_arenas(&ash_heap, held ? (long)e->bytes : -(long)e->bytes);
}

struct ash_mutex *ash_extent_mutex(void)
{
	return &pool_lock;
}
