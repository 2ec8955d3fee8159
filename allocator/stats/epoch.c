#include "stats/epoch.h"

#include <limits.h>
#include <string.h>

#include "arena/arena.h"
#include "cache/thread.h"
#include "os/mutex.h"
#include "reclaim/rounds.h"
#include "util/assert.h"
#include "util/atomic.h"

/* Under the lock; `count` is read without it, too. */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_EPOCH);
static struct ash_snapshot_whole snapshot;
static uint64_t count;

uint64_t ash_epoch_refresh(void)
{
	uint64_t now;

	ash_lock_rank_assert_none();
	ash_thread_inherit(UINT_MAX); /* what a fork's other threads had cached */
	ash_rounds_inboxes();
	ash_arenas_prepare_to_take();
	ash_mutex_lock(&lock);
	ash_snapshot_take_whole(&snapshot);
	ash_owned_add(&count, 1);
	now = count;
	ash_mutex_unlock(&lock);
	return now;
}

uint64_t ash_epoch(void)
{
	uint64_t now = ash_load_relaxed(&count);

	return now != 0 ? now : ash_epoch_refresh();
}

void ash_epoch_read(size_t offset, void *out, size_t bytes)
{
	ash_assert(offset + bytes <= sizeof(snapshot));
	ash_epoch();
	ash_mutex_lock(&lock);
	memcpy(out, (const char *)&snapshot + offset, bytes);
	ash_mutex_unlock(&lock);
}

struct ash_mutex *ash_epoch_mutex(void)
{
	return &lock;
}
