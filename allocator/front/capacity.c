#include "front/capacity.h"

#include "page/account.h"
#include "reclaim/rounds.h"
#include "util/assert.h"

/* allocator/doc/caches.md says what each rests on. */
#define CLASS_BYTES_MOST ((size_t)256 << 10) /* one magazine holds at most this */
#define BUDGET_LEAST ((size_t)16 << 10)
#define BUDGET_MOST ((size_t)2 << 20)
#define BUDGETS_LEAST ((size_t)4 << 20) /* of all threads together */

unsigned ash_capacity_most(unsigned class)
{
	size_t n = CLASS_BYTES_MOST / ash_class_size(class);

	return n > ASH_MAGAZINE_MOST ? ASH_MAGAZINE_MOST : (unsigned)n;
}

static size_t budget(void)
{
	size_t all = (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) / 16, one;

	if (all < BUDGETS_LEAST)
		all = BUDGETS_LEAST;
	one = all / ash_rounds_active_threads();
	return one < BUDGET_LEAST ? BUDGET_LEAST : one > BUDGET_MOST ? BUDGET_MOST : one;
}

bool ash_capacity_set(struct ash_thread *t, unsigned class, unsigned cap)
{
	struct ash_class_cache *cc = &t->classes[class];
	size_t size = ash_class_size(class), used;

	if (cap > ASH_MAGAZINE_MOST || cap * size > CLASS_BYTES_MOST)
		cap = ash_capacity_most(class);
	if (cap == cc->cap)
		return false;
	used = t->budget_used - cc->cap * size + cap * size;
	if (cap > cc->cap && used > budget())
		return false;
	/* (One that vanished in a fork may have done so in the middle of this.) */
	ash_assert(t != ash_tls.thread || used <= BUDGET_MOST);
	t->budget_used = (uint32_t)used;
	cc->cap = (uint8_t)cap;
	ash_assert_internal(t != ash_tls.thread || ash_thread_is_valid(t));
	return true;
}
