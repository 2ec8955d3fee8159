#include "arena/arena.h"

#include <errno.h>
#include <string.h>

#include "arena/extents.h"
#include "arena/objects.h"
#include "meta/page_size.h"
#include "page/limits.h"
#include "reclaim/rounds.h"

/* Whether the number's name is the heap's. */
static bool is_named_as_heap(unsigned index, const struct ash_arena *arena)
{
	return index == 0 || (arena == NULL && index < ash_arenas_automatic());
}

int ash_arena_name(unsigned index, char name[ASH_ARENA_NAME])
{
	struct ash_arena *arena = ash_arena_at(index);

	if (is_named_as_heap(index, arena)) {
		ash_arenas_heap_name(index, name);
		return 0;
	}
	if (arena == NULL)
		return ENOENT;
	ash_arena_lock(arena);
	memcpy(name, arena->name, ASH_ARENA_NAME);
	ash_arena_unlock(arena);
	return 0;
}

int ash_arena_set_name(unsigned index, const char *name)
{
	struct ash_arena *arena = ash_arena_at(index);
	char cut[ASH_ARENA_NAME] = "";

	for (unsigned i = 0; i + 1 < sizeof(cut) && name[i] != '\0'; i++)
		cut[i] = name[i];
	if (is_named_as_heap(index, arena)) {
		ash_arenas_name_heap(cut);
		return 0;
	}
	if (arena == NULL)
		return ENOENT;
	ash_arena_lock(arena);
	memcpy(arena->name, cut, sizeof(cut));
	ash_arena_unlock(arena);
	return 0;
}

int ash_arena_hooks(unsigned index, const extent_hooks_t **old, const extent_hooks_t *hooks)
{
	struct ash_arena *arena = ash_arena_at(index);
	int error;

	if (arena == NULL && index < ash_arenas_automatic()) {
		error = hooks != NULL && hooks != &ash_hooks_default
				? ash_arena_adopt(index, hooks)
				: 0;
		if (error == 0 && old != NULL)
			*old = &ash_hooks_default;
		if (error != EEXIST)
			return error;
		arena = ash_arena_at(index); /* another thread was faster */
	}
	if (arena == NULL)
		return ENOENT;
	if (hooks != NULL) {
		ash_store_relaxed(&arena->refuses_to_split, false);
		ash_store_relaxed(&arena->refuses_to_commit, false);
		hooks = ash_exchange_acq_rel(&arena->hooks, hooks);
	} else {
		hooks = ash_load_acquire(&arena->hooks);
	}
	if (old != NULL)
		*old = hooks;
	return 0;
}

int ash_arena_decay_ms(unsigned index, enum ash_arena_decay which, int64_t *ms)
{
	struct ash_arena *arena = ash_arena_at(index);

	if (arena == NULL)
		return ENOENT;
	*ms = ash_load_relaxed(&arena->decay_ms[which]);
	return 0;
}

int ash_arena_set_decay_ms(unsigned index, enum ash_arena_decay which, int64_t ms)
{
	struct ash_arena *arena = ash_arena_at(index);

	if (arena == NULL)
		return ENOENT;
	if (!ash_arena_is_decay(ms))
		return EFAULT;
	ash_store_relaxed(&arena->decay_ms[which], ms);
	return ash_arena_decay(index);
}

size_t ash_arena_grow_most(unsigned index)
{
	const struct ash_arena *arena = ash_arena_at(index);

	return arena != NULL ? ash_load_relaxed(&arena->grow_most) : ASH_HUGE;
}

int ash_arena_set_grow_most(unsigned index, size_t bytes)
{
	struct ash_arena *arena = ash_arena_at(index);

	if (arena == NULL)
		return ENOENT;
	if (bytes < ash_os_page)
		return EFAULT;
	ash_store_relaxed(&arena->grow_most, ash_page_size(ash_page_size_below(bytes)));
	return 0;
}

size_t ash_arena_oversize(unsigned index)
{
	const struct ash_arena *arena = ash_arena_at(index);

	return arena != NULL ? ash_load_relaxed(&arena->oversize) : 0;
}

int ash_arena_set_oversize(unsigned index, size_t bytes)
{
	struct ash_arena *arena = ash_arena_at(index);

	if (arena == NULL)
		return ENOENT;
	ash_store_relaxed(&arena->oversize, bytes);
	return 0;
}

/* --- memory goes -------------------------------------------------------------------------- */

static size_t give_back(struct ash_arena *arena, bool all)
{
	if (all)
		ash_objects_tidy(arena);
	return ash_extents_decay(arena, all, SIZE_MAX);
}

/* What a hook asked for meanwhile is done once: one that refuses and asks again would keep us.
 */
static size_t visit(unsigned index, bool all)
{
	struct ash_arena_visit visit;
	struct ash_arena *arena = ash_arena_visit(&visit, index, all);
	size_t gone;

	if (arena == NULL)
		return 0;
	gone = give_back(arena, all);
	if (visit.again)
		gone += give_back(arena, true);
	ash_arena_leave(&visit);
	return gone;
}

static int each_or_one(unsigned index, bool all)
{
	int saved = errno;

	if (index == ASH_ARENAS_ALL) {
		unsigned end = ash_arenas_count();

		for (unsigned i = ash_arenas_first(); i < end; i++)
			visit(i, all);
		errno = saved;
		return 0;
	}
	if (!ash_arena_exists(index))
		return ENOENT;
	visit(index, all);
	errno = saved;
	return 0;
}

int ash_arena_decay(unsigned index)
{
	return each_or_one(index, false);
}

int ash_arena_purge(unsigned index)
{
	return each_or_one(index, true);
}

size_t ash_arenas_relieve(size_t bytes)
{
	unsigned end = ash_arenas_count();
	size_t gone = 0;

	if (ash_hooks_depth != 0 || ash_mutex_is_forking())
		return 0;
	for (unsigned i = ash_arenas_first(); i < end && gone < bytes; i++)
		gone += visit(i, true);
	return gone;
}

/* What pages ask for before a limit refuses: who was asked before us. */
static size_t (*make_room_below)(struct ash_heap *heap, size_t bytes);

static size_t make_room(struct ash_heap *heap, size_t bytes)
{
	size_t gone = make_room_below != NULL ? make_room_below(heap, bytes) : 0;

	return gone != 0 ? gone : ash_arenas_relieve(bytes);
}

#define AT_ONCE 256    /* arenas that one round looks at, */
#define EXTENTS_EACH 8 /* and extents that it gives back of each */

/* What is due goes, also of arenas that nobody uses; some of them in each round. */
static bool decay_some(void)
{
	static unsigned cursor; /* atomic; two rounds at once look at the same ones */
	unsigned end = ash_arenas_count(), first = ash_arenas_first();
	unsigned at = ash_load_relaxed(&cursor);
	bool left = false;
	int saved = errno;

	if (end == first || ash_hooks_depth != 0 || ash_mutex_is_forking())
		return false;
	for (unsigned n = 0; n < AT_ONCE && n < end - first; n++, at++) {
		struct ash_arena_visit visit;
		struct ash_arena *arena;

		if (at < first || at >= end)
			at = first;
		arena = ash_arena_at(at);
		if (arena == NULL || !ash_extents_are_to_go(arena))
			continue;
		arena = ash_arena_visit(&visit, at, false);
		if (arena == NULL)
			continue;
		ash_extents_decay(arena, false, EXTENTS_EACH);
		if (visit.again)
			give_back(arena, true);
		left |= ash_extents_are_to_go(arena);
		ash_arena_leave(&visit);
	}
	ash_store_relaxed(&cursor, at);
	errno = saved;
	return left;
}

void ash_arenas_relief_init(void)
{
	ash_rounds_hook = decay_some;
	if (ash_limits_room_hook == make_room)
		return;
	make_room_below = ash_limits_room_hook;
	ash_limits_room_hook = make_room;
}
