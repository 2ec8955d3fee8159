#include "front/tcache.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "arena/objects.h"
#include "cache/depot.h"
#include "cache/larges.h"
#include "front/apart.h"
#include "front/capacity.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "meta/window.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/large.h"
#include "page/limits.h"
#include "page/run.h"
#include "slab/inbox.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/epoch.h"

/* allocator/doc/caches.md says what each rests on. */
#define FIRST_CAP 4
#define EARLY_SIZE \
	64 /* below: a magazine at the first miss, so that threads do not share lines */
#define MISSES_TO_EARN 3
#define ROUND_LEAST 24      /* objects that a thread should go to and fro in */
#define TICK_EVERY 32       /* slow paths between looks at the clock */
#define CONTENDED_ENOUGH 64 /* failed try-locks of a thread's shard between two ticks */

bool ash_tcache_enabled = true;

ASH_INLINE void set_top(void ***tops, unsigned class, void **top)
{
	ASH_COMPILER_FENCE(); /* what top covers was written before */
	tops[class] = top;
	ASH_COMPILER_FENCE();
}

/* Gives the items from `top` down to their slabs. */
static void flush_below(unsigned class, void **top)
{
	unsigned n = ash_top_count(top);
	void **first = top + 1 - n;

	ash_shard_flush(class, first, ash_drop_nulls(first, n));
}

/* Gives the items of the class's magazine to the slabs and the magazine to the free list. */
static void drop_magazine(void **tops[], unsigned class)
{
	void **top = tops[class];

	if (top == ASH_STATIC_TOP)
		return;
	set_top(tops, class, ASH_STATIC_TOP);
	flush_below(class, top);
	ash_magazine_put(ash_magazine_of(top));
}

/* Who looks after idle threads may have just seen that there is none. */
ASH_INLINE void set_spare(struct ash_thread *t, struct ash_class_cache *cc, void **spare)
{
	ash_store_seq_cst(&cc->spare, spare);
	if (ASH_UNLIKELY(ash_load_seq_cst(&t->asleep)))
		ash_thread_wake(t);
}

static void take_spare(struct ash_class_cache *cc, unsigned class)
{
	void **spare = ash_load_relaxed(&cc->spare) != NULL
			       ? ash_exchange_acquire(&cc->spare, NULL)
			       : NULL;

	if (spare != NULL)
		ash_magazine_flush(class, spare);
}

static void drop_class(struct ash_thread *t, void **tops[], unsigned class)
{
	struct ash_class_cache *cc = &t->classes[class];

	drop_magazine(tops, class);
	take_spare(cc, class);
	if (cc->drained != NULL) {
		void **m = cc->drained;

		cc->drained = NULL;
		ash_magazine_put(m);
	}
	ash_capacity_set(t, class, 0);
	cc->misses = 0;
}

/* For a thread that ends, that vanished in a fork, or is about to be bound. */
static void flush_thread(struct ash_thread *t, void **tops[])
{
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		drop_class(t, tops, c);
	ash_runs_end(&t->runs);
	ash_arena_thread_ends(t);
}

/* A class that saw no miss through an epoch gets half the room, and each does where the thread
 * has more than its budget. */
static void trim_idle(struct ash_thread *t)
{
	bool excessive = ash_capacity_is_excessive(t);

	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_class_cache *cc = &t->classes[c];
		unsigned misses = cc->misses;

		if (cc->cap == 0)
			continue;
		cc->misses = 0;
		if (misses != 0 && !excessive)
			continue;
		if (cc->cap <= FIRST_CAP) {
			drop_class(t, t->top, c);
			continue;
		}
		take_spare(cc, c);
		if (t->top[c] != ASH_STATIC_TOP) {
			void **top = t->top[c], **m = ash_magazine_of(top);

			set_top(t->top, c, ASH_STATIC_TOP);
			flush_below(c, top);
			ash_capacity_set(t, c, cc->cap / 2u);
			set_top(t->top, c, ash_magazine_clear(m, cc->cap));
		}
	}
}

static uint64_t count_contended(struct ash_shard *shard)
{
	uint64_t sum = 0;

	for (unsigned c = 1; c < shard->classes; c++)
		sum += ash_load_relaxed(&shard->bin[c].contended);
	return sum;
}

/* Whether the shard's bins were often found locked since the last look. */
static bool is_contended(struct ash_shard *shard, uint64_t *before)
{
	uint64_t now = count_contended(shard);
	bool much = (int64_t)(now - *before) > CONTENDED_ENOUGH;

	*before = now;
	return much;
}

/* Where the thread's bins were often found locked, there are too few of them; where those of
 * all were, it gets slabs of its own before it has taken much. */
static void relieve(struct ash_thread *t)
{
	if (is_contended(t->shard, &t->contended))
		ash_shard_add();
	t->shard = ash_shard_for_cpu(ash_os_current_cpu());
	t->contended = count_contended(t->shard);
	if (t->own_from > 0 && ash_shard_count() > 1 &&
	    is_contended(ash_shard_common(), &t->contended_common))
		t->own_from = 0;
}

static uint32_t most_runs(const struct ash_thread *t)
{
	return ash_tcache_enabled ? ash_capacity_runs(t) : 0;
}

static ASH_NOINLINE void look_at_clock(struct ash_thread *t, bool allocates)
{
	uint64_t now_ns;
	uint32_t now;

	if (ASH_UNLIKELY(ash_mutex_is_forking()))
		return;
	ash_assert_internal(ash_thread_is_valid(t));
	ash_assert_expensive(ash_thread_tops_are_valid(t));
	if (t->fresh && allocates) {
		t->fresh = false;
		if (ash_thread_count() > 1 || ash_load_relaxed(&ash_heap.rounds.alone))
			ash_rounds_start();
	}
	now_ns = ash_os_coarse_clock_ns();
	now = (uint32_t)(now_ns / ASH_EPOCH_NS);
	if (now == ash_load_relaxed(&t->epoch)) {
		ash_rounds_notice();
		return;
	}
	ash_store_relaxed(&t->epoch, now);
	if (ash_load_relaxed(&t->asleep))
		ash_thread_wake(t);
	ash_apart_follow(t); /* mallopt may want it since the last time */
	trim_idle(t);
	ash_runs_age(&t->runs, most_runs(t));
	relieve(t);
	ash_rounds_tick(now_ns);
}

ASH_INLINE void tick(struct ash_thread *t, bool allocates)
{
	if (ASH_UNLIKELY(++t->slow_paths % TICK_EVERY == 0 || (allocates && t->fresh)))
		look_at_clock(t, allocates);
}

void ash_tcache_tick(bool allocates)
{
	struct ash_thread *t = ash_thread_self();

	if (t != NULL)
		tick(t, allocates);
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

/* While the heap drains and nothing comes back, full magazines do not wait here. */
static ASH_NOINLINE void look_at_freed(struct ash_thread *t)
{
	t->freed = 0;
	ash_rounds_freed();
	if (!ash_load_relaxed(&ash_heap.drain.lean))
		return;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		take_spare(&t->classes[c], c);
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

	if (first > FIRST_CAP)
		first = FIRST_CAP;

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
	set_top(t->top, class, ash_magazine_clear(m, first));
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

	set_top(t->top, class, top - 1);
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

	set_top(t->top, class, ASH_STATIC_TOP);
	top = ash_magazine_clear(to, cc->cap);
	memcpy(top + 1, m + ASH_MAGAZINE_SLOTS - taken, taken * sizeof(*m));
	set_top(t->top, class, top + taken);
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
	tick(t, true);
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
	set_top(t->top, class, ASH_STATIC_TOP);
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
		set_top(t->top, class, top);
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
	set_top(t->top, class, ASH_STATIC_TOP);
	flush_below(class, top);
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
	set_top(t->top, class, top);
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
		tick(t, false);
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
	set_top(t->top, class, top + 1);
	if (ASH_LIKELY(given > 0))
		count_given(t, class, given);
}

void *ash_tcache_alloc_single(unsigned class)
{
	struct ash_thread *t = ash_thread_self();

	if (ASH_UNLIKELY(t == NULL))
		return alloc_single(source_of_nobody(class), class, false);
	tick(t, true);
	return alloc_uncached(t, class);
}

unsigned ash_tcache_fill(unsigned class, void **out, unsigned want)
{
	struct ash_thread *t = ash_thread_self();
	struct ash_shard *shard = t != NULL ? source(t, class) : source_of_nobody(class);
	unsigned got;

	if (t != NULL)
		tick(t, true);
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
		tick(t, false);
	free_single(t, class, p);
}

/* Ranges that can be read. */
static void read_bounds(struct ash_span ranges, uint8_t bounds[ASH_CLASSES])
{
	struct ash_range range;

	while (ranges.length != 0 && ash_parse_range(&ranges, &range))
		ash_capacity_bound_range(bounds, &range);
}

void ash_tcache_init(void)
{
	const char *ranges = ash_conf.tcache_ncached_max.text;

	read_bounds((struct ash_span){ranges, strlen(ranges)}, ash_thread_bounds);
	ash_depot_init();
	ash_thread_flush = flush_thread;
	ash_rounds_init();
	ash_relief_init();
}

void ash_tcache_flush(void)
{
	struct ash_thread *t = ash_tls.phase == ASH_THREAD_LIVE ? ash_tls.thread : NULL;

	for (unsigned c = 1; t != NULL && c < ASH_CLASSES; c++)
		drop_class(t, t->top, c);
	if (t != NULL)
		ash_runs_end(&t->runs);
}

static ASH_NOINLINE void look_quietly(struct ash_thread *t)
{
	int saved = errno;

	look_at_clock(t, true);
	errno = saved;
}

/* In a malloc: what is freed waits for it.  (A thread that keeps runs has come by the clock.)
 */
ASH_INLINE void tick_quietly(struct ash_thread *t)
{
	if (ASH_UNLIKELY(++t->slow_paths % TICK_EVERY == 0))
		look_quietly(t);
}

bool ash_tcache_keep_run(struct ash_run *run)
{
	struct ash_thread *t = ash_tls.thread;
	unsigned granules;
	size_t usable;

	if (ASH_UNLIKELY(ash_tls.phase != ASH_THREAD_LIVE))
		return false;
	granules = run->granules;
	/* What has room behind it is to grow, and others may grow into it. */
	if (granules > ASH_RUN_MOST || ash_load_relaxed(&run->nfree) != 0)
		return false;
	/* Where more lies idle than may, whoever frees works it off. */
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap))) {
		ash_runs_bound(&t->runs, 0);
		return false;
	}
	if (!ash_runs_would_keep(&t->runs, granules)) {
		if (ash_runs_not_kept(&t->runs, granules))
			ash_runs_bound(&t->runs, most_runs(t));
		return false;
	}
	usable = run->size;
	if (ASH_UNLIKELY(!ash_run_begin_waiting(run)))
		return false;
	if (ASH_UNLIKELY(ash_run_is_detached(run)))
		ash_run_free_waiting(&ash_heap, run);
	else
		ash_runs_put(&t->runs, run, granules);
	if (ASH_UNLIKELY(ash_load_seq_cst(&t->asleep)))
		ash_thread_wake(t);
	ash_larges_count(false, usable);
	return true;
}

void *ash_tcache_alloc_run(size_t size, bool *zeroed)
{
	struct ash_thread *t = ash_tls.thread;
	unsigned granules = (unsigned)((size + ASH_GRANULE - 1) >> ASH_GRANULE_SHIFT);
	struct ash_run *run;

	if (ASH_UNLIKELY(ash_tls.phase != ASH_THREAD_LIVE))
		return NULL;
	run = ash_runs_take(&t->runs, granules);
	if (run == NULL) {
		if (ash_runs_missed(&t->runs, granules))
			ash_runs_widen(&t->runs, most_runs(t));
		return NULL;
	}
	if (zeroed != NULL)
		*zeroed = false;
	ash_large_use_again(&ash_heap, run, size);
	ash_larges_count(true, run->size);
	tick_quietly(t);
	return ash_run_address(run);
}

bool ash_tcache_flush_runs(void)
{
	return ash_tls.phase == ASH_THREAD_LIVE && ash_runs_flush(&ash_tls.thread->runs);
}

bool ash_tcache_release(void)
{
	size_t gone;

	ash_tcache_flush();
	gone = ash_arenas_relieve(SIZE_MAX);
	return ash_relief_all() || gone != 0;
}

bool ash_tcache_set_enabled(bool enabled)
{
	struct ash_thread *t = ash_thread_self();

	if (enabled && !ash_tcache_enabled)
		return false;
	if (t == NULL && ash_tls.phase == ASH_THREAD_DEAD) { /* there will be none */
		ash_tls.said_on = enabled;
		return true;
	}
	if (t == NULL)
		return false;
	if (enabled && !t->tcache_on)
		ash_thread_unbound(t); /* it is another one */
	t->tcache_on = enabled;
	t->tcache_max = enabled ? t->tcache_most : 0;
	if (!enabled)
		ash_tcache_flush();
	return true;
}

bool ash_tcache_is_enabled(void)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL ? ash_tcache_enabled && t->tcache_on : ash_tls.said_on;
}

size_t ash_tcache_max(void)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL ? t->tcache_most : 0;
}

unsigned ash_tcache_most(unsigned class)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL && ash_tcache_enabled && ash_class_size(class) <= t->tcache_max
		       ? ash_capacity_most_of(t, class)
		       : 0;
}

bool ash_tcache_set_most(struct ash_span ranges)
{
	struct ash_thread *t = ash_thread_self();
	uint8_t bounds[ASH_CLASSES];

	if (t == NULL)
		return false;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		bounds[c] = t->classes[c].bound;
	read_bounds(ranges, bounds);
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		if (bounds[c] == t->classes[c].bound)
			continue;
		drop_class(t, t->top, c);
		ash_capacity_bound(t, c, bounds[c]);
	}
	return true;
}

bool ash_tcache_set_max(size_t bytes)
{
	struct ash_thread *t = ash_thread_self();

	if (t == NULL)
		return false;
	t->tcache_most = bytes >= ASH_SMALL_MAX ? ASH_SMALL_MAX
			 : bytes == 0           ? 0
						: (uint32_t)ash_class_size(ash_class_of(bytes));
	if (t->tcache_on)
		t->tcache_max = t->tcache_most;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		if (ash_class_size(c) > t->tcache_max)
			drop_class(t, t->top, c);
	return true;
}
