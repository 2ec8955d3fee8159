#include "front/tcache.h"

#include <string.h>

#include "arena/arena.h"
#include "arena/objects.h"
#include "cache/depot.h"
#include "front/capacity.h"
#include "front/tcache_flush.h"
#include "front/tcache_settings.h"
#include "front/tcache_tick.h"
#include "os/delay.h"
#include "os/os.h"
#include "page/limits.h"
#include "reclaim/drain.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "slab/inbox.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/atomic.h"

/* allocator/doc/caches.md says what each rests on. */
#define EARLY_SIZE \
	64 /* below: a magazine at the first miss, so that threads do not share lines */
#define MISSES_TO_EARN 3
#define ROUND_LEAST 24 /* objects that a thread should go to and fro in */

/* Who looks after idle threads may have just seen that there is none. */
ASH_INLINE void set_spare(struct ash_thread *t, struct ash_class_cache *cc, void **spare)
{
	ash_store_seq_cst(&cc->spare, spare);
	if (ASH_UNLIKELY(ash_load_seq_cst(&t->asleep)))
		ash_thread_wake(t);
}

/* The shard that the thread's objects of the class come from. */
ASH_INLINE struct ash_shard *source(struct ash_thread *t, unsigned class)
{
	if (ASH_LIKELY(ash_class_group(class) == 1))
		return t->shard;
	if (ASH_LIKELY(t->classes[class].taken >= t->own_from)) {
		if (ASH_UNLIKELY(t->own == NULL))
			ash_shard_own(&t->own, ash_depot_open);
		if (ASH_LIKELY(t->own != NULL))
			return t->own;
	}
	return ash_shard_common();
}

/* The same for a caller without a record.  There may be one thread alone. */
static struct ash_shard *source_of_nobody(unsigned class)
{
	return ash_shard_is_one(class) || ash_class_group(class) == 1 ? ash_shard_at(0)
								      : ash_shard_common();
}

/* Objects of the class came from depot or slabs. */
ASH_INLINE void count_taken(struct ash_thread *t, unsigned class, unsigned n)
{
	size_t bytes = (size_t)n * ash_class_size(class);

	if (ASH_UNLIKELY(t->classes[class].taken < t->own_from))
		t->classes[class].taken += (uint32_t)bytes;
	t->freed -= bytes < t->freed ? bytes : t->freed;
}

/* Of a magazine, while the heap drains: what goes home in one call is to be little enough for
 * its step, and where the steps lag behind there are to be more of them. */
#define DRAINED_BYTES ((size_t)128 << 10)
#define DRAINED_LEAST 16 /* objects */

static bool is_large_for_a_step(const struct ash_class_cache *cc, unsigned class, size_t step)
{
	size_t most = step < ASH_DRAIN_PAID_STEP ? step : DRAINED_BYTES;

	return cc->cap * ash_class_size(class) > most &&
	       (cc->cap > DRAINED_LEAST || most == DRAINED_BYTES);
}

/* While the heap drains and nothing comes back, full magazines do not wait here. */
static ASH_NOINLINE void look_at_freed(struct ash_thread *t)
{
	bool homing;
	size_t step;

	t->freed = 0;
	ash_rounds_freed();
	if (!ash_load_relaxed(&ash_heap.drain.lean))
		return;
	homing = ash_load_relaxed(&ash_heap.drain.homing) != 0;
	step = ash_load_relaxed(&ash_heap.drain.step);
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_class_cache *cc = &t->classes[c];

		ash_tcache_flush_spare(cc, c);
		if (homing && is_large_for_a_step(cc, c, step))
			ash_capacity_set(t, c, cc->cap / 2u);
	}
	ash_runs_flush(&t->runs);
}

/* The program may fall silent after any free, so where much was freed some of it goes now. */
ASH_INLINE void count_given(struct ash_thread *t, unsigned class, unsigned n)
{
	t->freed += (size_t)n * ash_class_size(class);
	if (ASH_UNLIKELY(t->freed >= ash_load_relaxed(&ash_heap.drain.step)))
		look_at_freed(t);
}

/* Before an owner makes another slab it takes what others left that have ended: it would serve
 * nobody but the shard's next owner. */
static ASH_NOINLINE unsigned fill_own(struct ash_thread *t, unsigned class, void **end,
				      unsigned want)
{
	struct ash_bin *bin = &t->own->bin[class];
	unsigned got = ash_bin_fill_listed(bin, class, end, want), left;

	if (got == want)
		return got;
	left = ash_shard_fill_left(class, &t->classes[class].left, end - got, want - got);
	if (left > 0)
		return got + left;
	return got + ash_bin_fill(bin, class, t->own->index, end - got, want - got);
}

/* There is no room for another slab.  Those of other shards may have regions, which take no
 * work to find.  Writes up to `want` objects downward; returns how many. */
static ASH_NOINLINE unsigned fill_elsewhere(unsigned class, void **end, unsigned want)
{
	unsigned got = 0, n;

	for (unsigned s = 0; s < ash_shard_count() && got == 0; s++) {
		struct ash_bin *bin = ash_shard_bin(s, class);

		/* Where a charge would be refused it is everywhere, and each time it waits.
		 * Close to a limit they come singly. */
		while (bin != NULL && got < want &&
		       ash_limits_room(&ash_heap) >= ash_class_size(class) + 2 * ash_os_page &&
		       (n = ash_bin_fill_listed(bin, class, end - got, want - got)) > 0)
			got += n;
	}
	return got;
}

/* Without a magazine.  `refused`: for several objects all bins were just looked through and no
 * slab could be had.  A single one then fits under a hard limit at most. */
static void *alloc_single(struct ash_shard *shard, unsigned class, bool refused)
{
	/* A slab, and the object's pages, which are charged while the slab is. */
	struct ash_relief relief = {
		.bytes = ((size_t)ash_size_classes[class].granules << ASH_GRANULE_SHIFT) +
			 ash_class_size(class) + 2 * ash_os_page};
	bool again = !refused || ash_load_relaxed(&ash_heap.limits.hard) != ASH_NO_LIMIT;
	void *slot[1];

	while (!again ||
	       (ash_bin_fill(&shard->bin[class], class, shard->index, slot + 1, 1) != 1 &&
		fill_elsewhere(class, slot + 1, 1) != 1)) {
		if (!ash_relief_again(&relief)) /* what others could do without */
			return NULL;
		again = true;
	}
	return slot[0];
}

/* Whether the class gets its first magazine now; installs it empty. */
static bool earn(struct ash_thread *t, unsigned class)
{
	struct ash_class_cache *cc = &t->classes[class];
	unsigned first = ash_capacity_most_of(t, class);
	void **m;

	if (first > ASH_CAPACITY_FIRST)
		first = ASH_CAPACITY_FIRST;

	if (ASH_UNLIKELY(t->arena != NULL))
		return false;
	if (cc->cap != 0)
		ash_capacity_set(t, class, 0);
	if (ASH_UNLIKELY(ash_class_size(class) > t->tcache_max || first == 0))
		return false;
	cc->misses++;
	if (cc->misses < MISSES_TO_EARN && ash_class_size(class) >= EARLY_SIZE)
		return false;
	if (!ash_capacity_set(t, class, first)) { /* the budget is used up */
		cc->misses = 0;
		return false;
	}
	m = ash_magazine_get();
	if (m == NULL) { /* nor is there for a while, and each try asks the kernel */
		ash_capacity_set(t, class, 0);
		cc->misses = 0;
		return false;
	}
	ash_tcache_set_top(t->top, class, ash_magazine_clear(m, first));
	return true;
}

/* For a thread without magazines: one that is bound has none. */
static ASH_NOINLINE void *alloc_uncached(struct ash_thread *t, unsigned class)
{
	struct ash_arena *arena = ash_arena_mine();

	if (arena != NULL)
		return ash_objects_alloc(arena, ash_class_size(class), ASH_SMALL_STEP, NULL);
	count_taken(t, class, 1);
	return alloc_single(source(t, class), class, false);
}

ASH_INLINE void *pop(struct ash_thread *t, unsigned class, void **top)
{
	void *p = *top;

	ash_tcache_set_top(t->top, class, top - 1);
	return p;
}

/* For the next overflow. */
ASH_INLINE void keep_drained(struct ash_class_cache *cc, void **empty)
{
	if (cc->drained == NULL)
		cc->drained = empty;
	else
		ash_magazine_put(empty);
}

/* Of an empty magazine.  NULL there tells that it was never half full since the last overflow
 * put it in its place. */
ASH_INLINE void **middle(void **top)
{
	return top + 1 + ash_magazine_cap(ash_magazine_of(top)) / 2;
}

/* From the spare magazine m, which was taken out, the class's empty one gets as many objects as
 * make it half full, and the rest stays spare.  All of them would be a step from full, and a
 * program that goes to and fro there would come here each time. */
static void take_half(struct ash_thread *t, unsigned class, void **m)
{
	struct ash_class_cache *cc = &t->classes[class];
	void **to = ash_magazine_of(t->top[class]), **top;
	unsigned n = ash_magazine_cap(m), taken = n < cc->cap / 2u ? n : cc->cap / 2u;

	ash_tcache_set_top(t->top, class, ASH_STATIC_TOP);
	top = ash_magazine_clear(to, cc->cap);
	/* (A call, by which so few words take less than by a repeated instruction, which memcpy
	 * would be here.) */
	memmove(top + 1, m + ASH_MAGAZINE_SLOTS - taken, taken * sizeof(*m));
	ash_tcache_set_top(t->top, class, top + taken);
	if (taken < n) {
		memmove(m + ASH_MAGAZINE_SLOTS - (n - taken), m + ASH_MAGAZINE_SLOTS - n,
			(n - taken) * sizeof(*m));
		ash_magazine_clear(m, n - taken);
		set_spare(t, cc, m);
	} else {
		keep_drained(cc, m);
	}
}

void *ash_tcache_alloc(unsigned class)
{
	struct ash_thread *t = ash_thread_self();
	struct ash_class_cache *cc;
	struct ash_shard *shard;
	void **m, **empty, **top, *p;
	unsigned got;

	if (ASH_UNLIKELY(t == NULL))
		return alloc_single(source_of_nobody(class), class, false);
	ash_tcache_tick_of(t, true);
	if (ASH_UNLIKELY(!ash_tcache_enabled))
		return alloc_uncached(t, class);
	cc = &t->classes[class];
	if (ASH_LIKELY(t->top[class] != ASH_STATIC_TOP)) {
		ash_capacity_count_miss(cc);
	} else if (!earn(t, class)) {
		return alloc_uncached(t, class);
	}
again:
	/* Items below a NULL that was freed by its size. */
	while (ASH_UNLIKELY(!ash_top_is_empty(t->top[class]))) {
		p = pop(t, class, t->top[class]);
		if (p != NULL)
			return p;
	}
	ash_delay();
	m = ash_load_relaxed(&cc->spare) != NULL ? ash_exchange_acquire(&cc->spare, NULL)
						 : NULL;
	empty = ash_magazine_of(t->top[class]);
	if (m != NULL) {
		if (cc->cap < ROUND_LEAST)
			ash_capacity_double(t, class);
		if (ASH_UNLIKELY(*middle(t->top[class]) == NULL) && cc->cap > 1) {
			take_half(t, class, m);
			goto again;
		}
		p = pop(t, class, ash_magazine_full_top(m));
		keep_drained(cc, empty);
		if (ASH_LIKELY(p != NULL))
			return p;
		goto again;
	}
	/* The empty magazine leaves its place here before it appears in the depot, and comes
	 * back when it is filled.  A child that is forked in between must not find items
	 * counted that are not there yet. */
	ash_tcache_set_top(t->top, class, ASH_STATIC_TOP);
	shard = source(t, class);
	/* (What lies in the depot may be more than this thread may have at once.) */
	m = ASH_LIKELY(cc->bound == 0) ? ash_depot_get_of(shard, class, empty) : NULL;
	if (ASH_LIKELY(m != NULL)) {
		count_taken(t, class, ash_magazine_cap(m));
		p = pop(t, class, ash_magazine_full_top(m));
		if (ASH_LIKELY(p != NULL))
			return p;
		goto again;
	}
	ash_rounds_inbox(shard);
	m = empty;
	ash_capacity_double(t, class);
	top = ash_magazine_clear(m, cc->cap);
	if (ash_shard_count() > 1 && shard == t->own && ash_class_group(class) > 1)
		got = fill_own(t, class, m + ASH_MAGAZINE_SLOTS, cc->cap);
	else
		got = ash_bin_fill(&shard->bin[class], class, shard->index,
				   m + ASH_MAGAZINE_SLOTS, cc->cap);
	if (ASH_UNLIKELY(got == 0))
		got = fill_elsewhere(class, m + ASH_MAGAZINE_SLOTS, cc->cap);
	if (ASH_UNLIKELY(got == 0)) {
		ash_tcache_set_top(t->top, class, top);
		return alloc_single(shard, class, true);
	}
	count_taken(t, class, got);
	/* Short of memory, or whole lines: the sentinel right below what there is. */
	if (got < cc->cap)
		ash_magazine_clear(m, got);
	return pop(t, class, m + ASH_MAGAZINE_SLOTS - 1);
}

/* The rare ways of a free are out of line: they would cost the frequent one its registers. */

static ASH_NOINLINE void free_single(struct ash_thread *t, unsigned class, void *p)
{
	ash_shard_flush(class, &p, 1);
	if (t != NULL)
		count_given(t, class, 1);
}

/* There is no memory for a second magazine.  The full one is emptied where it lies, for
 * otherwise every free from here on would ask the kernel again, in vain. */
static ASH_NOINLINE void **empty_in_place(struct ash_thread *t, unsigned class, void **top,
					  unsigned cap)
{
	ash_tcache_set_top(t->top, class, ASH_STATIC_TOP);
	ash_tcache_flush_below(class, top);
	return ash_magazine_clear(ash_magazine_of(top), cap);
}

/* Makes room above a full magazine; returns the new top. */
ASH_INLINE void **make_room(struct ash_thread *t, unsigned class, void **top)
{
	struct ash_class_cache *cc = &t->classes[class];
	void **empty = NULL, **spare = NULL;

	ash_delay();
	if (ash_load_relaxed(&cc->spare) != NULL)
		spare = ash_exchange_acquire(&cc->spare, NULL);
	/* A second overflow in a row asks for more room. */
	if (spare != NULL) {
		ash_capacity_double(t, class);
		if (ASH_UNLIKELY(!ash_depot_put(class, spare, &empty)))
			ash_magazine_flush(class, spare);
	}
	if (empty == NULL) {
		empty = cc->drained;
		cc->drained = NULL;
	}
	if (empty == NULL)
		empty = ash_magazine_get();
	if (ASH_UNLIKELY(empty == NULL))
		return empty_in_place(t, class, top, cc->cap);
	spare = ash_magazine_of(top);
	top = ash_magazine_clear(empty, cc->cap);
	*middle(top) = NULL;
	ash_tcache_set_top(t->top, class, top);
	ash_delay();
	set_spare(t, cc, spare);
	return top;
}

void ash_tcache_free(unsigned class, void *p)
{
	struct ash_thread *t = ash_thread_self();
	unsigned given = 0;
	void **top;

	if (ASH_LIKELY(t != NULL))
		ash_tcache_tick_of(t, false);
	if (ASH_UNLIKELY(t == NULL || !ash_tcache_enabled)) {
		free_single(t, class, p);
		return;
	}
	top = t->top[class];
	if (ASH_LIKELY(top != ASH_STATIC_TOP)) {
		ash_capacity_count_miss(&t->classes[class]);
	} else if (earn(t, class)) {
		top = t->top[class];
	} else {
		free_single(t, class, p);
		return;
	}
	if (ASH_LIKELY(ash_top_is_full(top))) {
		given = ash_magazine_cap(ash_magazine_of(top));
		top = make_room(t, class, top);
	}
	top[1] = p;
	ash_tcache_set_top(t->top, class, top + 1);
	if (ASH_LIKELY(given > 0))
		count_given(t, class, given);
}

void *ash_tcache_alloc_single(unsigned class)
{
	struct ash_thread *t = ash_thread_self();

	if (ASH_UNLIKELY(t == NULL))
		return alloc_single(source_of_nobody(class), class, false);
	ash_tcache_tick_of(t, true);
	return alloc_uncached(t, class);
}

unsigned ash_tcache_fill(unsigned class, void **out, unsigned want)
{
	struct ash_thread *t = ash_thread_self();
	struct ash_shard *shard = t != NULL ? source(t, class) : source_of_nobody(class);
	unsigned got;

	if (t != NULL)
		ash_tcache_tick_of(t, true);
	got = ash_bin_fill(&shard->bin[class], class, shard->index, out + want, want);
	if (got == 0) {
		out[0] = alloc_single(shard, class, false);
		return out[0] != NULL;
	}
	memmove(out, out + want - got, got * sizeof(*out));
	if (t != NULL)
		count_taken(t, class, got);
	return got;
}

void ash_tcache_free_single(unsigned class, void *p)
{
	struct ash_thread *t = ash_thread_self();

	if (t != NULL)
		ash_tcache_tick_of(t, false);
	free_single(t, class, p);
}

void ash_tcache_init(void)
{
	ash_tcache_settings_init();
	ash_depot_init();
	ash_thread_flush = ash_tcache_flush_thread;
	ash_rounds_init();
	ash_relief_init();
}

bool ash_tcache_release(void)
{
	size_t gone;

	ash_tcache_flush();
	gone = ash_arenas_relieve(SIZE_MAX);
	return ash_relief_all() || gone != 0;
}
