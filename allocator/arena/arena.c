#include "arena/arena.h"

#include <errno.h>
#include <string.h>

#include "arena/extent.h"
#include "arena/extents.h"
#include "arena/objects.h"
#include "arena/tcaches.h"
#include "cache/thread.h"
#include "meta/base.h"
#include "util/assert.h"
#include "util/fmt.h"

/* Arenas by their number, in leaves that never go.  Under the lock; `leaves`, `first` and
 * `next` are read without it, too.  An arena is on `unused` where it is not alive and nobody
 * takes it down any more; entries from `automatic` to `next` are set, but for those of numbers
 * that no arena has, and none below `first` is. */
#define LEAF 256
#define LEAVES 256
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_ARENAS);
static struct ash_arena **leaves[LEAVES];
static struct ash_arena *unused;
static unsigned automatic = 1, first = 1, next = 1;
static struct ash_arena_stats destroyed;
static bool any_destroyed; /* read without it, too */
/* The same by class and by size: now, and as noted when statistics were last taken. */
static struct gone {
	struct ash_arena_bin_stats bin[ASH_CLASSES];
	struct ash_large_count larges[ASH_LARGE_SIZES];
} gone, gone_told;
static char heap_name[ASH_ARENA_NAME];
static bool heap_is_named; /* by the program */

static int64_t default_ms[2]; /* atomic */

void ash_arenas_init(unsigned n)
{
	ash_assert(n > 0 && n <= ASH_ARENA_FLAG_MOST);
	automatic = n;
	ash_store_release(&first, n);
	ash_store_release(&next, n);
}

unsigned ash_arenas_automatic(void)
{
	return automatic;
}

int64_t ash_arenas_decay_ms(enum ash_arena_decay which)
{
	return ash_load_relaxed(&default_ms[which]);
}

int ash_arenas_set_decay_ms(enum ash_arena_decay which, int64_t ms)
{
	if (!ash_arena_is_decay(ms))
		return EFAULT;
	ash_store_relaxed(&default_ms[which], ms);
	return 0;
}

unsigned ash_arenas_count(void)
{
	return ash_load_acquire(&next);
}

unsigned ash_arenas_first(void)
{
	return ash_load_acquire(&first);
}

static struct ash_arena **entry(unsigned index)
{
	struct ash_arena **leaf;

	if (index / LEAF >= LEAVES)
		return NULL;
	leaf = ash_load_acquire(&leaves[index / LEAF]);
	return leaf != NULL ? &leaf[index % LEAF] : NULL;
}

/* Alive or not. */
static struct ash_arena *any_at(unsigned index)
{
	struct ash_arena **at = entry(index);

	return at != NULL ? ash_load_acquire(at) : NULL;
}

struct ash_arena *ash_arena_at(unsigned index)
{
	struct ash_arena *arena = any_at(index);

	return arena != NULL && ash_load_acquire(&arena->alive) ? arena : NULL;
}

bool ash_arena_exists(unsigned index)
{
	return ash_arena_at(index) != NULL;
}

/* --- life --------------------------------------------------------------------------------- */

static void no_such(unsigned *index)
{
	while (*index > ASH_ARENA_FLAG_MOST && *index <= ASH_ARENAS_DESTROYED)
		++*index;
}

/* Under the lock: gives an arena the next number; false where there is no place for it. */
static bool enlist(struct ash_arena *arena)
{
	unsigned index = next;
	struct ash_arena **at;

	no_such(&index);
	at = entry(index);
	if (at == NULL)
		return false;
	arena->index = index;
	ash_store_release(at, arena);
	ash_store_release(&next, index + 1);
	return true;
}

/* Makes the place for a number. */
static bool open_leaf(unsigned index)
{
	struct ash_arena **none = NULL, **leaf;

	if (index / LEAF >= LEAVES)
		return false;
	if (entry(index) != NULL)
		return true;
	leaf = ash_base_alloc(LEAF * sizeof(struct ash_arena *), ASH_CACHE_LINE);
	if (leaf == NULL)
		return false;
	ash_cas_acq_rel(&leaves[index / LEAF], &none, leaf);
	return true;
}

static bool open_next(void)
{
	unsigned index = ash_load_acquire(&next);

	no_such(&index);
	return open_leaf(index);
}

static struct ash_arena *new_arena(void)
{
	struct ash_arena *arena = ash_base_alloc(sizeof(*arena), ASH_CACHE_LINE);

	if (arena != NULL)
		ash_mutex_init(&arena->lock, ASH_RANK_ARENA);
	return arena;
}

static void name_by_number(unsigned index, char name[ASH_ARENA_NAME])
{
	ash_format(name, ASH_ARENA_NAME, index < automatic ? "auto_%u" : "manual_%u", index);
}

void ash_arenas_heap_name(unsigned index, char name[ASH_ARENA_NAME])
{
	ash_mutex_lock(&lock);
	if (heap_is_named)
		memcpy(name, heap_name, sizeof(heap_name));
	else
		name_by_number(index, name);
	ash_mutex_unlock(&lock);
}

void ash_arenas_name_heap(const char name[ASH_ARENA_NAME])
{
	ash_mutex_lock(&lock);
	memcpy(heap_name, name, sizeof(heap_name));
	heap_is_named = true;
	ash_mutex_unlock(&lock);
}

/* One that nobody else knows, with a number; NULL where there is no memory. */
static struct ash_arena *take_arena(void)
{
	struct ash_arena *arena;

	ash_mutex_lock(&lock);
	arena = unused;
	if (arena != NULL)
		unused = arena->unused;
	ash_mutex_unlock(&lock);
	if (arena != NULL)
		return arena;
	arena = new_arena();
	if (arena == NULL)
		return NULL;
	for (;;) {
		bool done;

		if (!open_next())
			return NULL; /* (the descriptor is lost: there are 65,000 arenas) */
		ash_mutex_lock(&lock);
		done = enlist(arena);
		ash_mutex_unlock(&lock);
		if (done)
			return arena;
	}
}

/* Until statistics are taken again nothing is known of it. */
static void tell_nothing(struct ash_arena *arena)
{
	ash_arena_lock(arena);
	memset(&arena->told, 0, sizeof(arena->told));
	arena->untold = false;
	if (arena->by_size != NULL)
		memset(arena->by_size, 0, sizeof(*arena->by_size));
	ash_arena_unlock(arena);
}

/* What one begins with that nobody else uses yet. */
static void begin(struct ash_arena *arena, const extent_hooks_t *hooks)
{
	ash_store_release(&arena->hooks, hooks);
	arena->born_ns = ash_os_coarse_clock_ns();
	ash_store_relaxed(&arena->decay_ms[ASH_DECAY_DIRTY],
			  ash_arenas_decay_ms(ASH_DECAY_DIRTY));
	ash_store_relaxed(&arena->decay_ms[ASH_DECAY_MUZZY],
			  ash_arenas_decay_ms(ASH_DECAY_MUZZY));
	ash_store_relaxed(&arena->grow, 0);
	ash_store_relaxed(&arena->grow_most, ASH_ARENA_GROW_MOST);
	ash_store_relaxed(&arena->oversize, 0);
	tell_nothing(arena);
	ash_store_relaxed(&arena->refuses_to_split, false);
	ash_store_relaxed(&arena->refuses_to_commit, false);
	name_by_number(arena->index, arena->name);
}

int ash_arena_create(const extent_hooks_t *hooks, unsigned *index)
{
	int saved = errno;
	struct ash_arena *arena = take_arena();

	errno = saved;
	if (arena == NULL)
		return EAGAIN;
	begin(arena, hooks != NULL ? hooks : &ash_hooks_default);
	ash_store_release(&arena->alive, true);
	*index = arena->index;
	return 0;
}

int ash_arena_adopt(unsigned index, const extent_hooks_t *hooks)
{
	struct ash_arena **at, *arena;
	struct ash_thread *thread;
	int saved = errno;
	bool mine;

	ash_assert(index < automatic);
	arena = open_leaf(index) ? new_arena() : NULL;
	errno = saved;
	if (arena == NULL)
		return EAGAIN;
	arena->index = index;
	begin(arena, hooks);
	at = entry(index);
	ash_mutex_lock(&lock);
	/* (Of two threads at once the second one's is left over.) */
	mine = *at == NULL;
	if (mine) {
		ash_store_release(&arena->alive, true);
		ash_store_release(at, arena);
		if (index < first)
			ash_store_release(&first, index);
	}
	ash_mutex_unlock(&lock);
	if (!mine)
		return EEXIST;
	thread = ash_thread_self();
	if (thread != NULL)
		ash_arena_follow(thread);
	errno = saved;
	return 0;
}

int ash_arena_reset(unsigned index)
{
	struct ash_arena *arena = ash_arena_at(index);
	int saved = errno;

	if (arena == NULL || index < automatic)
		return ENOENT;
	ash_tcaches_forget(arena);
	ash_objects_reset(arena);
	errno = saved;
	return 0;
}

/* What an extent is that is just given back belongs to no list, and would be left behind where
 * the arena went away.  Visits of this thread, the innermost first: an arena occurs once, so
 * that hooks which ask for each other's arenas come to an end. */
static __thread struct ash_arena_visit *visits;

static struct ash_arena_visit *visit_of(const struct ash_arena *arena)
{
	struct ash_arena_visit *v = visits;

	while (v != NULL && v->arena != arena)
		v = v->outer;
	return v;
}

struct ash_arena *ash_arena_visit(struct ash_arena_visit *visit, unsigned index, bool all)
{
	struct ash_arena *arena;
	struct ash_arena_visit *under_way;

	ash_mutex_lock(&lock);
	arena = ash_arena_at(index);
	under_way = visit_of(arena);
	if (under_way != NULL)
		under_way->again |= all;
	else if (arena != NULL)
		ash_store_relaxed(&arena->visitors, arena->visitors + 1);
	ash_mutex_unlock(&lock);
	if (arena == NULL || under_way != NULL)
		return NULL;
	*visit = (struct ash_arena_visit){.arena = arena, .outer = visits};
	visits = visit;
	return arena;
}

void ash_arena_leave(struct ash_arena_visit *visit)
{
	struct ash_arena *arena = visit->arena;
	bool last;

	ash_assert(visits == visit);
	visits = visit->outer;
	ash_mutex_lock(&lock);
	ash_assert(arena->visitors > 0);
	ash_store_relaxed(&arena->visitors, arena->visitors - 1);
	last = arena->visitors == 0 && !ash_load_relaxed(&arena->alive);
	ash_mutex_unlock(&lock);
	if (last)
		ash_os_futex_wake(&arena->visitors);
}

/* Until those that came while it was alive are gone. */
static void await_visitors(struct ash_arena *arena)
{
	uint32_t n;

	for (;;) {
		ash_mutex_lock(&lock);
		n = arena->visitors;
		ash_mutex_unlock(&lock);
		if (n == 0)
			return;
		ash_os_futex_wait(&arena->visitors, n);
	}
}

/* Under the lock and the arena's: what was ever counted by class and by size is among `gone`.
 */
static void bury(struct ash_arena_body *body)
{
	for (unsigned c = 0; c < ASH_CLASSES; c++) {
		struct ash_arena_bin_stats *counts = &body->bin[c].counts;

		gone.bin[c].nmalloc += counts->nmalloc;
		gone.bin[c].ndalloc += counts->ndalloc;
		gone.bin[c].nslabs += counts->nslabs;
		gone.bin[c].nfills += counts->nfills;
		gone.bin[c].nflushes += counts->nflushes;
		gone.bin[c].nreslabs += counts->nreslabs;
		memset(counts, 0, sizeof(*counts));
	}
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		gone.larges[i].nmalloc += body->larges[i].nmalloc;
		gone.larges[i].ndalloc += body->larges[i].ndalloc;
	}
	memset(body->larges, 0, sizeof(body->larges));
}

int ash_arena_destroy(unsigned index)
{
	struct ash_arena *arena;
	int saved = errno;
	bool bound;

	if (index < automatic)
		return ENOENT;
	ash_mutex_lock(&lock);
	arena = ash_arena_at(index);
	bound = arena != NULL && (arena->threads != 0 || visit_of(arena) != NULL);
	if (arena != NULL && !bound)
		ash_store_release(&arena->alive, false);
	ash_mutex_unlock(&lock);
	if (arena == NULL)
		return ENOENT;
	if (bound)
		return EFAULT;
	await_visitors(arena);
	ash_tcaches_forget(arena);
	ash_objects_reset(arena);
	ash_extents_destroy(arena);
	ash_mutex_lock(&lock);
	ash_arena_lock(arena);
	ash_arena_add_ever(&destroyed, &arena->counts);
	ash_store_relaxed(&any_destroyed, true);
	memset(&arena->counts, 0, sizeof(arena->counts));
	if (arena->body != NULL)
		bury(arena->body);
	ash_arena_unlock(arena);
	arena->unused = unused;
	unused = arena;
	ash_mutex_unlock(&lock);
	errno = saved;
	return 0;
}

int ash_arena_lookup(const void *p, unsigned *index)
{
	struct ash_arena_object o = ash_objects_look(p);

	if (o.place != ASH_PLACE_OUT && o.place != ASH_PLACE_INSIDE)
		return ENOENT;
	*index = o.arena->index;
	return 0;
}

/* --- threads ------------------------------------------------------------------------------ */

void ash_arena_thread_ends(struct ash_thread *t)
{
	if (t->arena == NULL)
		return;
	ash_mutex_lock(&lock);
	ash_assert(t->arena->threads > 0);
	ash_store_relaxed(&t->arena->threads, t->arena->threads - 1);
	ash_mutex_unlock(&lock);
	t->arena = NULL;
}

int ash_arena_bind(unsigned index)
{
	struct ash_arena *arena = NULL;
	int saved = errno;
	struct ash_thread *t = ash_thread_self();

	if (t == NULL) {
		errno = saved;
		return EAGAIN;
	}
	ash_mutex_lock(&lock);
	arena = ash_arena_at(index);
	if (arena != NULL)
		ash_store_relaxed(&arena->threads, arena->threads + 1);
	ash_mutex_unlock(&lock);
	if (arena == NULL && index >= automatic) {
		errno = saved;
		return ENOENT;
	}
	if (arena != NULL)
		/* From here on no class has a magazine, and each call takes the slow path. */
		ash_thread_flush(t, t->top);
	ash_arena_thread_ends(t); /* with the one that it was bound to */
	t->arena = arena;
	t->arena_index = index;
	errno = saved;
	return 0;
}

void ash_arena_follow(const struct ash_thread *t)
{
	if (t->arena == NULL && t->arena_index == 0 && ash_arenas_first() == 0)
		ash_arena_bind(0);
}

unsigned ash_arena_bound(void)
{
	const struct ash_thread *t = ash_tls.thread;

	return t != NULL ? t->arena_index : 0;
}

void ash_arenas_destroyed(struct ash_arena_stats *stats)
{
	ash_mutex_lock(&lock);
	*stats = destroyed;
	ash_mutex_unlock(&lock);
}

void ash_arenas_take_destroyed(struct ash_arena_stats *stats)
{
	ash_mutex_lock(&lock);
	*stats = destroyed;
	gone_told = gone;
	ash_mutex_unlock(&lock);
}

int ash_arenas_destroyed_bin(unsigned class, struct ash_arena_bin_stats *stats)
{
	if (!ash_arenas_any_destroyed())
		return ENOENT;
	ash_mutex_lock(&lock);
	*stats = gone_told.bin[class];
	ash_mutex_unlock(&lock);
	return 0;
}

int ash_arenas_destroyed_larges(unsigned size, struct ash_large_count *stats)
{
	if (!ash_arenas_any_destroyed())
		return ENOENT;
	ash_mutex_lock(&lock);
	*stats = gone_told.larges[size];
	ash_mutex_unlock(&lock);
	return 0;
}

bool ash_arenas_any_destroyed(void)
{
	return ash_load_relaxed(&any_destroyed);
}

/* --- fork --------------------------------------------------------------------------------- */

void ash_arenas_after_fork(void)
{
	unsigned end = ash_arenas_count();

	for (unsigned i = first; i < end; i++) {
		struct ash_arena *arena = any_at(i);

		if (arena != NULL)
			ash_store_relaxed(&arena->visitors,
					  (uint32_t)(visit_of(arena) != NULL));
	}
}

/* Arenas that there were at prepare, from the first to before the other: none comes before the
 * end. */
static unsigned locked_first, locked;

void ash_arenas_each_mutex(bool prepare, void (*fn)(struct ash_mutex *mutex))
{
	fn(&lock);
	if (prepare) {
		locked_first = first;
		locked = next;
	}
	ash_tcaches_each_mutex(prepare, fn);
	for (unsigned i = locked_first; i < locked; i++) {
		struct ash_arena *arena = any_at(i);

		if (arena != NULL)
			fn(&arena->lock);
	}
	fn(ash_extent_mutex());
}
