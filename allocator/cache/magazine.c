#include "cache/magazine.h"

#include "meta/base.h"
#include "os/mutex.h"

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_MAGAZINES);
static void **free_list; /* linked by slot 0, the last one's is NULL */

static bool is_block(void *const *magazine)
{
	return ((uintptr_t)magazine & (ASH_MAGAZINE_BYTES - 1)) == 0;
}

bool ash_magazine_is_valid(void *const *top)
{
	void *const *block =
		(void *const *)((uintptr_t)top & ~(uintptr_t)(ASH_MAGAZINE_BYTES - 1));
	uintptr_t cap = (uintptr_t)block[0] & (ASH_MAGAZINE_BYTES - 1);
	void *const *sentinel = block + ASH_MAGAZINE_SLOTS - 1 - cap;

	if (cap > ASH_MAGAZINE_MOST || top < sentinel || sentinel[0] != NULL ||
	    (sentinel - 1 != block && sentinel[-1] != NULL))
		return false;
#ifdef ASH_SAFETY_CHECKS
	for (; top > sentinel; top--)
		if (*top == NULL)
			return false;
#endif
	return true;
}

bool ash_magazine_is_full(void *const *magazine)
{
	return is_block(magazine) && (uintptr_t)magazine[0] % ASH_MAGAZINE_BYTES != 0 &&
	       ash_magazine_is_valid(magazine + ASH_MAGAZINE_SLOTS - 1);
}

#define BATCH 8 /* blocks made at once: one OS page of 4 KiB */

static void put_list(void **first, void **last)
{
	ash_assert(first != NULL && is_block(first) && is_block(last));
	ash_mutex_lock(&lock);
	ash_assert_internal(is_block(free_list));
	last[0] = free_list;
	free_list = first;
	ash_mutex_unlock(&lock);
}

void **ash_magazine_get(void)
{
	void **m, **batch;

	ash_mutex_lock(&lock);
	m = free_list;
	ash_assert_internal(is_block(m));
	if (m != NULL)
		free_list = m[0];
	ash_assert_internal(is_block(free_list));
	ash_mutex_unlock(&lock);
	if (m != NULL)
		return m;
	batch = ash_base_alloc(BATCH * ASH_MAGAZINE_BYTES, ASH_MAGAZINE_BYTES);
	if (batch == NULL)
		return NULL;
	ash_assert(is_block(batch));
	for (unsigned i = 1; i + 1 < BATCH; i++)
		batch[i * ASH_MAGAZINE_SLOTS] = batch + (i + 1) * ASH_MAGAZINE_SLOTS;
	put_list(batch + ASH_MAGAZINE_SLOTS, batch + (BATCH - 1) * ASH_MAGAZINE_SLOTS);
	return batch;
}

void ash_magazine_put(void **magazine)
{
	put_list(magazine, magazine);
}

struct ash_mutex *ash_magazine_mutex(void)
{
	return &lock;
}
