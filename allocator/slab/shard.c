#include "slab/shard.h"

#include "meta/base.h"
#include "meta/window.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_SHARDS);
static struct ash_shard *shards[ASH_SHARDS_MOST]; /* set once, in order */
static uint32_t count;                            /* release: shards below it are complete */
static uint32_t most;

bool ash_shard_is_valid(const struct ash_shard *shard)
{
	if (shard->index >= ash_load_acquire(&count) || shards[shard->index] != shard)
		return false;
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		if (shard->bin[c].lock.rank != ASH_RANK_BIN)
			return false;
	return true;
}

/* Caller holds no lock.  NULL where there is no memory. */
static struct ash_shard *make(void)
{
	struct ash_shard *shard = ash_base_alloc(sizeof(*shard), ASH_CACHE_LINE);

	if (shard == NULL)
		return NULL;
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		ash_bin_init(&shard->bin[c]);
	return shard;
}

bool ash_shard_init(unsigned bound)
{
	most = ash_os_usable_cpus(); /* also where it does not bound: see os.h */
	if (bound != 0)
		most = bound;
	if (most > ASH_SHARDS_MOST)
		most = ASH_SHARDS_MOST;
	shards[0] = make();
	if (shards[0] == NULL)
		return false;
	ash_store_release(&count, 1);
	ash_assert_internal(ash_shard_is_valid(shards[0]));
	return true;
}

unsigned ash_shard_count(void)
{
	return ash_load_acquire(&count);
}

struct ash_shard *ash_shard_at(unsigned index)
{
	ash_assert(index < ash_load_acquire(&count));
	return shards[index];
}

struct ash_shard *ash_shard_for_cpu(unsigned cpu)
{
	ash_assert(ash_load_acquire(&count) > 0);
	return shards[cpu % ash_load_acquire(&count)];
}

bool ash_shard_add(void)
{
	struct ash_shard *shard;
	bool added = false;

	if (ash_load_relaxed(&count) >= most)
		return false;
	shard = make();
	if (shard == NULL)
		return false;
	ash_mutex_lock(&lock);
	/* Two threads at once: the second one's shard is one more, or is left over where the
	 * bound is reached (20 KiB of metadata, once). */
	if (count < most) {
		shard->index = (uint16_t)count;
		shards[count] = shard;
		ash_delay();
		ash_store_release(&count, count + 1);
		added = true;
		ash_assert_internal(ash_shard_is_valid(shard));
	}
	ash_assert(count > 0 && count <= most && most <= ASH_SHARDS_MOST);
	ash_mutex_unlock(&lock);
	return added;
}

unsigned ash_shard_gather(void **items, unsigned n)
{
	unsigned shard = ash_run_of(items[0])->shard, mine = 0;

	ash_assert(n > 0);
	if (ash_shard_count() == 1)
		return n;

	for (unsigned i = 0; i < n; i++) {
		void *p = items[i];

		if (ash_run_of(p)->shard != shard)
			continue;
		items[i] = items[mine];
		items[mine++] = p;
	}
	ash_assert(mine > 0 && mine <= n);
	return mine;
}

void ash_shard_flush(unsigned class, void **items, unsigned n)
{
	while (n > 0) {
		unsigned shard = ash_run_of(items[0])->shard;
		unsigned mine = ash_shard_gather(items, n);

		ash_assert(shard < ash_shard_count());
		ash_bin_flush(&shards[shard]->bin[class], class, items, mine, false);
		items += mine;
		n -= mine;
	}
}

struct ash_mutex *ash_shard_mutex(void)
{
	return &lock;
}
