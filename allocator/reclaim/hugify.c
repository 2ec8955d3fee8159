#include "reclaim/hugify.h"

#include <errno.h>

#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "os/thp.h"
#include "page/block.h"
#include "reclaim/decay.h"
#include "page/run.h"

#define AGAIN 100u      /* until a block is tried again that was refused or too empty */
#define REST 10u        /* epochs of rest after a refusal; doubles with each */
#define REST_SLOW 1u    /* and after one that took long: the kernel compacted memory for it */
#define REST_MOST 1200u /* two minutes */
/* The work of all of it: 1 % of one CPU, as of purging, saved up to 250 ms.  Little is there
 * at the start: a process of seconds would pay for what serves those of hours.  It is enough
 * for a hundred blocks, and done once per block: 1 GiB takes a quarter of a second in all, ten
 * times that where a hypervisor has to find the memory first. */
#define EARNED_PER_EPOCH 1000000
#define CREDIT_MOST 250000000
#define CREDIT_FIRST 50000000
#define SLOW_NS 10000000u /* of CPU time; one usually takes 0.5 ms */
/* Advice splits the mapping where it changes, and a process has 65,530 of them. */
#define ADVISED_MOST 256

static uint32_t age = 10; /* epochs that a block is well used before: one second */
static enum ash_thp mode;
static bool allowed;
/* The rest is the purger's. */
static bool cannot_collapse; /* the kernel knows advice only */
static struct {
	struct ash_hugeblock *block;
	bool huge; /* the advice that it has now */
} advised[ADVISED_MOST];
static unsigned nadvised;
static uint32_t rest, until; /* epochs */
static int64_t credit_ns = CREDIT_FIRST;
static uint32_t credited; /* epoch; 0 = never yet */
static uint64_t count;

void ash_hugify_init(enum ash_thp wanted)
{
	mode = wanted;
	allowed = (wanted == ASH_THP_DEFAULT || wanted == ASH_THP_ALWAYS) &&
		  ash_os_thp_allowed(ASH_HUGE);
}

void ash_hugify_set_threshold(uint64_t bytes)
{
	unsigned dense = bytes < ASH_HUGE
				 ? (unsigned)((bytes + ASH_GRANULE - 1) >> ASH_GRANULE_SHIFT)
				 : ASH_HUGE_GRANULES;
	struct ash_block_bounds *bounds = &ash_block_bounds;

	bounds->dense = dense > 0 ? dense : 1;
	bounds->dense_no_more = dense * 6 / 7 > 0 ? dense * 6 / 7 : 1;
	bounds->broken = dense * 4 / 7 > 0 ? dense * 4 / 7 : 1;
	if (bounds->broken > ASH_HUGE_GRANULES / 2)
		bounds->broken = ASH_HUGE_GRANULES / 2;
}

void ash_hugify_set_delay_ms(uint64_t ms)
{
	age = ash_epochs_of_ms(ms);
}

void ash_hugify_mapped(void *address, size_t size)
{
	int saved = errno;

	if (mode == ASH_THP_ALWAYS && allowed)
		ash_os_advise_huge(address, size, true);
	else if (mode == ASH_THP_NEVER)
		ash_os_advise_huge(address, size, false);
	errno = saved;
}

/* The oldest block, taken off the list, where it has waited long enough at `epoch`, else NULL;
 * with `look` it stays. */
static struct ash_hugeblock *due_block(uint32_t epoch, bool look)
{
	struct ash_mutex *lock = ash_page_mutex();
	struct ash_hugeblock *found = NULL;

	ash_mutex_lock(lock);
	if (!ash_list_empty(&ash_dense_blocks)) {
		found = ASH_LIST_ENTRY(ash_dense_blocks.next, struct ash_hugeblock, dense);
		if ((int32_t)(found->dense_epoch - epoch) > 0)
			found = NULL;
		else if (!look)
			ash_list_remove(&found->dense);
	}
	ash_mutex_unlock(lock);
	return found;
}

/* It is huge now: all of it is resident, what is free in it is not to be purged, and what
 * slabs know of their holes is void. */
static void settle(struct ash_hugeblock *block)
{
	struct ash_mutex *lock = ash_page_mutex();

	ash_mutex_lock(lock);
	/* (It may have drained meanwhile.) */
	if (block->nused >= ash_block_bounds.broken) {
		ash_block_keep(block, block->keep | ASH_KEEP_HUGE);
		ash_block_fill(block);
		ash_store_relaxed(&block->collapses, (uint8_t)(block->collapses + 1));
		ash_block_changed(block);
	}
	ash_mutex_unlock(lock);
	ash_owned_add(&count, 1);
}

/* Back to the list, for later. */
static void postpone(struct ash_hugeblock *block, uint32_t epoch)
{
	struct ash_mutex *lock = ash_page_mutex();

	ash_mutex_lock(lock);
	if (block->nused != 0) /* else it may be unmapped by now */
		ash_block_changed(block);
	if (ash_block_is_dense(block)) {
		epoch += AGAIN;
		block->dense_epoch = epoch + (epoch == 0);
	}
	ash_mutex_unlock(lock);
}

static void *address_of(const struct ash_hugeblock *block)
{
	return (char *)ash_window.base + ((uintptr_t)block->number << ASH_HUGE_SHIFT);
}

/* Once advised, a block keeps its place in the table: it stays a mapping of its own. */
static bool advise(struct ash_hugeblock *block)
{
	unsigned i = 0;

	while (i < nadvised && advised[i].block != block)
		i++;
	if (i == ADVISED_MOST || !ash_os_advise_huge(address_of(block), ASH_HUGE, true))
		return false;
	advised[i].block = block;
	advised[i].huge = true;
	nadvised += i == nadvised;
	return true;
}

/* Of blocks that were broken up the kernel is to make no huge pages by itself.  (An empty one
 * may be unmapped.) */
static void withdraw_advice(void)
{
	struct ash_mutex *lock = ash_page_mutex();

	for (unsigned i = 0; i < nadvised; i++) {
		const struct ash_hugeblock *block = advised[i].block;
		bool broken;

		if (!advised[i].huge)
			continue;
		ash_mutex_lock(lock);
		broken = !(block->keep & ASH_KEEP_HUGE) && block->nused != 0;
		ash_mutex_unlock(lock);
		if (broken && ash_os_advise_huge(address_of(block), ASH_HUGE, false))
			advised[i].huge = false;
	}
}

static bool make_huge(struct ash_hugeblock *block, uint32_t epoch)
{
	uint64_t start = ash_os_thread_cpu_ns();
	bool done = !cannot_collapse && ash_os_collapse(address_of(block), ASH_HUGE);

	/* EINVAL: unknown, or this mapping may not; a try elsewhere would tell no more. */
	if (!done && (cannot_collapse || errno == EINVAL)) {
		cannot_collapse = true;
		return advise(block);
	}
	uint64_t ns = ash_os_thread_cpu_ns() - start;

	credit_ns -= (int64_t)ns;
	if (done && ns < SLOW_NS) {
		rest = 0;
	} else {
		rest = rest != 0 ? rest * 2 : done ? REST_SLOW : REST;
		if (rest > REST_MOST)
			rest = REST_MOST;
		until = epoch + rest;
	}
	return done;
}

static bool resting(uint32_t epoch)
{
	return rest != 0 && (int32_t)(until - epoch) > 0;
}

static void earn(uint32_t epoch)
{
	uint32_t passed = credited != 0 ? epoch - credited : 0;

	credited = epoch + (epoch == 0);
	credit_ns += (int64_t)EARNED_PER_EPOCH * (passed < 1000 ? passed : 1000);
	if (credit_ns > CREDIT_MOST)
		credit_ns = CREDIT_MOST;
}

bool ash_hugify_step(uint32_t epoch, unsigned most)
{
	/* Of what is not in use half must be resident, too. */
	unsigned pages = (unsigned)(ASH_HUGE >> ash_os_page_shift) *
			 (ash_block_bounds.dense + ASH_HUGE_GRANULES) / (2 * ASH_HUGE_GRANULES);
	struct ash_mutex *lock = ash_page_mutex();
	struct ash_hugeblock *block;
	int saved = errno;

	if (!allowed)
		return false;
	earn(epoch);
	withdraw_advice();
	ash_mutex_lock(lock);
	ash_block_date_new(&ash_dense_blocks, epoch + age);
	ash_mutex_unlock(lock);
	while (!resting(epoch) && most-- > 0 && credit_ns > 0 &&
	       (block = due_block(epoch, false)) != NULL) {
		if (ash_os_resident(address_of(block), ASH_HUGE) >= pages &&
		    make_huge(block, epoch))
			settle(block);
		else
			postpone(block, epoch);
	}
	errno = saved;
	/* After refusals only as long as the program itself is busy. */
	return !(resting(epoch) && rest >= REST) && due_block(epoch + age, true) != NULL;
}

/* What the slabs say of themselves belongs to their bins' locks; that it may be a moment old
 * does not matter here. */
__attribute__((no_sanitize("thread"))) bool
ash_hugify_is_half_empty(const struct ash_hugeblock *block)
{
	unsigned used = 0; /* 1/256 granules */

	for (unsigned i = 0; i < ASH_HUGE_GRANULES; i++) {
		const struct ash_run *run = &block->run[i];
		unsigned regions = run->regions, nfree = run->nfree;

		if (run->state == ASH_RUN_LARGE)
			used += run->granules * 256u;
		else if (run->state == ASH_RUN_SLAB && regions > nfree)
			used += (regions - nfree) * 256u * run->granules / regions;
	}
	return used < ash_block_bounds.broken * 256;
}

void ash_hugify_break(struct ash_hugeblock *block)
{
	struct ash_mutex *lock = ash_page_mutex();

	ash_mutex_lock(lock);
	if (block->keep & ASH_KEEP_HUGE) {
		ash_block_keep(block, block->keep & ~(unsigned)ASH_KEEP_HUGE);
		ash_block_changed(block);
	}
	ash_mutex_unlock(lock);
}

uint64_t ash_hugify_count(void)
{
	return ash_load_relaxed(&count);
}
