#include "front/tcache_flush.h"

#include "arena/arena.h"
#include "cache/depot.h"
#include "front/capacity.h"
#include "slab/shard.h"
#include "util/atomic.h"

void ash_tcache_flush_below(unsigned class, void **top)
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
	ash_tcache_set_top(tops, class, ASH_STATIC_TOP);
	ash_tcache_flush_below(class, top);
	ash_magazine_put(ash_magazine_of(top));
}

void ash_tcache_flush_spare_there(struct ash_class_cache *cc, unsigned class)
{
	void **spare = ash_exchange_acquire(&cc->spare, NULL);

	if (spare != NULL)
		ash_magazine_flush(class, spare);
}

void ash_tcache_flush_class(struct ash_thread *t, void **tops[], unsigned class)
{
	struct ash_class_cache *cc = &t->classes[class];

	drop_magazine(tops, class);
	ash_tcache_flush_spare(cc, class);
	if (cc->drained != NULL) {
		void **m = cc->drained;

		cc->drained = NULL;
		ash_magazine_put(m);
	}
	ash_capacity_set(t, class, 0);
	cc->misses = 0;
}

void ash_tcache_flush_thread(struct ash_thread *t, void **tops[])
{
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		ash_tcache_flush_class(t, tops, c);
	ash_runs_end(&t->runs);
	ash_arena_thread_ends(t);
}

void ash_tcache_flush(void)
{
	struct ash_thread *t = ash_tls.phase == ASH_THREAD_LIVE ? ash_tls.thread : NULL;

	for (unsigned c = 1; t != NULL && c < ASH_CLASSES; c++)
		ash_tcache_flush_class(t, t->top, c);
	if (t != NULL)
		ash_runs_end(&t->runs);
}

void ash_tcache_flush_idle(struct ash_thread *t)
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
		if (cc->cap <= ASH_CAPACITY_FIRST) {
			ash_tcache_flush_class(t, t->top, c);
			continue;
		}
		ash_tcache_flush_spare(cc, c);
		if (t->top[c] != ASH_STATIC_TOP) {
			void **top = t->top[c], **m = ash_magazine_of(top);

			ash_tcache_set_top(t->top, c, ASH_STATIC_TOP);
			ash_tcache_flush_below(c, top);
			ash_capacity_set(t, c, cc->cap / 2u);
			ash_tcache_set_top(t->top, c, ash_magazine_clear(m, cc->cap));
		}
	}
}
