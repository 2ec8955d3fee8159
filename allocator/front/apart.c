#include "front/apart.h"

#include <string.h>

#include "arena/objects.h"
#include "conf/conf.h"
#include "os/mutex.h"
#include "page/limits.h"
#include "reclaim/claim.h"
#include "util/assert.h"

/* As jemalloc fills. */
#define JUNK_TAKEN 0xa5u
#define JUNK_GIVEN 0x5au

#define PORTIONS 64 /* of an interval, that threads add to the sum */
#define PORTION_MOST ((uint64_t)4 << 20)

uint32_t ash_apart_fill;
void (*ash_apart_due)(void);

static uint64_t interval, portion; /* bytes; set at boot */
static uint64_t allocated;         /* since the last time; atomic */
/* Of the thread that is told just now; atomic. */
static const struct ash_tls *told;

static uint32_t fill_of_options(void)
{
	uint32_t fill = 0;

	if (ash_conf.junk == ASH_JUNK_TRUE || ash_conf.junk == ASH_JUNK_ALLOC)
		fill |= ASH_FILL_TAKEN | JUNK_TAKEN;
	if (ash_conf.junk == ASH_JUNK_TRUE || ash_conf.junk == ASH_JUNK_FREE)
		fill |= ASH_FILL_GIVEN | JUNK_GIVEN << 8;
	if (ash_conf.zero)
		fill = (fill & ~0xffu) | ASH_FILL_TAKEN;
	return fill;
}

void ash_apart_init(void)
{
	if (ash_conf.checks == ASH_CHECKS_ON)
		ash_thread_all_apart |= ASH_APART_CHECKED;
	ash_apart_fill = fill_of_options();
	if (ash_apart_fill != 0)
		ash_thread_all_apart |= ASH_APART_FILLED;
	if (ash_conf.stats_interval < 0)
		return;
	interval = (uint64_t)ash_conf.stats_interval;
	portion = interval / PORTIONS < PORTION_MOST ? interval / PORTIONS : PORTION_MOST;
	ash_thread_all_apart |= ASH_APART_PACED;
}

void ash_apart_perturb(bool off, uint8_t byte)
{
	struct ash_thread *t = ash_thread_self();
	uint32_t fill = ASH_FILL_TAKEN | ASH_FILL_GIVEN | (uint32_t)byte << 8;

	if (off)
		fill = fill_of_options();
	else if (!ash_conf.zero)
		fill |= byte ^ 0xffu;
	ash_store_relaxed(&ash_apart_fill, fill);
	if (fill != 0)
		ash_or_relaxed(&ash_thread_all_apart, ASH_APART_FILLED);
	if (t != NULL)
		ash_apart_follow(t);
}

void ash_apart_follow(struct ash_thread *t)
{
	if (ash_load_relaxed(&ash_thread_all_apart) != 0 && t->top == ash_tls.top)
		ash_thread_set_apart(t, ASH_APART_FILLED);
}

/* Whether the thread may be told: it is in none of the places where it may not allocate, or
 * where what is told of is locked, and is not being told. */
static bool may_be_told(void)
{
	const struct ash_tls *nobody = NULL;

	return ash_load_relaxed(&ash_apart_due) != NULL && ash_hooks_depth == 0 &&
	       !ash_limits_telling && !ash_mutex_is_forking() &&
	       !ash_claim_is_mine(&ash_heap) && ash_cas_acquire(&told, &nobody, &ash_tls);
}

static void count_pace(size_t bytes)
{
	struct ash_thread *t = ash_tls.thread;
	uint64_t sum = bytes;

	if (t != NULL) {
		t->paced += bytes;
		if (t->paced < portion)
			return;
		sum = t->paced;
		t->paced = 0;
	}
	if (ash_add_relaxed(&allocated, sum) + sum < interval || !may_be_told())
		return;
	ash_store_relaxed(&allocated, 0);
	ash_load_relaxed (&ash_apart_due)();
	ash_store_release(&told, NULL);
}

void ash_apart_look_at_taken(void *p, size_t from, size_t to)
{
	uint32_t fill = ash_load_relaxed(&ash_apart_fill);

	if ((fill & ASH_FILL_TAKEN) != 0 && from < to)
		memset((char *)p + from, fill & 0xff, to - from);
	if (ash_load_relaxed(&ash_thread_all_apart) & ASH_APART_PACED)
		count_pace(to);
}

void ash_apart_fill_given(void *p, size_t usable)
{
	uint32_t fill = ash_load_relaxed(&ash_apart_fill);

	if ((fill & ASH_FILL_GIVEN) != 0)
		memset(p, fill >> 8 & 0xff, usable);
}

void ash_apart_given(void *p, size_t usable)
{
	ash_thread_count_given(usable);
	ash_apart_fill_given(p, usable);
}

void ash_apart_resized(void *p, size_t before, size_t usable)
{
	ash_thread_count_given(before);
	ash_thread_count_taken(usable);
	if (usable > before)
		ash_apart_look_at_taken(p, before, usable);
}

void ash_apart_after_fork(void)
{
	if (told != &ash_tls) /* that thread is no more */
		told = NULL;
}
