#include "cache/magazine.h"

#include "meta/base.h"
#include "os/mutex.h"

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_MAGAZINES);
static void **pool; /* linked by slot 0 */

#define BATCH 8 /* blocks made at once: one OS page of 4 KiB */

static void put_list(void **first, void **last)
{
	ash_mutex_lock(&lock);
	last[0] = pool;
	pool = first;
	ash_mutex_unlock(&lock);
}

void **ash_magazine_get(void)
{
	void **m, **batch;

	ash_mutex_lock(&lock);
	m = pool;
	if (m != NULL)
		pool = m[0];
	ash_mutex_unlock(&lock);
	if (m != NULL)
		return m;
	batch = ash_base_alloc(BATCH * ASH_MAGAZINE_BYTES, ASH_MAGAZINE_BYTES);
	if (batch == NULL)
		return NULL;
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
