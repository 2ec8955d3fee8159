#include "front/capacity.h"

#include "conf/conf.h"
#include "page/account.h"
#include "util/assert.h"

/* allocator/doc/caches.md says what each rests on. */
#define BUDGET_LEAST ((size_t)16 << 10)
#define BUDGET_MOST ((size_t)2 << 20)
#define BUDGETS_LEAST ((size_t)4 << 20) /* of all threads together */
/* Of runs that wait, in granules: of all threads, */
#define RUNS_SHARE 32 /* a share of what is in use, */
#define RUNS_LEAST ASH_HUGE_GRANULES
#define RUNS_BOUND_SHARE 16 /* of what may be dirty; */
#define RUNS_MOST 2048u     /* and of one */

unsigned ash_capacity_most(unsigned class)
{
	size_t n = ASH_CLASS_BYTES_MOST / ash_class_size(class);

	return n > ASH_MAGAZINE_MOST ? ASH_MAGAZINE_MOST : (unsigned)n;
}

unsigned ash_capacity_most_of(const struct ash_thread *t, unsigned class)
{
	unsigned most = ash_capacity_most(class), bound = t->classes[class].bound;

	return bound != 0 && bound - 1 < most ? bound - 1 : most;
}

/* A bound that cannot be reached is one, too: it was asked for. */
static uint8_t bound_of(uint64_t most)
{
	return (uint8_t)((most < ASH_MAGAZINE_MOST ? most : ASH_MAGAZINE_MOST) + 1);
}

void ash_capacity_bound(struct ash_thread *t, unsigned class, uint8_t bound)
{
	ash_assert(t->classes[class].cap == 0);
	t->classes[class].bound = bound;
}

void ash_capacity_bound_range(uint8_t bounds[ASH_CLASSES], const struct ash_range *range)
{
	uint64_t from = range->from > 0 ? range->from : 1,
		 to = range->to < ASH_SMALL_MAX ? range->to : ASH_SMALL_MAX;

	if (from > to)
		return;
	for (unsigned c = ash_class_of(from); c <= ash_class_of(to); c++)
		bounds[c] = bound_of(range->n);
}

/* By living threads, at work or not: what a thread fills its magazines with stays there when it
 * falls silent, and nobody else can take it out. */
static size_t budget(void)
{
	size_t all = (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) / 16, one;
	unsigned threads = ash_thread_count();

	if (all < BUDGETS_LEAST)
		all = BUDGETS_LEAST;
	one = threads > 1 ? all / threads : all;
	return one < BUDGET_LEAST ? BUDGET_LEAST : one > BUDGET_MOST ? BUDGET_MOST : one;
}

/* A share of what lies idle by right, dirty memory, and of the heap. */
static size_t runs_of_all(void)
{
	const struct ash_limits *limits = &ash_heap.limits;
	size_t all = ash_account_in_use(&ash_heap) / RUNS_SHARE,
	       bound = ash_load_relaxed(&limits->dirty_max);

	if (all < RUNS_LEAST)
		all = RUNS_LEAST;
	/* What waits is nothing that a bound can have at once. */
	if ((ash_load_relaxed(&limits->hard) & ash_load_relaxed(&limits->soft)) !=
		    ASH_NO_LIMIT ||
	    ash_load_relaxed(&limits->pressure) || ash_load_relaxed(&ash_heap.drain.lean))
		return 0;
	if (bound != ASH_NO_LIMIT && all > bound / RUNS_BOUND_SHARE >> ASH_GRANULE_SHIFT)
		all = bound / RUNS_BOUND_SHARE >> ASH_GRANULE_SHIFT;
	return all;
}

uint32_t ash_capacity_runs(const struct ash_thread *t)
{
	unsigned threads = ash_thread_count();
	size_t one = runs_of_all();

	if (t->arena != NULL || t->tcache_max < ASH_SMALL_MAX || ash_conf.max_alloc != 0)
		return 0;
	if (threads > 1)
		one /= threads;
	return (uint32_t)(one < RUNS_MOST ? one : RUNS_MOST);
}

bool ash_capacity_is_excessive(const struct ash_thread *t)
{
	return t->budget_used > 2 * budget();
}

bool ash_capacity_set(struct ash_thread *t, unsigned class, unsigned cap)
{
	struct ash_class_cache *cc = &t->classes[class];
	size_t size = ash_class_size(class), used;

	if (cap > ASH_MAGAZINE_MOST || cap * size > ASH_CLASS_BYTES_MOST ||
	    ASH_UNLIKELY(cc->bound != 0 && cap >= cc->bound))
		cap = ash_capacity_most_of(t, class);
	if (cap == cc->cap)
		return false;
	used = t->budget_used - cc->cap * size + cap * size;
	if (cap > cc->cap && (used > BUDGET_MOST || used > budget()))
		return false;
	/* (One that vanished in a fork may have done so in the middle of this.) */
	ash_assert(t != ash_tls.thread || used <= BUDGET_MOST);
	t->budget_used = (uint32_t)used;
	cc->cap = (uint8_t)cap;
	ash_assert_internal(t != ash_tls.thread || ash_thread_is_valid(t));
	return true;
}
