#include "slab/shard.h"

#include "meta/base.h"
#include "meta/window.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_SHARDS);
#define ALL (ASH_SHARDS_MOST + ASH_SHARDS_OWNED + 1)
static_assert(ALL <= UINT16_MAX, "slabs name their shard by 16 bits");
static_assert(ALL <= UINT8_MAX, "and a search for what was left, by 8");
#define LEFT_LOOKS 8 /* shards in one call */
static_assert(ASH_LINED_CLASSES <= 32, "a bit of `left` for each");

/* Set once, in order; a count (release) covers what is complete. */
static struct ash_shard *shards[ALL];
static struct ash_shard *by_cpu[ASH_SHARDS_MOST];
static struct ash_shard *owned[ASH_SHARDS_OWNED]; /* SHARDS lock, with its count */
static uint32_t count, cpu_count, owned_count;
static uint32_t making; /* places in owned[] for those that threads just make; SHARDS lock */
static struct ash_shard *common; /* release; NULL until there are two threads */
static uint32_t most;            /* by CPU; SHARDS lock, and read without it */

bool ash_shard_is_valid(const struct ash_shard *shard)
{
	if (shard->index >= ash_load_acquire(&count) || shards[shard->index] != shard)
		return false;
	for (unsigned c = 0; c < shard->classes; c++)
		if (shard->bin[c].lock.rank != ASH_RANK_BIN)
			return false;
	return true;
}

/* Caller holds no lock.  NULL where there is no memory. */
static struct ash_shard *make(unsigned classes)
{
	struct ash_shard *shard = ash_base_alloc(
		sizeof(*shard) + classes * sizeof(shard->bin[0]), ASH_CACHE_LINE);

	if (shard == NULL)
		return NULL;
	shard->classes = (uint16_t)classes;
	for (unsigned c = 0; c < classes; c++)
		ash_bin_init(&shard->bin[c]);
	return shard;
}

/* Caller holds the SHARDS lock, or is alone. */
static void enter(struct ash_shard *shard)
{
	ash_assert(count < ALL);
	shard->index = (uint16_t)count;
	shards[count] = shard;
	ash_delay();
	ash_store_release(&count, count + 1);
	ash_assert_internal(ash_shard_is_valid(shard));
}

bool ash_shard_init(unsigned bound)
{
	most = bound != 0 ? bound : ash_os_usable_cpus();
	if (most > ASH_SHARDS_MOST)
		most = ASH_SHARDS_MOST;
	/* A test may call it again. */
	count = cpu_count = owned_count = making = 0;
	common = NULL;
	by_cpu[0] = make(ASH_CLASSES);
	if (by_cpu[0] == NULL)
		return false;
	by_cpu[0]->owned = ASH_SHARD_FIRST;
	enter(by_cpu[0]);
	ash_store_release(&cpu_count, 1);
	return true;
}

void ash_shard_bound(unsigned bound)
{
	ash_mutex_lock(&lock);
	if (bound < cpu_count)
		bound = cpu_count;
	if (bound < most)
		ash_store_relaxed(&most, bound);
	ash_mutex_unlock(&lock);
}

unsigned ash_shard_count(void)
{
	return ash_load_acquire(&count);
}

unsigned ash_shard_most_by_cpu(void)
{
	return ash_load_relaxed(&most);
}

unsigned ash_shard_count_by_cpu(void)
{
	return ash_load_acquire(&cpu_count);
}

struct ash_shard *ash_shard_at(unsigned index)
{
	ash_assert(index < ash_load_acquire(&count));
	return shards[index];
}

struct ash_shard *ash_shard_for_cpu(unsigned cpu)
{
	ash_assert(ash_load_acquire(&cpu_count) > 0);
	return by_cpu[cpu % ash_load_acquire(&cpu_count)];
}

bool ash_shard_add(void)
{
	struct ash_shard *shard;
	bool added = false;

	if (ash_load_relaxed(&cpu_count) >= ash_load_relaxed(&most))
		return false;
	shard = make(ASH_CLASSES);
	if (shard == NULL)
		return false;
	ash_mutex_lock(&lock);
	/* Two threads at once: the second one's shard is one more, or is left over where the
	 * bound is reached (14 KiB of metadata, once). */
	if (cpu_count < most) {
		enter(shard);
		by_cpu[cpu_count] = shard;
		ash_store_release(&cpu_count, cpu_count + 1);
		added = true;
	}
	ash_assert(cpu_count > 0 && cpu_count <= most && most <= ASH_SHARDS_MOST);
	ash_mutex_unlock(&lock);
	return added;
}

struct ash_shard *ash_shard_common(void)
{
	struct ash_shard *shard = ash_load_acquire(&common);

	if (ASH_LIKELY(shard != NULL))
		return shard;
	if (ash_load_relaxed(&most) > 1)
		shard = make(ASH_LINED_CLASSES);
	if (shard == NULL)
		return shards[0];
	for (unsigned c = 0; c < ASH_LINED_CLASSES; c++)
		shard->bin[c].group = ash_class_group(c);
	ash_mutex_lock(&lock);
	if (common == NULL) { /* else 4 KiB of metadata are left over, once */
		enter(shard);
		ash_store_release(&common, shard);
	}
	shard = common;
	ash_mutex_unlock(&lock);
	return shard;
}

/* Caller holds the lock.  One that the fewest threads own; NULL where there is none. */
static struct ash_shard *least_used(void)
{
	struct ash_shard *least = NULL;

	for (unsigned i = 0; i < owned_count; i++)
		if (least == NULL || owned[i]->users < least->users)
			least = owned[i];
	return least;
}

/* Caller holds the lock. */
static void give(struct ash_shard *shard, struct ash_shard **own)
{
	ash_assert(*own == NULL);
	ash_store_relaxed(&shard->users, (uint16_t)(shard->users + 1));
	*own = shard;
}

struct ash_shard *ash_shard_own(struct ash_shard **own, void (*made)(unsigned owned))
{
	struct ash_shard *shard, *fresh = NULL;

	if (ash_load_relaxed(&most) == 1)
		return NULL;
	ash_mutex_lock(&lock);
	shard = least_used();
	if ((shard == NULL || shard->users > 0) && owned_count + making < ASH_SHARDS_OWNED) {
		making++;
		ash_mutex_unlock(&lock);
		fresh = make(ASH_LINED_CLASSES);
		ash_mutex_lock(&lock);
		making -= making > 0; /* none where it is a fork's child now */
		if (fresh != NULL) {
			ash_assert(owned_count < ASH_SHARDS_OWNED);
			owned[owned_count] = fresh;
			fresh->owned = (uint16_t)++owned_count;
			made(fresh->owned);
			enter(fresh);
		}
		shard = least_used();
	}
	if (shard != NULL && shard->users < UINT16_MAX)
		give(shard, own);
	else
		shard = NULL;
	ash_mutex_unlock(&lock);
	return shard;
}

void ash_shard_own_idle(struct ash_shard **own)
{
	struct ash_shard *shard = shards[0];

	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < owned_count && shard->users > 0; i++)
		shard = owned[i];
	if (shard->users == 0)
		give(shard, own);
	ash_mutex_unlock(&lock);
}

void ash_shard_disown(struct ash_shard **own)
{
	if (*own == NULL)
		return;
	ash_mutex_lock(&lock);
	ash_assert((*own)->owned != 0 && (*own)->users > 0);
	ash_store_relaxed(&(*own)->users, (uint16_t)((*own)->users - 1));
	if ((*own)->users == 0)
		ash_store_relaxed(&(*own)->left, UINT32_MAX);
	*own = NULL;
	ash_mutex_unlock(&lock);
}

unsigned ash_shard_fill_left(unsigned class, uint8_t *at, void **end, unsigned want)
{
	unsigned n = ash_shard_count(), got = 0;

	for (unsigned i = 0; i < LEFT_LOOKS && i < n; i++) {
		struct ash_shard *shard = shards[*at];

		if (ash_load_relaxed(&shard->left) >> class & 1) {
			got = ash_bin_fill_idle(&shard->bin[class], class, end, want);
			if (got > 0)
				break;
			/* From here on all is its new owner's. */
			if (ash_load_relaxed(&shard->users) > 0)
				ash_and_relaxed(&shard->left, ~((uint32_t)1 << class));
		}
		*at = (uint8_t)(*at + 1u < n ? *at + 1u : 0);
	}
	return got;
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
	if (n > 0 && ash_shard_is_one(class)) {
		ash_bin_flush(&shards[0]->bin[class], class, items, n, false);
		return;
	}
	while (n > 0) {
		unsigned shard = ash_run_of(items[0])->shard;
		unsigned mine = ash_shard_gather(items, n);

		ash_bin_flush(&ash_shard_of(shard, class)->bin[class], class, items, mine,
			      false);
		items += mine;
		n -= mine;
	}
}

/* (Where a handler forked that interrupted who makes one, that is one more than is counted.) */
void ash_shard_after_fork(void)
{
	making = 0;
}

struct ash_mutex *ash_shard_mutex(void)
{
	return &lock;
}

void ash_shard_reset_waits(void)
{
	for (unsigned i = 0; i < ash_shard_count(); i++) {
		struct ash_shard *shard = ash_shard_at(i);

		for (unsigned c = 1; c < shard->classes; c++) {
			ash_mutex_lock(&shard->bin[c].lock);
			shard->bin[c].waits = 0;
			ash_mutex_unlock(&shard->bin[c].lock);
		}
	}
}
